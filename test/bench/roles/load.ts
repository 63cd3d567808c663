import { once } from "node:events";
import net from "node:net";
import { percentile } from "../statistics.ts";
import { bulkRequest } from "./upstream.ts";

type Direction = "down" | "up";

const chunk = Buffer.alloc(64 * 1024, "culvert ");
const endless = Number.MAX_SAFE_INTEGER;

/** Rejects when the socket closes before the work on it is done. */
function lost(socket: net.Socket): Promise<never> {
  return new Promise((_resolve, reject) => {
    let cause: Error | undefined;
    socket.once("error", (error) => (cause = error));
    socket.once("close", () => reject(new Error("the connection was closed early", { cause })));
  });
}

async function connect(port: number): Promise<net.Socket> {
  const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
  await Promise.race([once(socket, "connect"), lost(socket)]);
  return socket;
}

/** A transfer whose received bytes are counted without a buffer for each of them. */
function transfer(port: number, direction: Direction, bytes: number, onBytes: (size: number) => void): net.Socket {
  const onread = { buffer: Buffer.alloc(256 * 1024), callback: (size: number) => (onBytes(size), true) };
  const socket = net.connect({ port, host: "127.0.0.1", noDelay: true, onread });
  socket.write(bulkRequest(direction, bytes));
  if (direction === "up") {
    let left = bytes;
    const more = (): void => {
      while (left > 0 && !socket.destroyed) {
        const next = left < chunk.length ? chunk.subarray(0, left) : chunk;
        left -= next.length;
        if (!socket.write(next)) return;
      }
    };
    socket.on("drain", more);
    more();
  }
  return socket;
}

/** One transfer from the request to the last byte at the far end; milliseconds. */
async function bulk(argument: {
  readonly port: number;
  readonly direction: Direction;
  readonly bytes: number;
}): Promise<number> {
  const { port, direction, bytes } = argument;
  const startedAt = performance.now();
  // Upwards the far end answers with one byte when it has everything.
  let left = direction === "down" ? bytes : 1;
  let onAll = (): void => undefined;
  const all = new Promise<void>((resolve) => (onAll = resolve));
  const socket = transfer(port, direction, bytes, (size) => (left -= size) <= 0 && onAll());
  await Promise.race([all, lost(socket)]);
  const ms = performance.now() - startedAt;
  socket.destroy();
  return ms;
}

let background: { readonly sockets: net.Socket[]; readonly bytes: () => number; readonly since: number } | null = null;

/** Starts transfers without an end. */
async function startBulk(argument: {
  readonly port: number;
  readonly direction: Direction;
  readonly streams: number;
}): Promise<void> {
  let received = 0;
  const sockets = Array.from({ length: argument.streams }, () =>
    transfer(argument.port, argument.direction, endless, (size) => (received += size)),
  );
  for (const socket of sockets) socket.on("error", () => undefined);
  const sent = (): number => sockets.reduce((sum, socket) => sum + socket.bytesWritten - socket.writableLength, 0);
  background = { sockets, bytes: argument.direction === "down" ? () => received : sent, since: performance.now() };
  await new Promise((resolve) => setTimeout(resolve, 100));
}

/** Ends them; megabytes a second over their time. */
async function stopBulk(_: null): Promise<number> {
  if (background === null) return 0;
  const { sockets, bytes, since } = background;
  background = null;
  const rate = bytes() / 1_000 / (performance.now() - since);
  for (const socket of sockets) socket.resetAndDestroy();
  await new Promise((resolve) => setTimeout(resolve, 150));
  return rate;
}

/** One byte there and back on one connection until `ms` are over; the times in microseconds, but for the first few. */
async function ping(port: number, ms: number): Promise<number[]> {
  const socket = await connect(port);
  const failed = lost(socket);
  const times: number[] = [];
  const byte = Buffer.from("x");
  const done = new Promise<void>((resolve) => {
    let sentAt = performance.now();
    const endAt = sentAt + ms;
    socket.on("data", () => {
      const now = performance.now();
      times.push((now - sentAt) * 1_000);
      if (now >= endAt) return resolve();
      sentAt = performance.now();
      socket.write(byte);
    });
    socket.write(byte);
  });
  await Promise.race([done, failed]);
  socket.destroy();
  // The first waits for the tunnel.
  return times.slice(2);
}

/** Round trips of so many clients at once, one of each under way at any time; microseconds. */
async function roundTrips(argument: {
  readonly port: number;
  readonly ms: number;
  readonly clients: number;
}): Promise<{ p50: number; p99: number }> {
  const pings = Array.from({ length: argument.clients }, () => ping(argument.port, argument.ms));
  const times = (await Promise.all(pings)).flat();
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}

/** One client: a byte out, a byte back. Its end is not waited for. */
async function exchange(port: number): Promise<void> {
  const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
  socket.write("x");
  await Promise.race([once(socket, "data"), lost(socket)]);
  socket.end().resume();
}

/** Clients one after another by each of `workers`; how many got their byte in a second. */
async function tunnels(argument: {
  readonly port: number;
  readonly ms: number;
  readonly workers: number;
}): Promise<number> {
  const { port, ms, workers } = argument;
  const startedAt = performance.now();
  let count = 0;
  const work = async (): Promise<void> => {
    while (performance.now() - startedAt < ms) {
      await exchange(port);
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return (count * 1_000) / (performance.now() - startedAt);
}

const held = new Set<net.Socket>();

/** Opens clients, each with a byte there and back, and keeps them. */
async function hold({ port, count }: { readonly port: number; readonly count: number }): Promise<void> {
  let left = count;
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const socket = await connect(port);
      held.add(socket);
      const failed = lost(socket);
      failed.catch(() => held.delete(socket));
      socket.write("x");
      await Promise.race([once(socket, "data"), failed]);
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
}

/** Lets them go; how many there still were. */
function release(_: null): Promise<number> {
  const count = held.size;
  for (const socket of held) socket.destroy();
  held.clear();
  return Promise.resolve(count);
}

/** A new client, from its connect to the first byte that comes back; milliseconds. */
async function firstByte({ port }: { readonly port: number }): Promise<number> {
  const startedAt = performance.now();
  const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
  socket.write("x");
  await Promise.race([once(socket, "data"), lost(socket)]);
  const ms = performance.now() - startedAt;
  socket.destroy();
  return ms;
}

/** A client whose upstream ends after the first byte: from that byte to the end; milliseconds. */
async function endAfterByte({ port }: { readonly port: number }): Promise<number> {
  const socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
  const failed = lost(socket);
  failed.catch(() => undefined);
  const end = once(socket, "end");
  socket.write("x");
  await Promise.race([once(socket, "data"), failed]);
  const startedAt = performance.now();
  await Promise.race([end, failed]);
  return performance.now() - startedAt;
}

/** The clients. */
export const loadCalls = { bulk, startBulk, stopBulk, roundTrips, tunnels, hold, release, firstByte, endAfterByte };
