import dgram from "node:dgram";
import os from "node:os";
import { afterEach, describe, expect, it, vi } from "vitest";
import { UdpSockets } from "../../../../src/engine/tunnel/udp-sockets.ts";
import { UdpClient } from "../../../support/udp.ts";

const eventually = <T>(get: () => T): ReturnType<typeof expect.poll<T>> => expect.poll(get, { timeout: 10_000 });

type Interfaces = ReturnType<typeof os.networkInterfaces>;

const limits = { udpReceiveBytes: 64 * 1024, udpAddressesMs: 20 };
const opened: UdpSockets[] = [];
const clients: UdpClient[] = [];

afterEach(() => {
  for (const sockets of opened.splice(0)) sockets.close();
  for (const client of clients.splice(0)) client.close();
  vi.restoreAllMocks();
});

/** What this computer has, once as its own and as often as named. */
const having = (...addresses: string[]): Interfaces =>
  Object.fromEntries(
    addresses.map((address, index) => [
      `test${index}`,
      [{ address, family: "IPv4", netmask: "255.0.0.0", mac: "", internal: true, cidr: null }],
    ]),
  );

/** Sockets on every IPv4 address of a computer that has these; they send back whatever comes. */
async function onAll(interfaces: () => Interfaces): Promise<{ sockets: UdpSockets; looks: () => number }> {
  const spy = vi.spyOn(os, "networkInterfaces").mockImplementation(interfaces);
  const sockets = new UdpSockets({
    listen: { host: "0.0.0.0", port: 0 },
    limits,
    message: (payload, from, socket) => socket.send(payload, from.port, from.address),
  });
  opened.push(sockets);
  await sockets.open(new AbortController().signal);
  return { sockets, looks: () => spy.mock.calls.length };
}

async function clientOf(sockets: UdpSockets, host: string): Promise<UdpClient> {
  const client = await UdpClient.open({ host, port: sockets.port });
  clients.push(client);
  return client;
}

describe("on every address", () => {
  it("an address that two interfaces have is bound once", async () => {
    const { sockets } = await onAll(() => having("127.0.0.1", "127.0.0.1"));
    expect((await (await clientOf(sockets, "127.0.0.1")).ask("hello")).toString()).toBe("hello");
  });

  it("one that comes is listened on, one that goes no more, and one that comes back again", async () => {
    let now = having("127.0.0.1");
    const { sockets, looks } = await onAll(() => now);
    const answers = async (): Promise<boolean> => {
      const client = await clientOf(sockets, "127.0.5.1");
      client.send("there?");
      return client.answered(1, 50).then(
        () => true,
        () => false,
      );
    };
    expect(await answers()).toBe(false);
    for (let time = 0; time < 2; time += 1) {
      now = having("127.0.0.1", "127.0.5.1");
      await eventually(answers).toBe(true);
      now = having("127.0.0.1");
      await eventually(answers).toBe(false);
    }
    const before = looks();
    await eventually(looks).toBeGreaterThan(before);
  });

  it("a system that cannot tell its addresses for a while ends nothing", async () => {
    const uncaught: unknown[] = [];
    const note = (error: unknown): void => void uncaught.push(error);
    process.on("uncaughtException", note);
    try {
      let now = (): Interfaces => having("127.0.0.1");
      const { sockets, looks } = await onAll(() => now());
      now = () => {
        throw Object.assign(new Error("too many open files"), { code: "ERR_SYSTEM_ERROR" });
      };
      const before = looks();
      await eventually(looks).toBeGreaterThan(before + 2);
      expect(uncaught).toEqual([]);
      expect((await (await clientOf(sockets, "127.0.0.1")).ask("hello")).toString()).toBe("hello");
    } finally {
      process.off("uncaughtException", note);
    }
  });

  it("a socket that is bound while all are closed is closed as well", async () => {
    let now = having("127.0.0.1");
    const { sockets } = await onAll(() => now);
    const bound = vi.spyOn(dgram, "createSocket");
    now = having("127.0.0.1", "127.0.5.1");
    await eventually(() => bound.mock.results.length).toBe(1);
    const socket = bound.mock.results[0]?.value as dgram.Socket;
    const closed = new Promise((resolve) => socket.once("close", resolve));
    sockets.close();
    await closed;
  });
});

describe("a socket", () => {
  it("works with the buffer it has where the system gives it no larger one", async () => {
    const uncaught: unknown[] = [];
    const note = (error: unknown): void => void uncaught.push(error);
    process.on("uncaughtException", note);
    try {
      const sockets = new UdpSockets({
        listen: { host: "127.0.0.1", port: 0 },
        // More than any system takes.
        limits: { ...limits, udpReceiveBytes: -1 },
        message: (payload, from, socket) => socket.send(payload, from.port, from.address),
      });
      opened.push(sockets);
      await sockets.open(new AbortController().signal);
      expect((await (await clientOf(sockets, "127.0.0.1")).ask("hello")).toString()).toBe("hello");
      expect(uncaught).toEqual([]);
    } finally {
      process.off("uncaughtException", note);
    }
  });
});
