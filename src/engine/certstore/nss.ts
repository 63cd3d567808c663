import { createPrivateKey, X509Certificate, type JsonWebKey, type KeyObject } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { isBuiltin } from "node:module";
import path from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { AppError } from "../../shared/errors.ts";
import { DerError } from "./der.ts";
import { NssCipher, OnlyForNss, WrongPassword } from "./nss-cipher.ts";
import type { StoreLock } from "../../shared/model/certificate.ts";
import type { CertificateStore, StoredCertificate } from "./store.ts";

export interface NssOptions {
  /** Folders in which the database may be, with what messages call them; the first that has one is taken. */
  readonly folders: readonly { readonly path: string; readonly name: string }[];
  /** Where the database is protected by one; asked at every use. */
  readonly password?: (() => string | undefined) | undefined;
  /** How a person gives the password, one sentence. */
  readonly passwordHint: string;
}

const [certificateFile, keyFile] = ["cert9.db", "key4.db"] as const;

/** More than any database of a person; the search reads them all. */
const mostCertificates = 4_096;
const mostBytes = 64 * 1024;
/** A browser that writes at this moment is waited for this long; milliseconds. Nothing else runs meanwhile. */
const busyMs = 250;

/** Columns are PKCS#11 attribute types in hexadecimal; unsigned longs are four octets, most significant first. */
const certificatesQuery = `SELECT a11 AS der, a102 AS id FROM nssPublic
  WHERE a0 = x'00000001' AND a80 = x'00000000' AND length(a11) <= ${mostBytes} LIMIT ${mostCertificates}`;
const keyIdsQuery = `SELECT a102 AS id FROM nssPrivate WHERE a0 = x'00000003' LIMIT ${mostCertificates}`;
const keyQuery = "SELECT * FROM nssPrivate WHERE a0 = x'00000003' AND a102 = ? LIMIT 1";
const passwordQuery = "SELECT item1, item2 FROM metaData WHERE id = 'password'";

/** Column of a part of an RSA key, and its name in a JSON Web Key. */
const rsaParts = { a123: "d", a124: "p", a125: "q", a126: "dp", a127: "dq", a128: "qi" } as const;

type Row = Readonly<Record<string, unknown>>;
type Folder = NssOptions["folders"][number];

const bytesOf = (value: unknown): Buffer | null => (value instanceof Uint8Array ? Buffer.from(value) : null);

const number64 = (bytes: Buffer): string => {
  const start = bytes.findIndex((octet) => octet !== 0);
  return bytes.subarray(Math.max(0, start)).toString("base64url");
};

/**
 * The NSS database that Chromium and its relatives share on Linux, read as the SQLite files it is: so neither NSS nor its
 * tools need to be there, and a key goes from the file into this process only.
 */
export class NssStore implements CertificateStore {
  readonly unavailable: AppError | null;
  readonly #options: NssOptions;
  #leftOut: string | null = null;

  constructor(options: NssOptions) {
    this.#options = options;
    this.unavailable = isBuiltin("node:sqlite")
      ? null
      : new AppError("not-available-yet", "This Node cannot read the certificate store.", {
          userAction: "Use Node 22.13 or newer.",
        });
  }

  get name(): string {
    return this.#options.folders[0]?.name ?? "the NSS database";
  }

  async version(): Promise<string> {
    const folder = await this.folder();
    if (!folder) return "none";
    const versions = [certificateFile, keyFile].map(async (file) => {
      const at = await stat(path.join(folder.path, file)).catch(() => null);
      return at ? [at.ino, at.size, at.mtimeMs].join(":") : "none";
    });
    return [folder.path, ...(await Promise.all(versions))].join(" ");
  }

  /** This reads files: the cards that the database knows of are nobody's here. */
  get leftOut(): string | null {
    return this.#leftOut;
  }

