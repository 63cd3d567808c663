import path from "node:path";
import { AppError } from "../../shared/errors.ts";
import type { DocumentFile } from "./document-file.ts";
import { migrate, type Fields, type MigrationSteps } from "./migrations.ts";
import { notSaved, type StoreNotice } from "./notices.ts";
import { codeOf } from "./private-files.ts";
import { copyAside, moveAside } from "./set-aside.ts";

/** What is particular to one document. */
export interface DocumentSpec {
  /** Begins the ids of its notices. */
  readonly name: string;
  /** Begins a sentence: "Your connections". */
  readonly subject: string;
  /** What the app goes on with when the document cannot be read: "an empty list was opened". */
  readonly instead: string;
  readonly version: number;
  readonly steps: MigrationSteps;
}

/**
 * A versioned document. What it cannot make sense of is kept under another name before anything is written, and told;
 * while it cannot be kept, nothing is written at all.
 */
export class StoredDocument {
  readonly #file: DocumentFile;
  readonly #spec: DocumentSpec;
  readonly #now: () => Date;
  /** What has to be done to the file before it may be written over. */
  #owed: "move" | "copy" | null = null;

  constructor(file: DocumentFile, spec: DocumentSpec, now: () => Date = () => new Date()) {
    this.#file = file;
    this.#spec = spec;
    this.#now = now;
  }

  get path(): string {
    return this.#file.path;
  }

  /**
   * Reads and migrates it. Never throws.
   * @param understands whether the fields have the outer shape of this document; if not, it counts as unreadable.
   */
  open(understands: (fields: Fields) => boolean): { readonly fields: Fields | null; readonly notices: StoreNotice[] } {
    let found: unknown;
    try {
      found = this.#file.read();
    } catch {
      return { fields: null, notices: [this.#unreadable()] };
    }
    if (found === undefined) return { fields: null, notices: [] };
    const migrated = migrate(found, this.#spec.version, this.#spec.steps);
    if (migrated === "newer") return { fields: null, notices: [this.#newer()] };
    if (migrated === null || !understands(migrated)) return { fields: null, notices: [this.#unreadable()] };
    return { fields: migrated, notices: [] };
  }

  /** Keeps a copy of the file, since something of it is about to be left out. `message` gets the name of the copy. */
  keepCopy(message: (name: string) => string): StoreNotice {
    return this.#keep("copy", "unreadable", "store-unreadable", message, "Some of it could not be read.");
  }

  /** True where the file could not be kept under another name yet, so that it must not be written over. */
  get owesCopy(): boolean {
    return this.#owed !== null;
  }

  /**
   * Writes the document.
   * @throws AppError `storage-failed`; the file is then as it was.
   */
  save(fields: Fields): void {
    try {
      this.#payOwed();
      this.#file.write({ version: this.#spec.version, ...fields });
    } catch (thrown) {
      throw notSaved(thrown);
    }
  }

  #payOwed(): void {
    if (this.#owed === null) return;
    try {
      this.#setAside(this.#owed);
    } catch (thrown) {
      if (this.#owed !== null) throw thrown;
    }
  }

  #unreadable(): StoreNotice {
    const { subject, instead } = this.#spec;
    const message = (name: string): string =>
      `${subject} could not be read. A copy was kept as ${name} and ${instead}.`;
    return this.#keep("move", "unreadable", "store-unreadable", message, `${subject} could not be read.`);
  }

  #newer(): StoreNotice {
    const { subject, instead } = this.#spec;
    const lead = `${subject} were written by a newer Culvert.`;
    const message = (name: string): string => `${lead} The file was kept as ${name} and ${instead}.`;
    return this.#keep("move", "newer", "newer-file", message, lead);
  }

  #keep(
    how: "move" | "copy",
    id: string,
    kind: StoreNotice["kind"],
    message: (name: string) => string,
    lead: string,
  ): StoreNotice {
    const notice = { id: `${this.#spec.name}-${id}`, kind, action: "show-file" } as const;
    this.#owed = how;
    try {
      const kept = this.#setAside(how);
      return { ...notice, message: message(path.basename(kept)), file: kept };
    } catch {
      const name = path.basename(this.path);
      return {
        ...notice,
        message: `${lead} ${name} could not be kept under another name, so nothing is saved until it can.`,
        file: this.path,
      };
    }
  }

  #setAside(how: "move" | "copy"): string {
    let kept: string;
    try {
      kept = how === "move" ? moveAside(this.path, this.#now()) : copyAside(this.path, this.#now());
    } catch (thrown) {
      // Somebody has moved it away in the meantime: there is nothing left to lose.
      if (codeOf(thrown) === "ENOENT") this.#owed = null;
      const reason = codeOf(thrown);
      throw new AppError(
        "storage-failed",
        reason === "ENOSPC"
          ? "Changes could not be saved: the disk is full."
          : `Changes could not be saved: the unreadable file ${this.path} could not be kept under another name${reason === null ? "" : ` (${reason})`}.`,
        { retryable: true, userAction: "Move that file away, then try again.", cause: thrown },
      );
    }
    this.#owed = null;
    return kept;
  }
}
