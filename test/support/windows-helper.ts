import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { derOf, type Issued } from "./certificates.ts";
import { HelperProgram } from "./native-helper.ts";
import { makePkcs12 } from "./pkcs12.ts";
import { firstMissing, type Service } from "./services/programs.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const run = promisify(execFile);
const root = path.join(import.meta.dirname, "../..");
const references = ["System", "System.Core", "System.Xml", "System.Runtime.Serialization", "Mono.Security"];

/** Mono, which stands for the .NET Framework where there is no Windows. */
export const mono: Service = {
  available: () =>
    firstMissing("mcs", "mono") ??
    (existsSync("/usr/lib/mono/4.5/System.Runtime.Serialization.dll")
      ? null
      : "libmono-system-runtime-serialization4.0-cil"),
};

/** The helper for Windows, compiled and run by Mono with certificate stores of its own. */
export class WindowsHelper {
  /** As it is built. */
  readonly program: HelperProgram;
  /** With a close_notify where the .NET Framework sends one: see test/native/mono-start.cs. */
  readonly closing: HelperProgram;
  readonly #folder = temporaryFolder("windows-helper");
  readonly #environment: NodeJS.ProcessEnv;

  private constructor() {
    const home = path.join(this.#folder, "home");
    mkdirSync(home);
    this.#environment = { PATH: process.env["PATH"], HOME: home, XDG_CONFIG_HOME: home, LANG: "C.UTF-8" };
    this.program = new HelperProgram(["mono", this.#exe("culvert-tls")], this.#environment);
    this.closing = new HelperProgram(["mono", this.#exe("mono-start"), this.#exe("culvert-tls")], this.#environment);
  }

  static async build(): Promise<WindowsHelper> {
    const helper = new WindowsHelper();
    const product = path.join(root, "native/windows");
    const sources = readdirSync(product).filter((file) => file.endsWith(".cs"));
    try {
      await helper.#compile(
        "culvert-tls",
        sources.map((file) => path.join(product, file)),
      );
      await helper.#compile("mono-store", [path.join(root, "test/native/mono-store.cs")]);
      await helper.#compile("mono-start", [path.join(root, "test/native/mono-start.cs")]);
      return helper;
    } catch (error) {
      helper.remove();
      throw error;
    }
  }

  /** Puts a certificate and its RSA key into the user's store. */
  async addIdentity(issued: Issued): Promise<void> {
    const passphrase = "to be imported";
    await this.#store("My", passphrase, await makePkcs12({ ...issued, passphrase, legacy: true }));
  }

  /** Puts a certificate into a store of the user. */
  async addCertificate(store: "CA" | "Root" | "My", pem: string): Promise<void> {
    await this.#store(store, "-", derOf(pem));
  }

  remove(): void {
    this.program.close();
    this.closing.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #exe(name: string): string {
    return path.join(this.#folder, `${name}.exe`);
  }

  async #compile(name: string, sources: readonly string[]): Promise<void> {
    await run("mcs", [
      ...["-langversion:5", "-warn:4", "-warnaserror+", "-optimize+", "-target:exe", `-out:${this.#exe(name)}`],
      ...references.map((reference) => `-r:${reference}.dll`),
      ...sources,
    ]);
  }

  async #store(store: string, passphrase: string, content: Buffer): Promise<void> {
    const tool = new HelperProgram(["mono", this.#exe("mono-store")], this.#environment);
    const { status, stderr } = await tool.run([store, passphrase], content);
    if (status !== 0) throw new Error(`the store ${store} does not take it: ${stderr}`);
  }
}
