import {
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
} from "node:fs";
import { createHash } from "node:crypto";
import path from "node:path";

/**
 * What tells a program from another one that has taken its name since. Not by the number of its inode: some file systems give a file
 * another one while it is open.
 * @returns null where there is no plain file, or none that can be looked at.
 */
export function stampOf(program: string): string | null {
  try {
    const found = lstatSync(program);
    return found.isFile() ? `${found.size} ${found.mtimeMs}` : null;
  } catch {
    return null;
  }
}

/** SHA-512 in base64. @param file open for reading. */
function sha512Of(file: number): string {
  const hash = createHash("sha512");
  const piece = Buffer.alloc(1024 * 1024);
  let length = -1;
  for (let at = 0; length !== 0; at += length) {
    length = readSync(file, piece, 0, piece.length, at);
    hash.update(piece.subarray(0, length));
  }
  return hash.digest("base64");
}

/**
 * Puts a program in the place of another in one step: until then the old one is whole, also where the disk is full or the power goes.
 * @param sha512 of what comes there, in base64: of the copy, since what it is made of may have changed since it was checked.
 * @throws what the system says, or an error for another content; the old program is still there then.
 */
export function replaceProgram(program: string, by: string, sha512: string): void {
  const beside = path.join(path.dirname(program), `.${path.basename(program)}.update`);
  try {
    // Left by an earlier attempt; or, in a folder of many, a link of somebody else's that leads to a file of this user's.
    rmSync(beside, { force: true });
    // It may come from another file system, where nothing can be renamed from.
    copyFileSync(by, beside, constants.COPYFILE_EXCL);
    const file = openSync(beside, "r+");
    try {
      if (sha512Of(file) !== sha512) throw new Error("The update is not the one that was signed.");
      fchmodSync(file, 0o755);
      // Else the new name can be on the disk before the content is.
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(beside, program);
  } catch (thrown) {
    rmSync(beside, { force: true });
    throw thrown;
  }
}
