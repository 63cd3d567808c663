import { constants } from "node:fs";
import { chmod, lstat, mkdir, open, rename, unlink } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import path from "node:path";
import { AppError } from "../../shared/errors.ts";

/** True for an error of the system with one of these codes. */
export function hasCode(thrown: unknown, ...codes: string[]): boolean {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  return typeof code === "string" && codes.includes(code);
}

/** Puts what the system said about a stored file into words. */
export function storageFailed(folder: string, thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const code =
    thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? ` (${thrown.code})` : "";
  return new AppError("storage-failed", `Culvert could not use its folder ${folder}${code}.`, {
    cause: thrown,
    userAction: "Check the folder's rights and free space, or name another one in CULVERT_HOME.",
  });
}

const foreign = (uid: number): boolean => process.getuid !== undefined && uid !== process.getuid();

/**
 * Makes a folder and those above it. Not by `recursive`: where a file system lets nobody make a folder, as /proc does,
 * Node then tries for ever.
 */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (thrown) {
    if (hasCode(thrown, "EEXIST")) return;
    const above = path.dirname(folder);
    if (!hasCode(thrown, "ENOENT") || above === folder) throw thrown;
    await makeFolder(above);
    // ENOENT once more means that this place takes no folders, whatever is above it.
    await mkdir(folder, { mode: 0o700 }).catch((again: unknown) => {
      if (!hasCode(again, "EEXIST")) throw again;
    });
  }
}

/** Makes the folder ours alone: creates it with mode 0700, tightens it where it is looser, refuses a foreign one. */
export async function ensurePrivateFolder(folder: string): Promise<void> {
  await makeFolder(folder);
  const stat = await lstat(folder);
  if (!stat.isDirectory() || foreign(stat.uid)) {
    throw new AppError("storage-failed", `Culvert does not trust ${folder}: it is not a folder of this user.`, {
      userAction: "Remove it, or name another folder in CULVERT_HOME.",
    });
  }
  if (process.platform !== "win32" && (stat.mode & 0o077) !== 0) await chmod(folder, 0o700);
}

/**
 * Reads a small file of this user, or returns null for anything else: missing, a link, a pipe, too large, foreign.
 * A file of ours that others could read is tightened first.
 */
export async function readPrivateFile(file: string, maxBytes: number): Promise<string | null> {
  // Without O_NONBLOCK a named pipe under that name would wait for a writer for ever.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  let handle;
  try {
    handle = await open(file, flags);
  } catch {
    return null;
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile() || stat.size > maxBytes || foreign(stat.uid)) return null;
    if (process.platform !== "win32" && (stat.mode & 0o077) !== 0) await handle.chmod(0o600);
    const buffer = Buffer.alloc(maxBytes);
    const { bytesRead } = await handle.read(buffer, 0, maxBytes, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } catch {
    return null;
  } finally {
    await handle.close();
  }
}

/** Name pattern of files that are being written. */
export const temporaryName = /^\.[0-9a-f]{24}\.tmp$/;

/** Writes a file with mode 0600 so that a reader, or a crash, meets the whole of it or none. */
export async function writePrivateFile(folder: string, name: string, text: string): Promise<void> {
  const temporary = path.join(folder, `.${randomBytes(12).toString("hex")}.tmp`);
  const handle = await open(temporary, "wx", 0o600);
  try {
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path.join(folder, name));
  } catch (thrown) {
    await removeFile(temporary);
    throw thrown;
  }
  await syncFolder(folder);
}

/** The new name itself has to reach the disk; systems that cannot sync a folder do that on their own. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    await handle.sync().finally(() => handle.close());
  } catch (thrown) {
    if (!hasCode(thrown, "EISDIR", "EPERM", "EACCES", "EINVAL", "ENOTSUP", "EBADF")) throw thrown;
  }
}

/** Removes a file; one that is gone already is fine. Returns whether it was there. */
export async function removeFile(file: string): Promise<boolean> {
  try {
    await unlink(file);
    return true;
  } catch (thrown) {
    if (hasCode(thrown, "ENOENT")) return false;
    throw thrown;
  }
}
