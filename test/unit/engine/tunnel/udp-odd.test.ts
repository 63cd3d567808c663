import http2 from "node:http2";
import type { Socket } from "node:net";
import os from "node:os";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Limits } from "../../../../src/shared/limits.ts";
import type { OddProxyOptions } from "../connect/odd-proxy.ts";
import { OddUdp } from "./odd-udp.ts";

const eventually = <T>(get: () => T): ReturnType<typeof expect.poll<T>> => expect.poll(get, { timeout: 10_000 });

let odd: OddUdp;
const start = async (options: OddProxyOptions = {}, limits: Partial<Limits> = {}): Promise<void> => {
  odd = await OddUdp.start(options, limits);
};
afterEach(async () => {
  await odd.close();
  vi.restoreAllMocks();
});

const opens = "HTTP/1.1 200 OK\r\nconnection: close\r\ncapsule-protocol: ?1\r\n\r\n";
/** Answers a request, and sends every capsule back. */
const echoes = (socket: Socket): void => {
  socket.write(opens);
  socket.on("data", (bytes) => socket.write(bytes));
};
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("a path that ends as soon as it is open", () => {
  it("on HTTP/2 in the same breath: its client begins anew", async () => {
    await start({ settings: { enableConnectProtocol: true } });
    odd.proxy.onRequest = echoes;
    const tunnel = await odd.tunnel();
    await (await odd.client(tunnel)).ask("first");
    await eventually(() => odd.proxy.spoken).toContain("h2");
    let ended = 0;
    odd.proxy.onStream = (stream) => {
      stream.respond({ ":status": 200, "capsule-protocol": "?1" });
      if (ended++ === 0) return stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
      stream.on("data", (bytes: Buffer) => stream.write(bytes));
    };
    // The pool may take a moment to have the SETTINGS.
    await eventually(async () => {
      const client = await odd.client(tunnel);
      client.send("hello");
      await wait(50);
      return ended;
    }).toBeGreaterThan(0);
    await eventually(() => odd.seen("peer-failed").length + odd.seen("peer-closed").length).toBeGreaterThan(0);
  });

  it("each time: is not asked for with every datagram", async () => {
    await start({ alpn: ["http/1.1"] }, { udpPauseFirstMs: 30_000 });
    let asked = 0;
    odd.proxy.onRequest = (socket) => {
      asked += 1;
      socket.end(opens);
    };
    const tunnel = await odd.tunnel();
    const client = await odd.client(tunnel);
    client.send("hello");
    await eventually(() => odd.seen("peer-closed").length).toBe(1);
    for (let time = 0; time < 50; time += 1) client.send("hello");
    await eventually(() => tunnel.dropped()).toBe(50);
    expect(asked).toBe(1);
  });
});

describe("a client that is disconnected while it waits", () => {
  it("keeps no other one from trying", async () => {
    await start({ alpn: ["http/1.1"] });
    odd.proxy.onRequest = () => undefined;
    const tunnel = await odd.tunnel();
    (await odd.client(tunnel)).send("hello");
    await eventually(() => tunnel.clients().length).toBe(1);
    expect(tunnel.disconnect(tunnel.clients()[0]?.peer ?? 0)).toBe(true);
    await eventually(() => tunnel.peers).toBe(0);
    odd.proxy.onRequest = echoes;
    expect((await (await odd.client(tunnel)).ask("other")).toString()).toBe("other");
  });
});

describe("clients at the gate", () => {
  it("that fall silent are forgotten, and hold nobody's place", async () => {
    await start({ alpn: ["http/1.1"] }, { udpPeersPerTunnel: 2, retryFirstMs: 60_000, retryMostMs: 60_000 });
    odd.proxy.onRequest = (socket) => socket.end("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n");
    const tunnel = await odd.tunnel({ retry: true, udpIdleMs: 300 });
    for (let number = 0; number < 2; number += 1) (await odd.client(tunnel)).send("hello");
    await eventually(() => odd.seen("peer-waiting").length).toBe(2);
    await eventually(() => tunnel.peers).toBe(0);
    // That they left says nothing about the way.
    odd.proxy.onRequest = echoes;
    tunnel.tryNow();
    await eventually(() => odd.seen("tunnel-recovered").length).toBe(1);
    expect((await (await odd.client(tunnel)).ask("other")).toString()).toBe("other");
    expect(tunnel.dropped()).toBe(2);
  });
});

describe("a local address that goes and comes back", () => {
  it("a client whose path is still there gets its answers", async () => {
    await start({ alpn: ["http/1.1"] }, { udpAddressesMs: 20 });
    odd.proxy.onRequest = echoes;
    const lo = { address: "127.0.0.1", family: "IPv4", netmask: "", mac: "", internal: true, cidr: null } as const;
    let there = true;
    const looks = vi
      .spyOn(os, "networkInterfaces")
      .mockImplementation(() => (there ? { lo: [lo] } : { lo: [{ ...lo, address: "127.0.5.1" }] }));
    const tunnel = await odd.tunnel({ listen: "0.0.0.0:0" });
    Object.assign(tunnel.address, { host: "127.0.0.1" });
    const client = await odd.client(tunnel);
    await client.ask("before");
    const looksAgain = async (): Promise<void> => {
      const before = looks.mock.calls.length;
      await eventually(() => looks.mock.calls.length).toBeGreaterThan(before + 1);
    };
    there = false;
    await looksAgain();
    there = true;
    await looksAgain();
    expect((await client.ask("after")).toString()).toBe("after");
    expect(tunnel.peers).toBe(1);
  });
});

