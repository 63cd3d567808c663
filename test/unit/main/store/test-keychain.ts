import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { SecretCipher } from "../../../../src/main/store/secret-cipher.ts";

/** A keychain with a real cipher, that can be taken away, locked, silenced or given another key. */
export class TestKeychain implements SecretCipher {
  available = true;
  /** Refuses to encrypt and to decrypt, and says that it is available all the same. */
  locked = false;
  /** Never answers. */
  silent = false;
  key = randomBytes(32);
  /** Answers wait for this. */
  hold: Promise<void> = Promise.resolve();
  /** Calls of `encrypt` and `decrypt`. */
  asked = 0;

  async isAvailable(): Promise<boolean> {
    await Promise.resolve();
    return this.available;
  }

  async encrypt(text: string): Promise<Buffer> {
    await this.#answer();
    const iv = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.key, iv);
    const data = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), data]);
  }

  async decrypt(data: Buffer): Promise<string> {
    await this.#answer();
    const decipher = createDecipheriv("aes-256-gcm", this.key, data.subarray(0, 12), { authTagLength: 16 });
    decipher.setAuthTag(data.subarray(12, 28));
    return Buffer.concat([decipher.update(data.subarray(28)), decipher.final()]).toString("utf8");
  }

  async #answer(): Promise<void> {
    this.asked++;
    await this.hold;
    if (this.silent) await new Promise<never>(() => undefined);
    if (!this.available || this.locked) throw new Error("locked");
  }
}
