import { chmodSync, closeSync, fsyncSync, lstatSync, mkdirSync, openSync, readdirSync, unlinkSync } from "node:fs";
import path from "node:path";
import { AppError } from "../../shared/errors.ts";

/** The system's code of an error, such as ENOENT; null where there is none. */
export function codeOf(thrown: unknown): string | null {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : null;
}

/**
 * Makes a folder and those above it. Not by `recursive`: where a file system lets nobody make a folder, as /proc does,
 * Node then tries for ever.
 */
export function makeFolder(folder: string): void {
  const make = (): void => {
    try {
      mkdirSync(folder, { mode: 0o700 });
    } catch (thrown) {
      if (codeOf(thrown) !== "EEXIST") throw thrown;
    }
  };
  try {
    make();
  } catch (thrown) {
    const above = path.dirname(folder);
    if (codeOf(thrown) !== "ENOENT" || above === folder) throw thrown;
    makeFolder(above);
    make();
  }
}

/**
 * Makes the folder ours alone: creates it with mode 0700 and tightens it where it is looser.
 * @throws the system's error, or AppError `storage-failed` where something else stands under that name.
 */
export function ensurePrivateFolder(folder: string): void {
  makeFolder(folder);
  const stat = lstatSync(folder);
  if (!stat.isDirectory()) {
    throw new AppError("storage-failed", `Culvert cannot keep its files in ${folder}: it is not a folder.`, {
      userAction: "Remove it, then start Culvert again.",
    });
  }
  if (process.platform !== "win32" && (stat.mode & 0o077) !== 0) chmodSync(folder, 0o700);
}

/** A new name itself has to reach the disk; systems that cannot sync a folder do that on their own. */
export function syncFolder(folder: string): void {
  let handle: number | null = null;
  try {
    handle = openSync(folder, "r");
    fsyncSync(handle);
  } catch (thrown) {
    if (!["EISDIR", "EPERM", "EACCES", "EINVAL", "ENOTSUP", "EBADF"].includes(codeOf(thrown) ?? "")) throw thrown;
  } finally {
    if (handle !== null) closeSync(handle);
  }
}

/** Removes a file; one that is gone already, or that will not go, is left: it is only litter. */
export function removeLitter(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // The next start tries again.
  }
}

/** Removes half-written files that a crash has left in a folder: those whose names `isLitter` knows. */
export function removeLeftovers(folder: string, isLitter: (name: string) => boolean): void {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return;
  }
  for (const name of names) if (isLitter(name)) removeLitter(path.join(folder, name));
}
