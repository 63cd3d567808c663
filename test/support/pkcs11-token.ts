import { execFile } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { CertificateFolder, derOf, type Issued } from "./certificates.ts";
import { firstMissing, type Service } from "./services/programs.ts";

const run = promisify(execFile);

const modules = [
  "/usr/lib/softhsm/libsofthsm2.so",
  "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
  "/usr/lib64/pkcs11/libsofthsm2.so",
];
/** SoftHSM itself, where it is installed. */
export const moduleFile = modules.find((file) => existsSync(file)) ?? "";

/** SoftHSM and the tools that fill its tokens. */
export const tokenTools: Service = {
  available: () =>
    firstMissing("softhsm2-util", "pkcs11-tool", "modutil", "certutil") ??
    (moduleFile === "" ? "libsofthsm2.so" : null),
};

/** A PKCS#11 token: a card as it is seen by programs. The only one of this process until it is removed. */
export class Pkcs11Token {
  readonly label: string;
  readonly pin: string;
  readonly #files = new CertificateFolder();
  readonly #before = process.env["SOFTHSM2_CONF"];
  #count = 0;

  private constructor(label: string, pin: string) {
    [this.label, this.pin] = [label, pin];
    mkdirSync(this.#tokens);
    // Programs that this process starts look here.
    process.env["SOFTHSM2_CONF"] = this.#files.write(
      "softhsm2.conf",
      `directories.tokendir = ${this.#tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`,
    );
  }

  static async create({ label = "Ada's card", pin = "4321" } = {}): Promise<Pkcs11Token> {
    const token = new Pkcs11Token(label, pin);
    await run("softhsm2-util", ["--init-token", "--free", "--label", label, "--so-pin", "12345678", "--pin", pin]);
    return token;
  }

  get #tokens(): string {
    return path.join(this.#files.path, "tokens");
  }

  /** Names its module in an NSS database, as a person does for a browser. */
  async addTo(folder: string): Promise<void> {
    await run("modutil", ["-dbdir", `sql:${folder}`, "-add", "card", "-libfile", moduleFile, "-force"]);
  }

  /** Puts a certificate with its key on the token; the key cannot be read from it again. */
  async add({ cert, key }: Issued): Promise<void> {
    const id = String((this.#count += 1)).padStart(2, "0");
    const keyFile = this.#files.write(`${id}.key`, key);
    await run("softhsm2-util", [
      "--import",
      keyFile,
      "--token",
      this.label,
      "--label",
      id,
      "--id",
      id,
      "--pin",
      this.pin,
    ]);
    await this.addCertificate(cert, id);
  }

  async addCertificate(cert: string, id = String((this.#count += 1)).padStart(2, "0")): Promise<void> {
    const file = this.#files.write(`${id}.der`, derOf(cert));
    const place = ["--module", moduleFile, "--token-label", this.label, "--login", "--pin", this.pin];
    await run("pkcs11-tool", [...place, "--write-object", file, "--type", "cert", "--id", id, "--label", id]);
  }

  /** Takes the card out of its reader. */
  pullOut(): void {
    rmSync(this.#tokens, { recursive: true });
    mkdirSync(this.#tokens);
  }

  remove(): void {
    if (this.#before === undefined) delete process.env["SOFTHSM2_CONF"];
    else process.env["SOFTHSM2_CONF"] = this.#before;
    this.#files.remove();
  }
}
