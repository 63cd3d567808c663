type MaybePromise<T> = T | Promise<T>;

/** Encrypts with a key that the system's keychain holds. Made by `keychainCipher`; every method may throw or reject. */
export interface SecretCipher {
  /** False where there is no keychain, or where it is no protection. */
  isAvailable(): MaybePromise<boolean>;
  encrypt(text: string): MaybePromise<Buffer>;
  decrypt(data: Buffer): MaybePromise<string>;
}

/** What of Electron's safeStorage is needed. Its synchronous calls would stop the whole app while the system asks for a password. */
export interface KeychainApi extends SecretCipher {
  /** `safeStorage.getSelectedStorageBackend()`; asked on Linux only. */
  backend(): string;
}

/** Begins what Chromium on Linux encrypts with a key that is written in its source. */
const knownKeyMark = Buffer.from("v10");

/**
 * A cipher over safeStorage that does not count a known key as protection: on Linux without a keyring safeStorage says that it is
 * available and encrypts with a password that everybody knows.
 */
export function keychainCipher(platform: NodeJS.Platform, keychain: KeychainApi): SecretCipher {
  const linux = platform === "linux";
  return {
    isAvailable() {
      if (linux && ["basic_text", "unknown"].includes(keychain.backend())) return false;
      return keychain.isAvailable();
    },
    async encrypt(text) {
      const data = await keychain.encrypt(text);
      // The backend that was selected and the one that encrypts are asked in two ways; this one cannot be mistaken.
      if (linux && data.subarray(0, knownKeyMark.length).equals(knownKeyMark)) {
        throw new Error("encrypted with a known key");
      }
      return data;
    },
    decrypt: (data) => keychain.decrypt(data),
  };
}

/** The keychain gave no answer in time. */
export class KeychainSilent extends Error {
  override readonly name = "KeychainSilent";
}

/**
 * Waits for an answer of the keychain, which may be asking the user for a password.
 * @param ms the longest wait; rejects with `KeychainSilent` after it, while the call itself goes on.
 */
export async function answerWithin<T>(ms: number, ask: () => MaybePromise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new KeychainSilent()), ms);
  });
  try {
    return await Promise.race([ask(), late]);
  } finally {
    clearTimeout(timer);
  }
}
