import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { AppError } from "../../shared/errors.ts";
import { httpsGet } from "./https-get.ts";
import type { ReleaseFile } from "./release.ts";

/** The longest that a download takes, milliseconds: 1 GiB at some 75 kB/s. */
const totalMs = 4 * 60 * 60_000;
const silenceMs = 60_000;

const tampered = (): AppError =>
  new AppError("update-refused", "The update that was downloaded is not the one that was signed.", {
    userAction: "Nothing was installed. Try again later; if it happens again, tell whoever runs the server.",
    retryable: true,
  });

const notWritten = (cause: unknown): AppError => {
  const full = (cause as { readonly code?: unknown } | null)?.code === "ENOSPC";
  return new AppError("update-failed", `The update could not be saved${full ? ": the disk is full" : ""}.`, { cause });
};

export interface DownloadOptions {
  readonly roots: readonly string[];
  readonly signal: AbortSignal;
  /** Told of every piece: bytes so far. */
  received(bytes: number): void;
}

/**
 * Downloads a file of a release to a path, where nothing may be yet or something old; a failure may leave a part of it there.
 * @throws AppError `update-refused` where size or SHA-512 are not those that were signed; `update-failed`; `cancelled`.
 */
export async function downloadFile(
  url: URL,
  destination: string,
  file: ReleaseFile,
  options: DownloadOptions,
): Promise<void> {
  const hash = createHash("sha512");
  let received = 0;
  const handle = await open(destination, "w", 0o600).catch((cause: unknown) => {
    throw notWritten(cause);
  });
  try {
    const limits = { maxBytes: file.size, totalMs, silenceMs, roots: options.roots, signal: options.signal };
    await httpsGet(url, limits, async (chunk) => {
      hash.update(chunk);
      await handle.writeFile(chunk).catch((cause: unknown) => {
        throw notWritten(cause);
      });
      received += chunk.length;
      options.received(received);
    });
    if (received !== file.size || hash.digest("base64") !== file.sha512) throw tampered();
    await handle.sync().catch((cause: unknown) => {
      throw notWritten(cause);
    });
  } finally {
    await handle.close();
  }
}

/**
 * Makes sure that a file is still the one that was downloaded: caches are cleared, and days may lie between.
 * @throws AppError `update-failed` where it is gone, `update-refused` where it is another one, `cancelled`.
 */
export async function checkFile(path: string, file: ReleaseFile, signal: AbortSignal): Promise<void> {
  const stop = (): AppError => new AppError("cancelled", "Stopped.", { retryable: true });
  if (signal.aborted) throw stop();
  const over = new AbortController();
  const stopped = once(signal, "abort", { signal: over.signal }).then(() => {
    throw stop();
  });
  try {
    // A stream of a disk that does not answer does not end by its signal.
    await Promise.race([compare(path, file, signal), stopped]);
  } finally {
    stopped.catch(() => undefined);
    over.abort();
  }
}

async function compare(path: string, file: ReleaseFile, signal: AbortSignal): Promise<void> {
  const hash = createHash("sha512");
  try {
    for await (const chunk of createReadStream(path, { signal }) as AsyncIterable<Buffer>) hash.update(chunk);
  } catch (cause) {
    throw new AppError("update-failed", "The update that was downloaded is no longer there.", {
      cause,
      retryable: true,
      userAction: "Download it again.",
    });
  }
  if (hash.digest("base64") !== file.sha512) throw tampered();
}

/** What a library threw, in the app's words. */
export function updateError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const code = (thrown as { readonly code?: unknown } | null)?.code;
  if (code === "ERR_UPDATER_INVALID_SIGNATURE") {
    return new AppError("update-refused", "The update is not signed by the makers of this copy of Culvert.", {
      userAction: "Nothing was installed. Tell whoever runs the update server.",
      cause: thrown,
    });
  }
  if (typeof code === "string" && /^E[A-Z]+$/.test(code)) return notWritten(thrown);
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new AppError("update-failed", `The update could not be prepared: ${text}.`, { cause: thrown });
}
