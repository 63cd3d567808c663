import { constants, type Stats } from "node:fs";
import { lstat, open, stat } from "node:fs/promises";
import path from "node:path";
import { limits } from "../../shared/limits.ts";
import { nothingFound, type Found } from "./place.ts";

const reasons: Readonly<Record<string, string>> = {
  EACCES: "you have no right to read it",
  EPERM: "you have no right to read it",
  EISDIR: "it is a folder",
  ELOOP: "it is a link that leads nowhere",
};

const isLink = (file: string): Promise<boolean> =>
  lstat(file).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );

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
  const unreadable = (why: string): Found => ({ kind: "unreadable", place: file, why });
  const ignored = (why: string): Found => ({ kind: "ignored", problem: `${file} is ignored: ${why}.` });
  try {
    const folder = path.dirname(file);
    // A pipe that nobody writes to would otherwise keep a thread for ever.
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = await handle.stat();
      const why = distrust("it", found, owner) || distrust(folder, await stat(folder), owner);
      if (why !== "") return ignored(why);
      if (!found.isFile()) return unreadable(reasons["EISDIR"] ?? "");
      const buffer = Buffer.alloc(limits.policyBytes + 1);
      let length = 0;
      while (length < buffer.length) {
        const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
        if (bytesRead === 0) return buffer.subarray(0, length);
        length += bytesRead;
      }
      return unreadable(`it is larger than ${limits.policyBytes / 1024} KiB`);
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    const code = codeOf(thrown);
    if (code === "ENOENT" || code === "ENOTDIR") {
      // Somebody has meant it to be there, and what it leads to may only be missing at this moment.
      if (!(await isLink(file))) return nothingFound;
      const why = await stat(path.dirname(file)).then((found) => distrust(path.dirname(file), found, owner), codeOf);
      return why === "" ? unreadable(reasons["ELOOP"] ?? "") : ignored(why);
    }
    return unreadable(reasons[code] ?? `the system says ${code === "" ? "no" : code}`);
  }
}
