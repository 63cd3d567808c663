import { renameSync, statSync } from "node:fs";
import path from "node:path";
import ElectronStore from "electron-store";
import type { DocumentFile } from "./document-file.ts";
import { checkBytes } from "./plain-document-file.ts";
import { codeOf, ensurePrivateFolder, removeLeftovers, removeLitter, syncFolder } from "./private-files.ts";

type Fields = Record<string, unknown>;

/**
 * A document that electron-store reads and writes. The one file that knows electron-store.
 *
 * Its writer (electron-store 12, conf 16, atomically 2.1) takes a short write for a whole one: on a disk with room for
 * half the file it puts that half in place of the good file and reports no error. It also writes in place inside a snap. So it
 * writes under a name beside the document, and only what is there whole takes the document's place.
 */
export class ElectronDocumentFile implements DocumentFile {
  readonly path: string;
  readonly #folder: string;
  readonly #name: string;
  #writer: ElectronStore<Fields> | null = null;
  /** Bytes of the text that electron-store was last given to write. */
  #bytes = 0;

  /** @param name of the file, without ".json". */
  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
    this.path = path.join(folder, `${name}.json`);
  }

  read(): unknown {
    const next = `${this.#name}.next.json`;
    removeLeftovers(
      this.#folder,
      (other) =>
        other === next || (other.startsWith(next) && /^\.tmp-\d{10}[0-9a-f]{6}$/.test(other.slice(next.length))),
    );
    try {
      checkBytes(statSync(this.path).size);
    } catch (thrown) {
      if (codeOf(thrown) === "ENOENT") return undefined;
      throw thrown;
    }
    return this.#open(this.#name).store;
  }

  write(value: unknown): void {
    ensurePrivateFolder(this.#folder);
    const writer = (this.#writer ??= this.#open(`${this.#name}.next`));
    writer.store = value as Fields;
    if (statSync(writer.path).size !== this.#bytes) {
      removeLitter(writer.path);
      throw Object.assign(new Error("short write"), { code: "ENOSPC" });
    }
    renameSync(writer.path, this.path);
    syncFolder(this.#folder);
  }

  #open(name: string): ElectronStore<Fields> {
    return new ElectronStore<Fields>({
      cwd: this.#folder,
      name,
      configFileMode: 0o600,
      accessPropertiesByDotNotation: false,
      serialize: (value) => {
        const text = `${JSON.stringify(value, null, 2)}\n`;
        this.#bytes = Buffer.byteLength(text);
        checkBytes(this.#bytes);
        return text;
      },
    });
  }
}
