import { createHash } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import type { Duplex, Readable } from "node:stream";

/** A small generator (mulberry32): the same seed gives the same bytes and choices on every machine. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A block of bytes without repetition that a lost or doubled chunk could hide in. */
function block(seed: number, size: number): Buffer {
  const next = random(seed);
  const bytes = Buffer.alloc(size);
  for (let i = 0; i + 4 <= size; i += 4) bytes.writeUInt32LE(Math.floor(next() * 4_294_967_296), i);
  return bytes;
}

/** Sends `total` bytes in chunks of random size, with backpressure, and returns their SHA-256. Does not end the stream. */
export async function sendRandom(stream: Duplex, total: number, seed: number, most = 128 * 1024): Promise<string> {
  const hash = createHash("sha256");
  const next = random(seed + 1);
  const bytes = block(seed, 1024 * 1024 + 4096);
  for (let sent = 0; sent < total;) {
    const size = Math.min(1 + Math.floor(next() * most), total - sent);
    const start = Math.floor(next() * (bytes.length - size));
    const chunk = bytes.subarray(start, start + size);
    hash.update(chunk);
    sent += size;
    if (!stream.write(chunk)) await once(stream, "drain");
  }
  return hash.digest("hex");
}

export interface Received {
  readonly bytes: number;
  readonly sha256: string;
}

/** Reads to the end. Rejects when the stream fails or closes before its end. */
export function receiveAll(stream: Readable): Promise<Received> {
  return new Promise((resolve, reject) => {
    const hash = createHash("sha256");
    let bytes = 0;
    // A socket that nobody reads ends by itself where nothing has come, and says so only once.
    if (stream.readableEnded) return void resolve({ bytes, sha256: hash.digest("hex") });
    if (stream.destroyed) return void reject(new Error("closed before anybody read from it"));
    stream.on("data", (chunk: Buffer) => {
      hash.update(chunk);
      bytes += chunk.length;
    });
    stream.once("end", () => resolve({ bytes, sha256: hash.digest("hex") }));
    stream.once("error", reject);
    stream.once("close", () => reject(new Error(`closed after ${bytes} bytes without an end`)));
    stream.resume();
  });
}

/** How a socket came to its end: cleanly, or the code of its error. */
export function endOf(socket: net.Socket): Promise<string> {
  return new Promise((resolve) => {
    if (socket.readableEnded) return void resolve("end");
    if (socket.destroyed) return void resolve("close");
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.once("end", () => resolve("end"));
    socket.once("close", () => resolve("close"));
    socket.resume();
  });
}

/** A client of a tunnel, with half-close. */
export async function connectTo(address: { host: string; port: number }): Promise<net.Socket> {
  const socket = net.connect({ host: address.host, port: address.port, allowHalfOpen: true, noDelay: true });
  await once(socket, "connect");
  // Whoever cares how it ends looks for it; a reset when everything is torn down is nobody's failure.
  socket.on("error", () => undefined);
  return socket;
}

/** An upstream service. `handler` may be changed between tests; sockets are half-open. */
export class Upstream {
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  handler: (socket: net.Socket) => void;
  accepted = 0;

  private constructor(handler: (socket: net.Socket) => void) {
    this.handler = handler;
    this.#server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.accepted += 1;
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
      socket.on("error", () => undefined);
      this.handler(socket);
    });
  }

  static async start(handler: (socket: net.Socket) => void = echo): Promise<Upstream> {
    const upstream = new Upstream(handler);
    upstream.#server.listen(0, "127.0.0.1");
    await once(upstream.#server, "listening");
    return upstream;
  }

  get address(): { host: string; port: number } {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    return { host: "127.0.0.1", port: address.port };
  }

  /** The next connection, which `handler` does not see. */
  next(): Promise<net.Socket> {
    const before = this.handler;
    return new Promise((resolve) => {
      this.handler = (socket) => {
        this.handler = before;
        resolve(socket);
      };
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** Sends everything back, and ends when the client has ended. */
export function echo(socket: net.Socket): void {
  socket.pipe(socket);
}
