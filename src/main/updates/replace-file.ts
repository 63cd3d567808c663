import { chmodSync, copyFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";

/**
 * Puts a program in the place of another in one step: until then the old one is whole, also where the disk is full or the power goes.
 * @throws what the system says; the old program is still there then.
 */
export function replaceProgram(program: string, by: string): void {
  const beside = path.join(path.dirname(program), `.${path.basename(program)}.update`);
  try {
    // It may come from another file system, where nothing can be renamed from.
    copyFileSync(by, beside);
    chmodSync(beside, 0o755);
    renameSync(beside, program);
  } catch (thrown) {
    rmSync(beside, { force: true });
    throw thrown;
  }
}
