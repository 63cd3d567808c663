import { stat } from "node:fs/promises";
import path from "node:path";
import { asAppError } from "../../shared/errors.ts";
import type { ClientCertificate } from "./client-certificate.ts";
import type { ClientCertificateSource } from "./settings.ts";

/** Files that could not be read are read again after this although nothing of them has changed, milliseconds. */
const retryMs = 10_000;

/**
 * Changes with every change of the files.
 * @returns for a file that is not there now its part is empty.
 */
export async function stampOf(files: readonly string[]): Promise<string> {
  const one = async (name: string): Promise<string> => {
    const { mtimeNs, ctimeNs, size, ino } = await stat(name, { bigint: true });
    return [mtimeNs, ctimeNs, size, ino].join(" ");
  };
  const parts: string[] = [];
  // One after the other: where they are on a network that is gone, each would take a thread of the few that there are.
  for (const name of files) parts.push(await one(name).catch(() => ""));
  return parts.join("\n");
}

export interface FollowedFilesOptions {
  readonly files: readonly string[];
  /** Tells it from others that read the same files in another way. Holds no secret. */
  readonly variant?: string;
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
  /** Why the files could not be read the last time; "" where they could. */
  #failure = "";

  constructor({ files, variant, stamp, read }: FollowedFilesOptions) {
    this.id = [...files.map((name) => path.resolve(name)), variant ?? ""].join("\n");
    this.#files = files;
    this.#stamp = stamp;
    this.#read = read;
  }

  async changed(): Promise<ClientCertificate | null> {
    const now = await stampOf(this.#files);
    const isSame = now === this.#stamp;
    if (isSame && Date.now() < this.#again) return null;
    this.#again = Number.POSITIVE_INFINITY;
    // Before the reading: what changes while it is read is then seen the next time.
    this.#stamp = now;
    const failure = this.#failure;
    this.#failure = "";
    try {
      return await this.#read();
    } catch (thrown) {
      const { code, message } = asAppError(thrown);
      // What is wrong with what was read stays wrong until the files change.
      if (code !== "file-unreadable") throw thrown;
      // Whoever writes a file may have it for himself meanwhile, and nothing of it changes when he lets go.
      this.#again = Date.now() + retryMs;
      this.#failure = message;
      if (isSame && message === failure) return null;
      throw thrown;
    }
  }

  readAgain(from: number): void {
    this.#again = from;
  }
}
