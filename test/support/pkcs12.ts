import { execFile } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import type { Issued } from "./certificates.ts";
import { firstMissing, type Service } from "./services/programs.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const run = promisify(execFile);

/** The program that makes the files. */
export const openssl: Service = { available: () => firstMissing("openssl") };

export interface Pkcs12Request extends Issued {
  readonly passphrase: string;
  /** PEM of CA certificates that go in as well. */
  readonly chain?: string;
  /** As old programs wrote it: RC2 and triple DES. */
  readonly legacy?: boolean;
  /** Further arguments of `openssl pkcs12 -export`. */
  readonly args?: readonly string[];
}

/** A PKCS#12 file made by the OpenSSL of this computer. */
export async function makePkcs12(request: Pkcs12Request): Promise<Buffer> {
  const { cert, key, passphrase, chain = "", legacy = false, args = [] } = request;
  const folder = temporaryFolder("pkcs12");
  const write = (name: string, text: string): string => {
    const file = path.join(folder, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  try {
    const made = path.join(folder, "made.p12");
    await run("openssl", [
      ...["pkcs12", "-export", "-in", write("cert.pem", cert), "-inkey", write("key.pem", key)],
      ...(chain === "" ? [] : ["-certfile", write("chain.pem", chain)]),
      ...(legacy ? ["-legacy"] : []),
      ...["-passout", `file:${write("passphrase", `${passphrase}\n`)}`, "-out", made],
      ...args,
    ]);
    return readFileSync(made);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
