import { closeSync, constants, copyFileSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import path from "node:path";

/**
 * Puts a program in the place of another in one step: until then the old one is whole, also where the disk is full or the power goes.
 * @throws what the system says; the old program is still there then.
 */
export function replaceProgram(program: string, by: string): void {
  const beside = path.join(path.dirname(program), `.${path.basename(program)}.update`);
  try {
    // Left by an earlier attempt; or, in a folder of many, a link of somebody else's that leads to a file of this user's.
    rmSync(beside, { force: true });
    // It may come from another file system, where nothing can be renamed from.
    copyFileSync(by, beside, constants.COPYFILE_EXCL);
    const file = openSync(beside, "r+");
    try {
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