describe("an address that has left this computer", () => {
  const here = Object.freeze({ family: "IPv4", netmask: "", mac: "", internal: true, cidr: null } as const);
  const interfaces = (...addresses: string[]): ReturnType<typeof os.networkInterfaces> => ({
    test: addresses.map((address) => ({ ...here, address })),
  });

  it("takes the paths with it that went out from it, so that their clients begin anew", async () => {
    await start({ alpn: ["http/1.1"] }, { udpAddressesMs: 20 });
    odd.proxy.onRequest = echoes;
    let now = interfaces("127.0.0.1", "127.0.5.1");
    const looks = vi.spyOn(os, "networkInterfaces").mockImplementation(() => now);
    const more = async (count: number): Promise<void> => {
      const before = looks.mock.calls.length;
      await eventually(() => looks.mock.calls.length).toBeGreaterThanOrEqual(before + count);
    };
    const tunnel = await odd.tunnel();
    const client = await odd.client(tunnel);
    await client.ask("before");
    await more(3);
    expect(odd.seen("peer-failed")).toEqual([]);
    // The connection to the proxy goes out from 127.0.0.1.
    now = interfaces("127.0.5.1");
    await eventually(() => odd.seen("peer-failed").length).toBe(1);
    expect(odd.seen("peer-failed")[0]).toMatchObject({ step: "transfer", error: { code: "connection-lost" } });
    expect((await client.ask("after")).toString()).toBe("after");
    // Never seen among the computer's own, it says nothing when it is missing.
    await more(4);
    expect(odd.seen("peer-failed")).toHaveLength(1);
    expect(tunnel.peers).toBe(1);
  });
});

describe("an HTTP/2 connection with little room", () => {
  it("gets no more clients than it takes, also when they all come at once", async () => {
    await start(
      { settings: { enableConnectProtocol: true, maxConcurrentStreams: 3 } },
      { retryFirstMs: 60_000, retryMostMs: 60_000, connectAnswerMs: 2_000 },
    );
    odd.proxy.onRequest = echoes;
    odd.proxy.onStream = (stream) => {
      stream.respond({ ":status": 200, "capsule-protocol": "?1" });
      stream.on("data", (bytes: Buffer) => stream.write(bytes));
    };
    const tunnel = await odd.tunnel({ retry: true });
    await (await odd.client(tunnel)).ask("first");
    await eventually(async () => {
      await (await odd.client(tunnel)).ask("next");
      return odd.seen("peer-connected").at(-1)?.via;
    }).toBe("h2");
    // Whatever is asked for now fails, until the gate lets all of them through together.
    const { onStream } = odd.proxy;
    odd.proxy.onStream = (stream) => stream.respond({ ":status": 503 }, { endStream: true });
    odd.proxy.onRequest = (socket) => socket.end("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n");
    const clients = await Promise.all(Array.from({ length: 8 }, () => odd.client(tunnel)));
    for (const client of clients) client.send("hello");
    await eventually(() => odd.seen("peer-waiting").length).toBe(8);
    odd.proxy.onStream = onStream;
    odd.proxy.onRequest = echoes;
    tunnel.tryNow();
    await Promise.all(clients.map((client) => client.answered(1)));
    expect(odd.seen("tunnel-retrying")).toHaveLength(1);
  });
});

describe("a proxy that means no good", () => {
  const chunked = `${opens.slice(0, -2)}transfer-encoding: chunked\r\n\r\n`;
  it.each([
    ["interim answers without end", "not-pomerium", "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".repeat(2_000)],
    ["a head without end", "not-pomerium", `HTTP/1.1 200 OK\r\nx: ${"x".repeat(64 * 1024)}`],
    ["datagrams before its answer", "not-pomerium", `\0\x02\0x${opens}`],
    ["200 without a word of capsules", "udp-not-offered", "HTTP/1.1 200 OK\r\n\r\n"],
    ["a page", "udp-not-offered", `${opens.slice(0, -2)}content-type: text/html\r\n\r\n<p>hello`],
    [
      "101 to another protocol",
      "udp-not-offered",
      "HTTP/1.1 101 x\r\nupgrade: websocket\r\ncapsule-protocol: ?1\r\n\r\n",
    ],
    ["a chunk whose line does not end", "connection-lost", `${chunked}1;${"x".repeat(64 * 1024)}`],
    ["trailers without end", "connection-lost", `${chunked}0\r\n${"a: b\r\n".repeat(20_000)}`],
    ["a datagram longer than any", "connection-lost", `${opens}\0\x80\x01\0\0\0`],
  ])("%s: the client fails, and the connection is ended", async (_, code, answer) => {
    await start({ plain: true });
    const ends: Promise<unknown>[] = [];
    odd.proxy.onRequest = (socket) => {
      ends.push(new Promise((resolve) => socket.once("close", resolve)));
      socket.on("end", () => socket.end()).resume();
      socket.write(answer, "latin1");
    };
    (await odd.client(await odd.tunnel())).send("hello");
    await eventually(() => odd.seen("peer-failed").map(({ error }) => error.code)).toEqual([code]);
    await ends[0];
  });
});

describe("a connection that stood ready", () => {
  it("and is told that it was too slow (408) is replaced by a new one", async () => {
    await start({ plain: true });
    odd.proxy.onRequest = echoes;
    const tunnel = await odd.tunnel();
    await (await odd.client(tunnel)).ask("first");
    // Its own, and the one that stands ready.
    await eventually(() => odd.proxy.accepted).toBe(2);
    await wait(20);
    let late = 0;
    odd.proxy.onRequest = (socket) => {
      if (late++ === 0) socket.end("HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      else echoes(socket);
    };
    expect((await (await odd.client(tunnel)).ask("second")).toString()).toBe("second");
    expect(late).toBe(2);
  });
});
