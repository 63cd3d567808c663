import https from "node:https";
import type { IncomingMessage } from "node:http";
import { once } from "node:events";
import { AppError } from "../../shared/errors.ts";

export interface GetOptions {
  /** The most that is read, bytes; more is an error. */
  readonly maxBytes: number;
  /** From the start to the last byte, milliseconds. */
  readonly totalMs: number;
  /** The longest silence, milliseconds. */
  readonly silenceMs: number;
  /** Certificates that are trusted, PEM. */
  readonly roots: readonly string[];
  readonly signal: AbortSignal;
}

const failed = (message: string, details: { cause?: unknown; userAction?: string; status?: number } = {}): AppError =>
  new AppError("update-failed", message, { retryable: true, userAction: "Try again later.", ...details });

/**
 * Reads a URL by HTTPS; no redirect is followed, nothing is sent but the path.
 * @param take gets the bytes in their order; the next ones wait for it.
 * @throws AppError `update-failed` in words that name the host; `cancelled` when the signal aborts.
 */
export async function httpsGet(
  url: URL,
  options: GetOptions,
  take: (chunk: Buffer) => Promise<void> | void,
): Promise<void> {
  if (url.protocol !== "https:") throw failed("Updates come over https only.");
  const late = AbortSignal.timeout(options.totalMs);
  const request = https.get(url, {
    agent: false,
    ca: [...options.roots],
    // Said, since NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment counts where it is not.
    rejectUnauthorized: true,
    minVersion: "TLSv1.2",
    headers: { "user-agent": "Culvert", accept: "*/*", "cache-control": "no-cache" },
    signal: AbortSignal.any([options.signal, late]),
  });
  let silent = false;
  request.setTimeout(options.silenceMs, () => {
    silent = true;
    request.destroy();
  });
  try {
    const [response] = (await once(request, "response")) as [IncomingMessage];
    const status = response.statusCode ?? 0;
    if (status !== 200) throw failed(`The update server ${url.host} answered ${status}.`, { status });
    const tooMuch = failed(`The update server ${url.host} sent more than was expected.`);
    if (Number(response.headers["content-length"] ?? 0) > options.maxBytes) throw tooMuch;
    let received = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      received += chunk.length;
      if (received > options.maxBytes) throw tooMuch;
      await take(chunk);
    }
  } catch (thrown) {
    if (options.signal.aborted) throw new AppError("cancelled", "Stopped.", { retryable: true });
    if (late.aborted) throw failed(`The update server ${url.host} took too long.`, { cause: thrown });
    // Once the response has begun, its own error is the one that comes.
    if (silent) throw failed(`The update server ${url.host} has gone silent.`, { cause: thrown });
    throw thrown instanceof AppError ? thrown : failed(wordsOf(thrown, url.host), { cause: thrown });
  } finally {
    request.destroy();
  }
}

/** Reads a small answer whole. */
export async function httpsGetAll(url: URL, options: GetOptions): Promise<Buffer> {
  const chunks: Buffer[] = [];
  await httpsGet(url, options, (chunk) => void chunks.push(chunk));
  return Buffer.concat(chunks);
}

function wordsOf(thrown: unknown, host: string): string {
  const given = (thrown as { readonly code?: unknown } | null)?.code;
  const code = typeof given === "string" ? given : "";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `DNS knows no address for the update server ${host}.`;
  if (/^(ENETUNREACH|EHOSTUNREACH|ENETDOWN)$/.test(code)) return "There is no network.";
  if (code === "ECONNREFUSED") return `The update server ${host} refused the connection.`;
  if (/CERT|SIGNATURE|SELF_SIGNED|ISSUER/.test(code)) return `This computer does not trust the update server ${host}.`;
  return `The connection to the update server ${host} was lost.`;
}
