import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { firstMissing, type Service } from "./services/programs.ts";
import { CertificateFolder, type Issued } from "./certificates.ts";

const run = promisify(execFile);

/** The tools of NSS and OpenSSL. */
export const nssTools: Service = { available: () => firstMissing("certutil", "pk12util", "openssl") };

/** A real NSS database in a home folder of its own, made with the tools of NSS. */
export class NssDatabase {
  readonly home: string;
  readonly folder: string;
  readonly #files = new CertificateFolder();
  readonly #password: string;
  #count = 0;

  private constructor(place: string, password: string) {
    this.home = this.#files.path;
    this.folder = path.join(this.home, place);
    this.#password = password;
  }

  static async create({ place = ".pki/nssdb", password = "" } = {}): Promise<NssDatabase> {
    const database = new NssDatabase(place, password);
    mkdirSync(database.folder, { recursive: true, mode: 0o700 });
    await run("certutil", [
      "-N",
      ...database.#here(),
      ...(password === "" ? ["--empty-password"] : database.#unlock()),
    ]);
    return database;
  }

  #here(): string[] {
    return ["-d", `sql:${this.folder}`];
  }

  #unlock(): string[] {
    return ["-f", this.#files.write("password", `${this.#password}\n`)];
  }

  /** Imports a certificate with its key, as a browser does. Returns its nickname. */
  async add({ cert, key }: Issued): Promise<string> {
    const name = `entry-${(this.#count += 1)}`;
    const [certFile, keyFile] = [this.#files.write(`${name}.crt`, cert), this.#files.write(`${name}.key`, key)];
    const bundle = path.join(this.home, `${name}.p12`);
    const what = ["-in", certFile, "-inkey", keyFile, "-name", name, "-passout", "pass:", "-out", bundle];
    await run("openssl", ["pkcs12", "-export", ...what]);
    await run("pk12util", [
      "-i",
      bundle,
      ...this.#here(),
      "-W",
      "",
      "-k",
      this.#files.write("password", `${this.#password}\n`),
    ]);
    return name;
  }

  /** Imports a certificate without a key. */
  async addCertificate(pem: string, trust = ",,"): Promise<void> {
    const name = `entry-${(this.#count += 1)}`;
    const file = this.#files.write(`${name}.crt`, pem);
    await run("certutil", ["-A", ...this.#here(), ...this.#unlock(), "-n", name, "-t", trust, "-i", file]);
  }

  /** Removes a certificate and its key. */
  async delete(name: string): Promise<void> {
    await run("certutil", ["-F", ...this.#here(), ...this.#unlock(), "-n", name]);
  }

  remove(): void {
    this.#files.remove();
  }
}
