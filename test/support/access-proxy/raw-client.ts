import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import type { Identity } from "./pki.ts";
import type { AccessProxy } from "./types.ts";

/** An HTTP/1.1 answer, read byte by byte rather than by a library that would tidy it. */
export interface RawAnswer {
  readonly status: number;
  readonly reason: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Opens a connection to the stand-in with nothing but node:tls (or node:net when it is plain). */
export async function dialProxy(
  proxy: AccessProxy,
  options: { readonly alpn?: readonly string[]; readonly client?: Identity; readonly servername?: string } = {},
): Promise<{ readonly socket: net.Socket; readonly raw: net.Socket }> {
  const raw = net.connect({ host: "127.0.0.1", port: proxy.port, allowHalfOpen: true });
  await once(raw, "connect");
  if (proxy.origin.startsWith("http://")) return { socket: raw, raw };
  const socket = tls.connect({
    socket: raw,
    servername: options.servername ?? "localhost",
    ca: proxy.caPem,
    ALPNProtocols: [...(options.alpn ?? ["http/1.1"])],
    ...(options.client === undefined ? {} : { cert: options.client.certPem, key: options.client.keyPem }),
  });
  await once(socket, "secureConnect");
  return { socket, raw };
}

/** Reads the head of an answer; what came behind it is put back. */
export async function readHead(socket: net.Socket): Promise<Omit<RawAnswer, "body">> {
  const text = await readUntil(socket, "\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, -4).split("\r\n");
  const match = /^HTTP\/1\.1 (\d{3}) (.*)$/.exec(first);
  if (match === null) throw new Error(`Not an HTTP/1.1 status line: ${first}`);
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return { status: Number(match[1]), reason: match[2] ?? "", headers: new Map(headers) };
}

async function readUntil(socket: net.Socket, mark: string): Promise<string> {
  let seen = Buffer.alloc(0);
  for (;;) {
    const at = seen.indexOf(mark);
    if (at >= 0) {
      if (seen.length > at + mark.length) socket.unshift(seen.subarray(at + mark.length));
      return seen.subarray(0, at + mark.length).toString("latin1");
    }
    seen = Buffer.concat([seen, await readSome(socket)]);
  }
}

/** The next bytes of a paused socket. */
export async function readSome(socket: net.Socket): Promise<Buffer> {
  for (;;) {
    const bytes = socket.read() as Buffer | null;
    if (bytes !== null) return bytes;
    if (socket.readableEnded || socket.destroyed) throw new Error("The connection ended early");
    await new Promise<void>((resolve, reject) => {
      const done = (error?: Error): void => {
        for (const name of ["readable", "end", "close"]) socket.removeListener(name, done);
        socket.removeListener("error", done);
        if (error instanceof Error) reject(error);
        else resolve();
      };
      for (const name of ["readable", "end", "close"]) socket.once(name, done);
      socket.once("error", done);
    });
  }
}

async function readLength(socket: net.Socket, length: number): Promise<string> {
  let seen = Buffer.alloc(0);
  while (seen.length < length) seen = Buffer.concat([seen, await readSome(socket)]);
  return seen.toString("utf8");
}

async function readBody(socket: net.Socket, headers: ReadonlyMap<string, string>): Promise<string> {
  if (headers.get("transfer-encoding") !== "chunked") {
    return await readLength(socket, Number(headers.get("content-length") ?? 0));
  }
  let body = "";
  for (;;) {
    const length = Number.parseInt(await readUntil(socket, "\r\n"), 16);
    if (length > 0) body += await readUntilLength(socket, length);
    await readUntil(socket, "\r\n");
    if (length === 0) return body;
  }
}

async function readUntilLength(socket: net.Socket, length: number): Promise<string> {
  let seen = Buffer.alloc(0);
  while (seen.length < length) seen = Buffer.concat([seen, await readSome(socket)]);
  if (seen.length > length) socket.unshift(seen.subarray(length));
  return seen.subarray(0, length).toString("utf8");
}

/** Sends request lines on a connection of their own and reads the answer; a tunnel's 200 has no body to read. */
export async function exchange(
  proxy: AccessProxy,
  lines: readonly string[],
  options: { readonly client?: Identity } = {},
): Promise<RawAnswer> {
  const { socket, raw } = await dialProxy(proxy, options);
  try {
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    const answer = await readHead(socket);
    const tunnel =
      answer.status === 200 && (lines[0]?.startsWith("CONNECT") === true || answer.headers.has("capsule-protocol"));
    return { ...answer, body: tunnel ? "" : await readBody(socket, answer.headers) };
  } finally {
    raw.destroy();
  }
}
