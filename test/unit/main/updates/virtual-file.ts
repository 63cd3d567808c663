import type { DocumentFile } from "../../../../src/main/store/document-file.ts";

/** A document in memory, which can be broken. */
export class VirtualFile implements DocumentFile {
  readonly path = "/nowhere/updates.json";
  content: unknown;
  broken = false;

  read(): unknown {
    if (this.broken) throw new Error("unreadable");
    return this.content;
  }

  write(value: unknown): void {
    if (this.broken) throw new Error("the disk is full");
    this.content = structuredClone(value);
  }
}