  async certificates(): Promise<StoredCertificate[]> {
    const folder = await this.folder();
    if (!folder) throw this.#missing();
    const rows = reading(folder, certificateFile, (database) => database.prepare(certificatesQuery).all());
    this.#leftOut = (await hasOtherModules(folder))
      ? "Cards and tokens are left out: culvert-tls, which uses their keys, is not beside Culvert."
      : null;
    const hasKeys = (await stat(path.join(folder.path, keyFile)).catch(() => null)) !== null;
    const keys = new Set(
      hasKeys
        ? reading(folder, keyFile, (database) => database.prepare(keyIdsQuery).all()).map((row) => idOf(row))
        : [],
    );
    return rows.flatMap((row) => {
      const [der, id] = [bytesOf(row["der"]), idOf(row)];
      if (!der) return [];
      const hasKey = id !== "" && keys.has(id);
      return [{ der, hasKey, key: async () => ({ kind: "here", pem: await this.#privateKey(folder, der, id) }) }];
    });
  }

  async lock(): Promise<StoreLock> {
    const folder = await this.folder();
    if (!folder) return "none";
    if ((await stat(path.join(folder.path, keyFile)).catch(() => null)) === null) return "open";
    const row = reading(folder, keyFile, (database) => database.prepare(passwordQuery).get());
    const [salt, check] = [bytesOf(row?.["item1"]), bytesOf(row?.["item2"])];
    // A database that holds no key yet may have no password either.
    if (!salt || !check) return "open";
    const password = this.#options.password?.();
    try {
      await cipherOf(salt, check, password);
      return "open";
    } catch (thrown) {
      if (thrown instanceof WrongPassword) return password === undefined ? "password-missing" : "password-wrong";
      throw thrown instanceof DerError ? unreadable(folder, thrown.message, thrown) : thrown;
    }
  }

  /** Where the database is; null where there is none. */
  async folder(): Promise<Folder | null> {
    for (const folder of this.#options.folders) {
      const found = await stat(path.join(folder.path, certificateFile)).catch(() => null);
      if (found?.isFile()) return folder;
    }
    return null;
  }

  #missing(): AppError {
    const names = this.#options.folders.map(({ name }) => name).join(" or ");
    return new AppError(
      "client-certificate-needed",
      `There is no certificate store of yours: nothing is in ${names}.`,
      {
        userAction: `Import the certificate with its key: mkdir -p ${this.name} && pk12util -d "sql:${inShell(this.name)}" -i FILE.p12`,
      },
    );
  }

  async #privateKey(folder: Folder, der: Buffer, id: string): Promise<string> {
    const { key, password } = reading(folder, keyFile, (database) => ({
      key: database.prepare(keyQuery).get(Buffer.from(id, "hex")),
      password: database.prepare(passwordQuery).get(),
    }));
    const [salt, check] = [bytesOf(password?.["item1"]), bytesOf(password?.["item2"])];
    if (!key || !salt || !check) throw unreadable(folder, "its private key is gone");
    try {
      const cipher = await cipherOf(salt, check, this.#options.password?.());
      return exported(await keyOf(key, new X509Certificate(der), cipher));
    } catch (thrown) {
      if (thrown instanceof WrongPassword) throw this.#locked(folder);
      // Nothing else of what failed here belongs in a log: it may be about the key.
      if (thrown instanceof OnlyForNss) throw unreadable(folder, thrown.message, thrown);
      throw thrown instanceof AppError
        ? thrown
        : unreadable(folder, thrown instanceof DerError ? thrown.message : "its private key is damaged");
    }
  }

  #locked(folder: Folder): AppError {
    const { password, passwordHint } = this.#options;
    const message =
      password?.() === undefined
        ? `The certificate store ${folder.name} is protected by a password.`
        : `The password does not open the certificate store ${folder.name}.`;
    return new AppError("storage-failed", message, { userAction: passwordHint });
  }
}

/** The password may be the PIN of a card, beside which the database has none. @throws WrongPassword, DerError */
async function cipherOf(salt: Buffer, check: Buffer, password = ""): Promise<NssCipher> {
  try {
    return await NssCipher.open(salt, check, password);
  } catch (thrown) {
    if (password === "" || !(thrown instanceof WrongPassword)) throw thrown;
    return NssCipher.open(salt, check, "");
  }
}

/** Whether the database names PKCS#11 modules besides NSS's own, whose `library=` is empty. */
async function hasOtherModules(folder: Folder): Promise<boolean> {
  const text = await readFile(path.join(folder.path, "pkcs11.txt"), "utf8").catch(() => "");
  return /^library=\S/m.test(text);
}

const idOf = (row: Row): string => bytesOf(row["id"])?.toString("hex") ?? "";

/** A shell takes `~` for the home folder only where a word begins. */
const inShell = (name: string): string => name.replace(/^~/, "$HOME");

function unreadable(folder: Folder, why: string, cause?: unknown): AppError {
  return new AppError("storage-failed", `The certificate store ${folder.name} cannot be read: ${why}.`, {
    userAction: `See what "certutil -K -d sql:${inShell(folder.name)}" says of it.`,
    cause,
  });
}

/** Opens one file for the time of one look, so that a browser that writes is never held up. */
function reading<T>(folder: Folder, file: string, work: (database: DatabaseSync) => T): T {
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path.join(folder.path, file), { readOnly: true, timeout: busyMs });
    return work(database);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : "";
    throw unreadable(folder, /locked|busy/i.test(text) ? "another program is writing it" : `${file} is damaged`, cause);
  } finally {
    database?.close();
  }
}

/** The key of a row, checked against its certificate. @throws WrongPassword, DerError, AppError */
async function keyOf(row: Row, certificate: X509Certificate, cipher: NssCipher): Promise<KeyObject> {
  const { kty, crv, n, e, x, y } = certificate.publicKey.export({ format: "jwk" });
  const opened = async (column: string): Promise<Buffer> => {
    const sealed = bytesOf(row[column]);
    if (!sealed) throw new DerError("a part of its private key is missing");
    return cipher.decrypt(sealed);
  };
  let jwk: JsonWebKey;
  if (kty === "RSA") {
    jwk = { kty, n, e } as JsonWebKey;
    for (const [column, name] of Object.entries(rsaParts)) jwk[name] = number64(await opened(column));
  } else if (kty === "EC") {
    // A coordinate is as long as the curve's; the scalar is written as long.
    const bytes = Buffer.from(x ?? "", "base64url").length;
    const scalar = await opened("a11");
    const short = scalar.subarray(Math.max(0, scalar.length - bytes));
    const padded = Buffer.concat([Buffer.alloc(bytes - short.length), short]);
    jwk = { kty, crv, x, y, d: padded.toString("base64url") } as JsonWebKey;
  } else throw new OnlyForNss("its private key is of a kind that is not known here");
  const key = createPrivateKey({ key: jwk, format: "jwk" });
  if (!certificate.checkPrivateKey(key)) throw new DerError("its private key belongs to another certificate");
  return key;
}

const exported = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString();
