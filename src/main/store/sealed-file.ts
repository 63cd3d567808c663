import { noKeychainNotice, type StoreNotice } from "./notices.ts";
import { answerWithin, KeychainSilent, type SecretCipher } from "./secret-cipher.ts";
import { isFields } from "./migrations.ts";
import type { StoredDocument } from "./stored-document.ts";

/** One secret. `value` is null while it cannot be decrypted; `sealed` (base64) is null while it is not encrypted. */
interface Entry<T> {
  readonly value: T | null;
  readonly sealed: string | null;
}

/** Secrets that were taken out, for an undo. Opaque; never leaves the main process. */
export type TakenSecrets<T> = ReadonlyMap<string, Entry<T>>;

/** Names are ids or hashes. */
const longestName = 128;

export interface SealedFileOptions<T> {
  readonly document: StoredDocument;
  readonly cipher: SecretCipher;
  /** Checks a decrypted value; null where it is none. */
  readonly parse: (value: unknown) => T | null;
  /** Entries that are kept; the oldest go first. */
  readonly most: number;
  /** Gets what the user has to know, at the start or later. */
  readonly notify: (notice: StoreNotice) => void;
  /** The words for entries that the keychain or the schema no longer opens. */
  readonly lost: (count: number, name: string) => string;
  /** The longest wait for one answer of the keychain, in milliseconds. */
  readonly keychainMs?: number;
}

/** A keychain may be asking the user for a password. */
const usualKeychainMs = 60_000;

/**
 * Values by name, in memory in clear and on disk encrypted one by one. Each is encrypted together with its name, so that
 * one cannot be passed off as another by editing the file.
 *
 * Without a keychain nothing is written but removals: values live in memory, and what the file holds waits for the keychain.
 */
