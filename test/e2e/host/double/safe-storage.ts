import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { loud } from "./loud.ts";

/**
 * What the desktop's keyring is like, by CULVERT_TEST_KEYRING: it works; there is none; there is none and Chromium's fixed
 * password stands in for it; or it works, but its key is not the one that older data was encrypted with.
 */
export const keyrings = ["works", "none", "changed"] as const;
export type Keyring = (typeof keyrings)[number];

const keyring = (process.env["CULVERT_TEST_KEYRING"] ?? "works") as Keyring;
if (!keyrings.includes(keyring)) throw new Error(`CULVERT_TEST_KEYRING is none of ${keyrings.join(", ")}: ${keyring}`);

const version = "v11";
let plainTextAllowed = false;

const key = (): Buffer => {
  const secret = keyring === "none" ? "peanuts" : keyring === "changed" ? "another key" : "the key in the keyring";
  return createHash("sha256").update(secret).digest();
};

const available = (): boolean => keyring !== "none" || plainTextAllowed;

function encryptString(text: string): Buffer {
  if (!available())
    throw new Error(
      "Error while encrypting the text provided to safeStorage.encryptString. Encryption is not available.",
    );
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key(), nonce);
  const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([Buffer.from(version), nonce, cipher.getAuthTag(), body]);
}

function decryptString(encrypted: Buffer): string {
  const refuse = (why: string): never => {
    throw new Error(`Error while decrypting the ciphertext provided to safeStorage.decryptString. ${why}`);
  };
  if (!available()) return refuse("Decryption is not available.");
  if (encrypted.toString("latin1", 0, 3) !== version) return refuse("Ciphertext does not appear to be encrypted.");
  try {
    const decipher = createDecipheriv("aes-256-gcm", key(), encrypted.subarray(3, 15));
    decipher.setAuthTag(encrypted.subarray(15, 31));
    return Buffer.concat([decipher.update(encrypted.subarray(31)), decipher.final()]).toString("utf8");
  } catch {
    return refuse("");
  }
}

/** After a turn, as work that another thread has done. */
const later = <T>(work: () => T): Promise<T> => new Promise((resolve) => setImmediate(resolve)).then(work);

/** Really encrypts, so that a test which looks for a secret in the user data folder does not find it. */
export const safeStorage = loud("safeStorage", {
  isEncryptionAvailable: available,
  isAsyncEncryptionAvailable: () => later(available),
  encryptString,
  decryptString,
  encryptStringAsync: (text: string) => later(() => encryptString(text)),
  decryptStringAsync: (encrypted: Buffer) =>
    later(() => ({ result: decryptString(encrypted), shouldReEncrypt: false })),
  getSelectedStorageBackend: () => (keyring === "none" ? "basic_text" : "gnome_libsecret"),
  setUsePlainTextEncryption: (use: boolean) => {
    plainTextAllowed = use;
  },
} satisfies Partial<Electron.SafeStorage>);
