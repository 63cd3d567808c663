import { AppError } from "../../shared/errors.ts";
import type { StoreLock } from "../../shared/model/certificate.ts";
import { limits } from "../../shared/limits.ts";
import { defaultRoots } from "../tls/trust.ts";
import { OnlyForNss } from "./nss-cipher.ts";
import { NssStore, type NssOptions } from "./nss.ts";
import { ProgramStore } from "./program-store.ts";
import type { CertificateStore, StoredCertificate, StoredKey } from "./store.ts";

/**
 * The NSS database that browsers share, and the PKCS#11 tokens through NSS. The database is read in this process, so that its
 * keys are used here; tokens, and keys that only NSS can open, go through the program.
 */
export class LinuxStore implements CertificateStore {
  readonly name: string;
  readonly unavailable = null;
  readonly #database: NssStore;
  readonly #program: ProgramStore;
  #leftOut: string | null = null;

  /** @param path of the program. */
  constructor(options: NssOptions, path: string) {
    this.#database = new NssStore(options);
    this.name = this.#database.name;
    this.#program = new ProgramStore({
      name: this.name,
      path,
      database: async () => {
        const folder = await this.#database.folder();
        return folder && `sql:${folder.path}`;
      },
      password: options.password,
      passwordHint: options.passwordHint,
      roots: defaultRoots,
      // A reader that hangs is given up before whoever asks for the database gives that up as well.
      limits: { storageMs: limits.storageMs / 2 },
    });
  }

  get leftOut(): string | null {
    return this.#leftOut;
  }

  async version(): Promise<string> {
    const [database, tokens] = await Promise.all([
      this.#database.version(),
      // Without the program the database is as good as before.
      this.#program.version().catch(() => "failed"),
    ]);
    return `${database} ${tokens}`;
  }

  lookAgain(): void {
    this.#program.lookAgain();
  }

  close(): void {
    this.#program.close();
  }

  async lock(): Promise<StoreLock> {
    const [database, tokens] = await Promise.all([
      this.#database.lock().catch((error: unknown) => asError(error)),
      this.#program.lock().catch(() => null),
    ]);
    if (database instanceof Error && !(database.cause instanceof OnlyForNss && tokens !== null)) throw database;
    if (typeof database === "string" && database !== "open" && database !== "none") return database;
    const others = tokens ?? "open";
    return database === "none" && others === "open" && !(await this.#hasTokens()) ? "none" : others;
  }

  async #hasTokens(): Promise<boolean> {
    return (await this.#program.certificates().catch(() => [])).length > 0;
  }

  async certificates(): Promise<StoredCertificate[]> {
    const [database, tokens] = await Promise.all([
      this.#database.certificates().catch((error: unknown) => asError(error)),
      this.#program.certificates().catch((error: unknown) => asError(error)),
    ]);
    this.#leftOut = tokens instanceof Error ? `Cards and tokens are left out: ${tokens.message}` : null;
    const others = tokens instanceof Error ? [] : tokens;
    if (database instanceof Error) {
      // A database that is not there, or damaged, is no reason to leave a card out.
      if (others.some(({ hasKey }) => hasKey)) return others;
      throw database;
    }
    const byDer = new Map(others.map((one) => [one.der.toString("base64"), one]));
    const own = database.map((one) => {
      const same = byDer.get(one.der.toString("base64"));
      byDer.delete(one.der.toString("base64"));
      return same?.hasKey === true ? joined(one, same) : one;
    });
    return [...own, ...byDer.values()];
  }
}

/** The key is used here where it can be, and through the program where only that can. */
function joined(own: StoredCertificate, through: StoredCertificate): StoredCertificate {
  if (!own.hasKey) return through;
  const key = async (): Promise<StoredKey> => {
    try {
      return await own.key();
    } catch (thrown) {
      if (thrown instanceof AppError && thrown.cause instanceof OnlyForNss) return through.key();
      throw thrown;
    }
  };
  return { ...own, key };
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