export class SealedFile<T> {
  readonly #options: SealedFileOptions<T>;
  readonly #keychainMs: number;
  #entries = new Map<string, Entry<T>>();
  #written = "[]";
  #toldNoKeychain = false;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: SealedFileOptions<T>) {
    this.#options = options;
    this.#keychainMs = options.keychainMs ?? usualKeychainMs;
  }

  /** Reads the file, once, at the start. Never rejects. */
  async load(): Promise<void> {
    const { document, notify, lost } = this.#options;
    const { fields, notices } = document.open((found) => Array.isArray(found["entries"]));
    for (const notice of notices) notify(notice);
    const available = await this.#isAvailable();
    if (!available) this.#tellNoKeychain();
    const found = fields?.["entries"];
    if (!Array.isArray(found)) return;
    const opened = await this.#open(found, available);
    this.#entries = opened.entries;
    this.#written = this.#text();
    if (opened.lost === 0) return;
    notify(document.keepCopy((name) => lost(opened.lost, name)));
    if (document.owesCopy) return;
    this.#written = "";
    await this.saveAgain().catch(() => undefined);
  }

  get(name: string): T | undefined {
    return this.#entries.get(name)?.value ?? undefined;
  }

  /** True where there is a value that cannot be decrypted now. */
  isLocked(name: string): boolean {
    return this.#entries.get(name)?.value === null;
  }

  /** All names, oldest first, also of values that cannot be decrypted now. */
  names(): string[] {
    return [...this.#entries.keys()];
  }

  /**
   * Sets and removes in memory at once, and then on disk in one write.
   * @throws AppError `storage-failed` where the write fails; memory has the change all the same.
   */
  change(set: ReadonlyMap<string, T>, remove: Iterable<string> = []): Promise<void> {
    for (const name of remove) this.#entries.delete(name);
    for (const [name, value] of set) {
      this.#entries.delete(name);
      this.#entries.set(name, { value, sealed: null });
    }
    this.#dropOldest();
    return this.saveAgain();
  }

  /** Removes and hands over, encrypted or not. The names are gone from memory at once. */
  take(names: readonly string[]): { readonly taken: TakenSecrets<T>; readonly saved: Promise<void> } {
    const taken = new Map<string, Entry<T>>();
    for (const name of names) {
      const entry = this.#entries.get(name);
      if (entry === undefined) continue;
      taken.set(name, entry);
      this.#entries.delete(name);
    }
    return { taken, saved: taken.size === 0 ? Promise.resolve() : this.saveAgain() };
  }

  /** Undoes `take`; a name that has a value again keeps it. Rejects as `change` does. */
  giveBack(taken: TakenSecrets<T>): Promise<void> {
    for (const [name, entry] of taken) if (!this.#entries.has(name)) this.#entries.set(name, entry);
    this.#dropOldest();
    return this.saveAgain();
  }

  /** Encrypts and writes whatever is not on disk yet. @throws AppError `storage-failed`. */
  saveAgain(): Promise<void> {
    const done = this.#turn.then(() => this.#persist());
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** Tries once more where something is unwritten. Resolves when every change has been written or has failed. */
  async close(): Promise<void> {
    await this.saveAgain().catch(() => undefined);
  }

  #dropOldest(): void {
    for (const name of this.#entries.keys()) {
      if (this.#entries.size <= this.#options.most) return;
      this.#entries.delete(name);
    }
  }

  async #isAvailable(): Promise<boolean> {
    try {
      return await answerWithin(this.#keychainMs, () => this.#options.cipher.isAvailable());
    } catch {
      return false;
    }
  }

  async #persist(): Promise<void> {
    await this.#seal();
    const text = this.#text();
    if (text === this.#written) return;
    this.#options.document.save({ entries: this.#sealedEntries() });
    this.#written = text;
  }

  #sealedEntries(): { name: string; data: string }[] {
    return [...this.#entries].flatMap(([name, { sealed }]) => (sealed === null ? [] : [{ name, data: sealed }]));
  }

  #text(): string {
    return JSON.stringify(this.#sealedEntries());
  }

  /** Encrypts what is not encrypted yet. Where the keychain fails the rest stays in memory, and the user is told. */
  async #seal(): Promise<void> {
    const bare = [...this.#entries].filter(([, { sealed }]) => sealed === null);
    if (bare.length === 0) return;
    try {
      if (!(await this.#isAvailable())) throw new Error("no keychain");
      for (const [name, entry] of bare) {
        const clear = JSON.stringify({ name, value: entry.value });
        const data = await answerWithin(this.#keychainMs, () => this.#options.cipher.encrypt(clear));
        // It may have been replaced or removed meanwhile.
        if (this.#entries.get(name) === entry) {
          this.#entries.set(name, { value: entry.value, sealed: data.toString("base64") });
        }
      }
    } catch {
      this.#tellNoKeychain();
    }
  }

  #tellNoKeychain(): void {
    if (this.#toldNoKeychain) return;
    this.#toldNoKeychain = true;
    this.#options.notify(noKeychainNotice);
  }

  async #open(
    found: readonly unknown[],
    available: boolean,
  ): Promise<{ readonly entries: Map<string, Entry<T>>; readonly lost: number }> {
    const entries = new Map<string, Entry<T>>();
    let lost = 0;
    let answering = available;
    for (const one of found) {
      const read = readEntry(one);
      if (read === null || entries.has(read.name) || entries.size >= this.#options.most) {
        lost++;
        continue;
      }
      const { name, data } = read;
      if (!answering) {
        entries.set(name, { value: null, sealed: data });
        continue;
      }
      const value = await this.#decrypt(name, data);
      if (value === "lost") lost++;
      else {
        // Once the keychain has stopped answering, the rest waits in the file without another long wait each.
        if (value === "locked") answering = false;
        entries.set(name, { value: value === "locked" ? null : value.value, sealed: data });
      }
    }
    if (available && !answering) this.#tellNoKeychain();
    return { entries, lost };
  }

  /** "locked" is what may open another time, "lost" what the keychain no longer has the key for or what is not ours. */
  async #decrypt(name: string, data: string): Promise<{ readonly value: T } | "locked" | "lost"> {
    let clear: string;
    try {
      clear = await answerWithin(this.#keychainMs, () => this.#options.cipher.decrypt(Buffer.from(data, "base64")));
    } catch (thrown) {
      return thrown instanceof KeychainSilent || !(await this.#isAvailable()) ? "locked" : "lost";
    }
    try {
      const content: unknown = JSON.parse(clear);
      const value = isFields(content) && content["name"] === name ? this.#options.parse(content["value"]) : null;
      return value === null ? "lost" : { value };
    } catch {
      return "lost";
    }
  }
}

function readEntry(entry: unknown): { readonly name: string; readonly data: string } | null {
  if (!isFields(entry)) return null;
  const { name, data } = entry;
  return typeof name === "string" && name.length <= longestName && typeof data === "string" ? { name, data } : null;
}
