import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { CertificateFolder, type Issued } from "./certificates.ts";
import { type ConnectLine, type HelperConnection, HelperProgram } from "./native-helper.ts";
import { makePkcs12 } from "./pkcs12.ts";

const run = promisify(execFile);

/** What `npm run build:native` makes of native/macos, for both processors. */
const helper = path.join(import.meta.dirname, "../../native/build/mac-universal/culvert-tls");
const passphrase = "to be imported";
const password = "of the test's own keychain";

/** Why the tests of the macOS program cannot run here; null where they can. On a Mac of CI they must. */
export function noKeychain(): string | null {
  if (process.platform !== "darwin") return "macOS";
  const isCi = Boolean(process.env["CI"]);
  if (!existsSync(helper)) {
    if (isCi) throw new Error(`needs ${helper}. CI must run these tests.`);
    return helper;
  }
  return isCi || process.env["CULVERT_KEYCHAIN_TESTS"] === "1"
    ? null
    : "CULVERT_KEYCHAIN_TESTS=1: the user's search list has one keychain more while they run";
}

/** A keychain of its own in the user's search list, and the program that uses it. */
export class MacKeychain {
  readonly path = helper;
  readonly program = new HelperProgram([helper]);
  readonly #files = new CertificateFolder();
  readonly #file = path.join(this.#files.path, "culvert-test.keychain-db");
  #before: readonly string[] = [];
  #count = 0;

  static async create(): Promise<MacKeychain> {
    const keychain = new MacKeychain();
    const file = keychain.#file;
    await run("security", ["create-keychain", "-p", password, file]);
    // Without options: it is not locked by a timer or when the computer sleeps.
    await run("security", ["set-keychain-settings", file]);
    await run("security", ["unlock-keychain", "-p", password, file]);
    const { stdout } = await run("security", ["list-keychains", "-d", "user"]);
    keychain.#before = [...stdout.matchAll(/"(.+)"/g)].map(([, name = ""]) => name);
    await run("security", ["list-keychains", "-d", "user", "-s", file, ...keychain.#before]);
    return keychain;
  }

  /** Imports a certificate with its key, for every program to use. */
  async addIdentity(issued: Issued, { mayLeave }: { readonly mayLeave: boolean }): Promise<void> {
    const request = { ...issued, passphrase };
    // LibreSSL, which macOS has, knows only the old form and has no word for it.
    const bytes = await makePkcs12({ ...request, legacy: true }).catch(() => makePkcs12(request));
    const file = this.#files.write(`${(this.#count += 1)}.p12`, bytes);
    const how = mayLeave ? ["-A"] : ["-A", "-x"];
    await run("security", ["import", file, "-k", this.#file, "-f", "pkcs12", "-P", passphrase, ...how]);
    // Besides the access list, a key has a list of who signed the programs that may use it.
    const { stderr } = await run("codesign", ["--display", "--verbose=3", helper]);
    const [, hash = ""] = /^CDHash=(\w+)$/m.exec(stderr) ?? [];
    const signers = `apple-tool:,apple:,unsigned:,cdhash:${hash}`;
    await run("security", ["set-key-partition-list", "-S", signers, "-s", "-k", password, this.#file]);
  }

  /** Imports a certificate without a key. */
  async addCertificate(pem: string): Promise<void> {
    const file = this.#files.write(`${(this.#count += 1)}.pem`, pem);
    await run("security", ["import", file, "-k", this.#file, "-t", "cert", "-f", "pemseq"]);
  }

  /** `connect` as the engine says it, with the certificates to show. */
  connect(
    line: ConnectLine & { readonly chain: readonly Buffer[]; readonly alpn?: readonly string[] },
  ): HelperConnection {
    const whole = { ...line, chain: line.chain.map((der) => der.toString("base64")) };
    return this.program.connect(whole);
  }

  async remove(): Promise<void> {
    this.program.close();
    await run("security", ["list-keychains", "-d", "user", "-s", ...this.#before]);
    await run("security", ["delete-keychain", this.#file]);
    this.#files.remove();
  }
}
