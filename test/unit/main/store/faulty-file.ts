import { PlainDocumentFile } from "../../../../src/main/store/plain-document-file.ts";

/** A document on a real disk that refuses to take more while `fault` is set. */
export class FaultyFile extends PlainDocumentFile {
  fault: string | null = null;
  writes = 0;

  override write(value: unknown): void {
    if (this.fault !== null) throw Object.assign(new Error(this.fault), { code: this.fault });
    this.writes++;
    super.write(value);
  }
}
