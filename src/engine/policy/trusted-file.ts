import { constants, type Stats } from "node:fs";
import { lstat, open, stat } from "node:fs/promises";
import path from "node:path";
import { limits } from "../../shared/limits.ts";
import { nothingFound, type Found } from "./place.ts";

interface Reason {
  /** Ends a sentence. */
  readonly why: string;
  /** What would be right, one sentence. */
  readonly mend: string;
}

const noRight: Reason = {
  why: "you have no right to read it",
  mend: "Every user has to have it, for example by chmod 644 for the file and 755 for its folder.",
};
const isFolder: Reason = { why: "it is a folder", mend: "It has to be a file." };
const isLoose: Reason = { why: "it is a link that leads nowhere", mend: "It has to lead to a file." };
const reasons: Readonly<Record<string, Reason>> = { EACCES: noRight, EPERM: noRight, EISDIR: isFolder, ELOOP: isLoose };

/** Needs no descriptor, unlike opening it: of those the app may have none left at the moment. */
const isMissing = (file: string): Promise<boolean> =>
  lstat(file).then(
    () => false,
    (thrown: unknown) => missing.has(codeOf(thrown)),
  );

const isLink = (file: string): Promise<boolean> =>
  lstat(file).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );

const missing: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR"]);

const codeOf = (thrown: unknown): string => (thrown instanceof Error && "code" in thrown ? String(thrown.code) : "");

/** Why something is not the administrator's alone; "" where it is. */
function distrust(what: string, { uid, mode }: Stats, owner: number): string {
  if (uid !== owner) return `${what} does not belong to ${owner === 0 ? "root" : `user ${owner}`}`;
  return (mode & 0o022) === 0 ? "" : `others than its owner may write to ${what}`;
}

/**
 * Reads a file that only an administrator can have written: it and its folder belong to `owner`, and nobody else may write to
 * either. Links are followed: whoever may make one there is trusted.
 * @param owner user id; 0 is root.
 * @returns the bytes, or what was found in their place. Never rejects.
 */
export async function readTrustedFile(file: string, owner: number): Promise<Buffer | Found> {
  const unreadable = (reason: { readonly why: string; readonly mend?: string }): Found => ({
    kind: "unreadable",
    place: file,
    ...reason,
  });
  const name = owner === 0 ? "root" : `user ${owner}`;
  const right = `${name}’s and writable by nobody else, for example by chown ${owner === 0 ? name : owner} and chmod go-w`;
  const ignored = (why: string): Found => ({
    kind: "ignored",
    problem: `${file} is ignored: ${why}. It and its folder have to be ${right}.`,
  });
  try {
    const folder = path.dirname(file);
    // A pipe that nobody writes to would otherwise keep a thread for ever.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = await handle.stat();
      const why = distrust("it", found, owner) || distrust(folder, await stat(folder), owner);
      if (why !== "") return ignored(why);
      if (!found.isFile()) return unreadable(isFolder);
      const buffer = Buffer.alloc(limits.policyBytes + 1);
      let length = 0;
      while (length < buffer.length) {
        const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
        if (bytesRead === 0) return buffer.subarray(0, length);
        length += bytesRead;
      }
      const most = `${limits.policyBytes / 1024} KiB`;
      return unreadable({ why: `it is larger than ${most}`, mend: `It may have at most ${most}.` });
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    const code = codeOf(thrown);
    if (missing.has(code)) {
      // Somebody has meant it to be there, and what it leads to may only be missing at this moment.
      if (!(await isLink(file))) return nothingFound;
      const why = await stat(path.dirname(file)).then((found) => distrust(path.dirname(file), found, owner), codeOf);
      return why === "" ? unreadable(isLoose) : ignored(why);
    }
    if (await isMissing(file)) return nothingFound;
    return unreadable(reasons[code] ?? { why: `the system says ${code === "" ? "no" : code}` });
  }
}
