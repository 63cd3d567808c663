import type { Socket } from "node:dgram";
import { once } from "node:events";
import { percentile } from "../statistics.ts";
import { connectUdp } from "../udp-relay.ts";

/** An answer that has not come by then is lost; milliseconds. A first one may wait for a tunnel. */
const lostMs = 1_000;
const firstLostMs = 10_000;
/** Between the first answers and the measurement: connections are opened ahead then. */
const settleMs = 100;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Rejects when the socket has an error, such as nobody at the port, or when `watch` says so. */
function failure(socket: Socket): { readonly failed: Promise<never>; readonly fail: (why: string) => void } {
  let reject: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_resolve, fail) => (reject = fail));
  failed.catch(() => undefined);
  socket.once("error", reject);
  return { failed, fail: (why) => reject(new Error(why)) };
}

interface Client {
  readonly socket: Socket;
  /** Rejects when the socket has an error. */
  readonly failed: Promise<never>;
}

/** Opens a client and waits for its first answer, so that its way is open. */
async function openClient(port: number, payload: Buffer): Promise<Client> {
  const socket = await connectUdp(port);
  const { failed, fail } = failure(socket);
  const timer = setTimeout(() => fail(`no first answer within ${firstLostMs} ms`), firstLostMs);
  try {
    socket.send(payload);
    await Promise.race([once(socket, "message"), failed]);
    return { socket, failed };
  } catch (error) {
    socket.close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** One datagram there and back on an open way until `ms` are over, one under way at any time; microseconds. */
async function roundTrips(argument: {
  readonly port: number;
  readonly ms: number;
  readonly bytes: number;
}): Promise<{ p50: number; p99: number }> {
  const payload = Buffer.alloc(argument.bytes, "culvert ");
  const { socket, failed } = await openClient(argument.port, payload);
  await wait(settleMs);
  const times: number[] = [];
  const done = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("a datagram was lost")), lostMs);
    let sentAt = performance.now();
    const endAt = sentAt + argument.ms;
    socket.on("message", () => {
      const now = performance.now();
      times.push((now - sentAt) * 1_000);
      if (now >= endAt) {
        clearTimeout(timer);
        return resolve();
      }
      timer.refresh();
      sentAt = performance.now();
      socket.send(payload);
    });
    socket.send(payload);
  });
  try {
    await Promise.race([done, failed]);
  } finally {
    socket.close();
  }
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}

/** A client that has `window` datagrams under way at any time. */
class Flow {
  readonly #socket: Socket;
  readonly #payload: Buffer;
  readonly #window: number;
  #running = true;
  #underWay = 0;
  #heardAt = performance.now();
  answers = 0;
  lost = 0;

  constructor(socket: Socket, payload: Buffer, window: number) {
    this.#socket = socket;
    this.#payload = payload;
    this.#window = window;
    socket.on("message", () => {
      this.#heardAt = performance.now();
      this.#underWay -= 1;
      this.answers += 1;
      this.#fill();
    });
    this.#fill();
  }

  #fill(): void {
    while (this.#running && this.#underWay < this.#window) {
      this.#underWay += 1;
      this.#socket.send(this.#payload);
    }
  }

  /** Gives up what is under way where nothing has come for so long. */
  check(silentMs: number): void {
    if (this.#underWay === 0 || performance.now() - this.#heardAt < silentMs) return;
    this.lost += this.#underWay;
    this.#underWay = 0;
    this.#heardAt = performance.now();
    this.#fill();
  }

  /** Sends no more and waits for what is under way; what has not come then is lost. */
  async end(): Promise<void> {
    this.#running = false;
    while (this.#underWay > 0) {
      await wait(5);
      this.check(lostMs);
    }
  }
}

let opened: readonly Client[] = [];

/** Opens the clients of a `rate`, each with its first answer. What that costs is over when it resolves. */
async function open(argument: {
  readonly port: number;
  readonly bytes: number;
  readonly clients: number;
}): Promise<void> {
  const payload = Buffer.alloc(argument.bytes);
  opened = await Promise.all(Array.from({ length: argument.clients }, () => openClient(argument.port, payload)));
  await wait(settleMs);
}

/**
 * Datagrams that came back in a second, of all open clients together, each with so many under way; how many were lost,
 * and how many there were, so that other costs can be divided by them. Closes the clients.
 */
async function rate(argument: {
  readonly ms: number;
  readonly bytes: number;
  readonly window: number;
}): Promise<{ rate: number; lost: number; answers: number }> {
  const { ms, bytes, window } = argument;
  const clients = opened;
  opened = [];
  const payload = Buffer.alloc(bytes, "culvert ");
  const startedAt = performance.now();
  const flows = clients.map(({ socket }) => new Flow(socket, payload, window));
  const answers = (): number => flows.reduce((sum, flow) => sum + flow.answers, 0);
  const watch = setInterval(() => {
    for (const flow of flows) flow.check(lostMs);
  }, 100);
  try {
    await Promise.race([wait(ms), ...clients.map(({ failed }) => failed)]);
    const perSecond = (answers() * 1_000) / (performance.now() - startedAt);
    await Promise.all(flows.map((flow) => flow.end()));
    return { rate: perSecond, lost: flows.reduce((sum, flow) => sum + flow.lost, 0), answers: answers() };
  } finally {
    clearInterval(watch);
    for (const { socket } of clients) socket.close();
  }
}

/** A new client, from its first datagram to the answer; milliseconds. */
async function firstAnswer({ port, bytes }: { readonly port: number; readonly bytes: number }): Promise<number> {
  const startedAt = performance.now();
  const { socket } = await openClient(port, Buffer.alloc(bytes));
  const ms = performance.now() - startedAt;
  socket.close();
  return ms;
}

/** UDP clients. */
export const udpLoadCalls = { roundTrips, open, rate, firstAnswer };
