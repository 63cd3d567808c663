import * as v from "valibot";
import { AppError } from "../../shared/errors.ts";
import { connectionLimits, connectionSecretsSchema, type ConnectionSecrets } from "../../shared/model/connection.ts";
import type { DocumentFile } from "./document-file.ts";
import type { StoreNotice } from "./notices.ts";
import { SealedFile, type TakenSecrets } from "./sealed-file.ts";
import type { SecretCipher } from "./secret-cipher.ts";
import { StoredDocument } from "./stored-document.ts";

/** What both stores of secrets are made from. */
export interface SecretFileOptions {
  readonly file: DocumentFile;
  readonly cipher: SecretCipher;
  /** Gets what the user has to know, at the start or later; the same id may come more than once. */
  readonly notify: (notice: StoreNotice) => void;
  readonly now?: () => Date;
  /** The longest wait for one answer of the keychain, in milliseconds. */
  readonly keychainMs?: number;
}

/** Secrets that `take` took out. */
export type TakenConnectionSecrets = TakenSecrets<ConnectionSecrets>;

/**
 * Private keys, passphrases and tokens by connection id. Changes stand in memory at once; the promises reject with AppError
 * `storage-failed` where they could not be written.
 */
export class SecretStore {
  readonly #sealed: SealedFile<ConnectionSecrets>;

  constructor({ file, cipher, notify, now, keychainMs }: SecretFileOptions) {
    const spec = { name: "secrets", subject: "Your private keys and tokens", instead: "none are known" };
    this.#sealed = new SealedFile({
      document: new StoredDocument(file, { ...spec, version: 1, steps: {} }, now),
      cipher,
      notify,
      most: connectionLimits.connections,
      parse: (value) => {
        const result = v.safeParse(connectionSecretsSchema, value);
        return result.success ? result.output : null;
      },
      lost: (count, name) =>
        `The private keys and tokens of ${count} connection${count === 1 ? "" : "s"} could not be decrypted; enter them again. The file was kept as ${name}.`,
      ...(keychainMs === undefined ? {} : { keychainMs }),
    });
  }

  /** Reads the file, once, at the start. Never rejects. */
  load(): Promise<void> {
    return this.#sealed.load();
  }

  /** Empty where there are none, or where they cannot be decrypted now. */
  get(id: string): ConnectionSecrets {
    return this.#sealed.get(id) ?? {};
  }

  /** True where the connection has secrets that the keychain does not open now; to keep them, do not `set`. */
  isLocked(id: string): boolean {
    return this.#sealed.isLocked(id);
  }

  /** To be called before `set`. @throws AppError where these would be more than Culvert keeps. */
  checkRoom(id: string, secrets: ConnectionSecrets): void {
    let length = lengthOf(secrets);
    for (const name of this.#sealed.names()) if (name !== id) length += lengthOf(this.get(name));
    if (length <= connectionLimits.secretsLength) return;
    throw new AppError(
      "setting-invalid",
      "Private keys and tokens of your connections take more room than Culvert has.",
      {
        userAction: "Delete connections that are no longer needed.",
      },
    );
  }

  /** Replaces all secrets of a connection; an empty object removes them. */
  set(id: string, secrets: ConnectionSecrets): Promise<void> {
    const checked = v.parse(connectionSecretsSchema, secrets);
    if (Object.values(checked).every((value) => value === undefined)) return this.#sealed.change(new Map(), [id]);
    return this.#sealed.change(new Map([[id, checked]]));
  }

  /** Removes the secrets of deleted connections and hands them over for an undo; `saved` is when the disk has forgotten. */
  take(ids: readonly string[]): { readonly taken: TakenConnectionSecrets; readonly saved: Promise<void> } {
    return this.#sealed.take(ids);
  }

  /** Undoes `take`. */
  giveBack(taken: TakenConnectionSecrets): Promise<void> {
    return this.#sealed.giveBack(taken);
  }

  /**
   * Removes the secrets of connections that are no more, which a crash between two writes can leave. Not to be called when the list
   * of connections could not be read whole.
   */
  async keepOnly(ids: readonly string[]): Promise<void> {
    const known = new Set(ids);
    const orphans = this.#sealed.names().filter((name) => !known.has(name));
    if (orphans.length > 0) await this.#sealed.change(new Map(), orphans);
  }

  /** Writes whatever is not on disk yet. */
  saveAgain(): Promise<void> {
    return this.#sealed.saveAgain();
  }

  /** Writes what could not be written before. Resolves when every change has been written or has failed. */
  close(): Promise<void> {
    return this.#sealed.close();
  }
}

const lengthOf = (secrets: ConnectionSecrets): number =>
  Object.values(secrets).reduce((sum, value) => sum + (value?.length ?? 0), 0);
