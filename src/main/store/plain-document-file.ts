import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import path from "node:path";
import { maxDocumentBytes, type DocumentFile } from "./document-file.ts";
import { codeOf, ensurePrivateFolder, removeLeftovers, removeLitter, syncFolder } from "./private-files.ts";

/** @throws EFBIG above `maxDocumentBytes`. */
export function checkBytes(bytes: number): void {
  if (bytes > maxDocumentBytes) throw Object.assign(new Error("document too large"), { code: "EFBIG" });
}

/** A document in a file of its own: temp file, fsync, rename. */
export class PlainDocumentFile implements DocumentFile {
  readonly path: string;

  constructor(file: string) {
    this.path = file;
  }

  read(): unknown {
    const name = path.basename(this.path);
    removeLeftovers(
      path.dirname(this.path),
      (other) => other.startsWith(`${name}.`) && /^\.[0-9a-f]{24}\.tmp$/.test(other.slice(name.length)),
    );
    try {
      checkBytes(statSync(this.path).size);
      return JSON.parse(readFileSync(this.path, "utf8"));
    } catch (thrown) {
      if (codeOf(thrown) === "ENOENT") return undefined;
      throw thrown;
    }
  }

  write(value: unknown): void {
    const text = `${JSON.stringify(value, null, 2)}\n`;
    checkBytes(Buffer.byteLength(text));
    const folder = path.dirname(this.path);
    ensurePrivateFolder(folder);
    const temporary = `${this.path}.${randomBytes(12).toString("hex")}.tmp`;
    const handle = openSync(temporary, "wx", 0o600);
    try {
      try {
        // On a handle this goes on after a short write, until all is written or the system says why not.
        writeFileSync(handle, text);
        fsyncSync(handle);
      } finally {
        closeSync(handle);
      }
      renameSync(temporary, this.path);
    } catch (thrown) {
      removeLitter(temporary);
      throw thrown;
    }
    syncFolder(folder);
  }
}
