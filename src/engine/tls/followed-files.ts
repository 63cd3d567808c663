import { stat } from "node:fs/promises";
import path from "node:path";
import type { ClientCertificate } from "./client-certificate.ts";
import type { ClientCertificateSource } from "./settings.ts";

/**
 * Changes with every change of the files.
 * @returns for a file that is not there now its part is empty.
 */
export async function stampOf(files: readonly string[]): Promise<string> {
  const one = async (name: string): Promise<string> => {
    const { mtimeNs, ctimeNs, size, ino } = await stat(name, { bigint: true });
    return [mtimeNs, ctimeNs, size, ino].join(" ");
  };
  return (await Promise.all(files.map((name) => one(name).catch(() => "")))).join("\n");
}

export interface FollowedFilesOptions {
  readonly files: readonly string[];
  /** `stampOf` from before the certificate in use was read; null has the first look read the files. */
  readonly stamp: string | null;
  /** Reads the files; null where they hold what is in use. */
  readonly read: () => Promise<ClientCertificate | null>;
}

/** The files of a client certificate, which may be replaced while it is in use. */
export class FollowedFiles implements ClientCertificateSource {
  readonly id: string;
  readonly #files: readonly string[];
  readonly #read: FollowedFilesOptions["read"];
  #stamp: string | null;
  #again = Number.POSITIVE_INFINITY;

  constructor({ files, stamp, read }: FollowedFilesOptions) {
    this.id = files.map((name) => path.resolve(name)).join("\n");
    this.#files = files;
    this.#stamp = stamp;
    this.#read = read;
  }

  async changed(): Promise<ClientCertificate | null> {
    const now = await stampOf(this.#files);
    if (now === this.#stamp && Date.now() < this.#again) return null;
    this.#again = Number.POSITIVE_INFINITY;
    // Before the reading: what changes while it is read is then seen the next time.
    this.#stamp = now;
    return this.#read();
  }

  readAgain(from: number): void {
    this.#again = from;
  }
}
