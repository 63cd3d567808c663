import * as v from "valibot";
import type { DocumentFile } from "../store/document-file.ts";

const versionSchema = v.nullable(v.pipe(v.string(), v.maxLength(32)));
const memorySchema = v.object({
  version: v.literal(1),
  /** The version that the user was told of last. */
  told: versionSchema,
  postponed: versionSchema,
});

/**
 * What is to be known of updates at the next start. Nothing that anyone would miss: a file that cannot be read counts as none, and a
 * failure to write costs one more notification.
 */
export class UpdateMemory {
  readonly #file: DocumentFile;
  #told: string | null = null;
  #postponed: string | null = null;

  constructor(file: DocumentFile) {
    this.#file = file;
    try {
      const result = v.safeParse(memorySchema, file.read());
      if (result.success) ({ told: this.#told, postponed: this.#postponed } = result.output);
    } catch {
      // As if there were none.
    }
  }

  wasTold(version: string): boolean {
    return this.#told === version;
  }

  wasPostponed(version: string): boolean {
    return this.#postponed === version;
  }

  noteTold(version: string): void {
    this.#told = version;
    this.#write();
  }

  notePostponed(version: string): void {
    this.#postponed = version;
    this.#write();
  }

  #write(): void {
    try {
      this.#file.write({ version: 1, told: this.#told, postponed: this.#postponed });
    } catch {
      // See above.
    }
  }
}
