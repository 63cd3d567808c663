import * as v from "valibot";
import { SealedFile } from "./sealed-file.ts";
import type { SecretFileOptions } from "./secret-store.ts";
import { StoredDocument } from "./stored-document.ts";

const name = "certificate-store";
const schema = v.strictObject({ password: v.pipe(v.string(), v.maxLength(1_024)) });

/**
 * The password of this computer's certificate store, where it has one: one for all connections, sealed by the keychain. Changes
 * stand in memory at once; the promises reject with AppError `storage-failed` where they could not be written.
 */
export class StorePassword {
  readonly #sealed: SealedFile<v.InferOutput<typeof schema>>;

  constructor({ file, cipher, notify, now, keychainMs }: SecretFileOptions) {
    const spec = {
      name: "certificate-store",
      subject: "The password of the certificate store",
      instead: "none is known",
    };
    this.#sealed = new SealedFile({
      document: new StoredDocument(file, { ...spec, version: 1, steps: {} }, now),
      cipher,
      notify,
      most: 1,
      parse: (value) => {
        const result = v.safeParse(schema, value);
        return result.success ? result.output : null;
      },
      lost: (_count, copy) =>
        `The password of the certificate store could not be decrypted; enter it again. The file was kept as ${copy}.`,
      ...(keychainMs === undefined ? {} : { keychainMs }),
    });
  }

  /** Reads the file, once, at the start. Never rejects. */
  load(): Promise<void> {
    return this.#sealed.load();
  }

  get current(): string | undefined {
    return this.#sealed.get(name)?.password;
  }

  /** @param password "" forgets it. */
  set(password: string): Promise<void> {
    if (password === "") return this.#sealed.change(new Map(), [name]);
    return this.#sealed.change(new Map([[name, { password }]]));
  }

  /** Writes whatever is not on disk yet. */
  saveAgain(): Promise<void> {
    return this.#sealed.saveAgain();
  }

  /** Writes what could not be written before. */
  close(): Promise<void> {
    return this.#sealed.close();
  }
}
