import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Tunnel } from "../../src/engine/index.ts";
import type { Faults } from "../support/access-proxy/index.ts";
import { Rig, type RigOptions } from "../support/rig.ts";
import { connectTo, endOf, receiveAll, sendRandom, Upstream } from "../support/streams.ts";
import { endAll, eventually, liveClient, refusedClient, roundTrip } from "./connector-clients.ts";

let upstream: Upstream;
let rig: Rig;
let tunnel: Tunnel;

const route = (host: string): RigOptions["routes"][number] => ({
  host,
  port: 7000,
  upstream: upstream.address,
  policy: "public",
});
async function start(faults: Partial<Faults> = {}, options: Partial<RigOptions> = {}): Promise<void> {
  rig = await Rig.start({ front: "node", routes: [route("echo.corp.test"), route("pg.corp.test")], ...options });
  rig.proxy.faults.set(faults);
  tunnel = await rig.open("echo.corp.test:7000");
}
const vias = (): string[] => rig.seen("peer-connected").map(({ via }) => via);

beforeAll(async () => {
  upstream = await Upstream.start();
});
afterAll(() => upstream.close());
afterEach(() => rig.close());

describe("one HTTP/2 connection", () => {
  it("carries many clients, of any route of that proxy", async () => {
    await start();
    const other = await rig.open("pg.corp.test:7000");
    const clients = await Promise.all(
      Array.from({ length: 40 }, (_, i) => liveClient(i % 2 === 0 ? tunnel : other, `client ${i}`)),
    );
    const { counters } = rig.proxy;
    expect([counters.accepted(), counters.h2SessionsTotal()]).toEqual([1, 1]);
    expect(counters.streamsPerSession()).toEqual([40]);
    expect(vias()).toEqual(Array<string>(40).fill("h2"));
    await endAll(rig, clients);
  });

  it("is not shared between different TLS settings", async () => {
    await start();
    const other = await rig.open("pg.corp.test:7000", { tls: { verify: false, ca: [] } });
    const clients = [await liveClient(tunnel), await liveClient(other)];
    expect(rig.proxy.counters.streamsPerSession()).toEqual([1, 1]);
    await endAll(rig, clients);
  });

  it("carries 50 clients at once that are signed in", async () => {
    await start({}, { routes: [{ ...route("echo.corp.test"), policy: "allow" }] });
    (await liveClient(tunnel)).destroy();
    const texts = Array.from({ length: 50 }, (_, i) => `client ${i} ${"x".repeat(i * 100)}`);
    const clients = await Promise.all(texts.map((text) => liveClient(tunnel, text)));
    expect(rig.seen("peer-failed")).toEqual([]);
    // The browser speaks HTTP/1.1.
    expect(rig.proxy.counters.h2SessionsTotal()).toBe(1);
    expect(rig.browser.pages).toHaveLength(1);
    await endAll(rig, clients);
  });

  it("is kept when it is idle, and closed after its time", async () => {
    await start({}, { limits: { http2IdleMs: 300 } });
    await endAll(rig, [await liveClient(tunnel)]);
    await endAll(rig, [await liveClient(tunnel)]);
    expect(rig.proxy.counters.accepted()).toBe(1);
    await eventually(() => rig.proxy.counters.open() === 0);
    await endAll(rig, [await liveClient(tunnel)]);
    expect(rig.proxy.counters.accepted()).toBe(2);
  });

  it("stays while a client is on it, however idle that is", async () => {
    await start({}, { limits: { http2IdleMs: 30 } });
    const client = await liveClient(tunnel);
    const other = await liveClient(tunnel);
    await endAll(rig, [other]);
    // Time enough for the idle limit to strike three times.
    await new Promise((resolve) => setTimeout(resolve, 100));
    await roundTrip(client);
    expect(rig.proxy.counters.accepted()).toBe(1);
    await endAll(rig, [client]);
    await eventually(() => rig.proxy.counters.open() === 0);
  });
});

describe("the proxy's stream limit", () => {
  it("opens further connections, and lets nobody wait in silence", async () => {
    await start({ maxConcurrentStreams: 3 });
    const clients = await Promise.all(Array.from({ length: 10 }, (_, i) => liveClient(tunnel, `client ${i}`)));
    const streams = rig.proxy.counters.streamsPerSession();
    expect(streams).toHaveLength(4);
    expect([...streams].sort()).toEqual([1, 3, 3, 3]);
    await endAll(rig, clients.splice(0, 3));
    const again = await liveClient(tunnel);
    expect(rig.proxy.counters.h2SessionsTotal()).toBe(4);
    await endAll(rig, [...clients, again]);
  });
});

describe("streams the proxy did not process", () => {
  it("are sent again, without the client noticing (REFUSED_STREAM)", async () => {
    await start({ refuseStreams: 2 });
    const client = await liveClient(tunnel, "the first bytes");
    expect(rig.proxy.faults.current.refuseStreams).toBe(0);
    expect(rig.proxy.counters.streamsTotal()).toBe(3);
    expect(rig.seen("peer-failed")).toEqual([]);
    expect(vias()).toEqual(["h2"]);
    await endAll(rig, [client]);
  });

  it("are given up after a few times, with an error that says it may work later", async () => {
    await start({ refuseStreams: 1_000 });
    expect(await refusedClient(rig, tunnel)).toMatchObject({ error: { retryable: true } });
    expect(rig.proxy.counters.streamsTotal()).toBeLessThan(10);
    expect(rig.seen("http2-given-up")).toEqual([]);
  });
});

describe("GOAWAY", () => {
  it("without an error lets old tunnels live on, and new clients get a new connection", async () => {
    await start();
    const old = await liveClient(tunnel);
    rig.proxy.faults.goaway();
    await roundTrip(old);
    const fresh = await liveClient(tunnel);
    await roundTrip(old, "old and well");
    expect(rig.proxy.counters.streamsPerSession()).toEqual([1, 1]);
    await endAll(rig, [old]);
    // The drained connection goes with its last tunnel.
    await eventually(() => rig.proxy.counters.open() === 1);
    await roundTrip(fresh);
    await endAll(rig, [fresh]);
  });

  it("while many tunnels carry data loses nothing", async () => {
    await start();
    const clients = await Promise.all(Array.from({ length: 5 }, () => liveClient(tunnel)));
    const received = clients.map((client) => receiveAll(client));
    const sums = clients.map(async (client, i) => {
      const sum = await sendRandom(client, 2_000_000, i + 1);
      client.end();
      return sum;
    });
    rig.proxy.faults.goaway();
    expect(await Promise.all(received)).toEqual(
      (await Promise.all(sums)).map((sha256) => ({ bytes: 2_000_000, sha256 })),
    );
  });

  it.each([
    ["with an error", () => rig.proxy.faults.goaway(2)],
    ["or a lost connection", () => rig.proxy.faults.dropConnections()],
    ["or a reset one", () => rig.proxy.faults.resetConnections()],
  ])("%s resets the clients, and the next one works", async (_name, fault) => {
    await start();
    const clients = await Promise.all(Array.from({ length: 3 }, () => liveClient(tunnel)));
    const ends = clients.map((client) => endOf(client));
    fault();
    expect(await Promise.all(ends)).toEqual(["ECONNRESET", "ECONNRESET", "ECONNRESET"]);
    await rig.event("peer-closed", 3);
    expect(rig.seen("peer-closed").map(({ how }) => how)).toEqual(Array<string>(3).fill("reset-by-proxy"));
    await endAll(rig, [await liveClient(tunnel)]);
    expect(rig.seen("http2-given-up")).toEqual([]);
  });

  it("while CONNECTs wait: they are sent again, with the clients' first bytes intact", async () => {
    await start({ holdConnects: true });
    const { faults } = rig.proxy;
    const clients = Array.from({ length: 10 }, (_, i) =>
      liveClient(tunnel, `first bytes of ${i} ${"x".repeat(i * 1000)}`),
    );
    await faults.whenHeld(10);
    faults.set({ holdConnects: false });
    // The released ones are answered at the same time: either outcome must do.
    faults.dropConnections();
    for (const client of await Promise.all(clients)) client.destroy();
    expect(rig.seen("peer-failed")).toEqual([]);
  });
});

describe("a stream that is reset", () => {
  it.each(["internal-error", "cancel"] as const)("is a reset to its client alone (%s)", async (code) => {
    await start();
    const client = await liveClient(tunnel);
    const end = endOf(client);
    rig.proxy.faults.resetStreams(code);
    expect(await end).toBe("ECONNRESET");
    await endAll(rig, [await liveClient(tunnel)]);
    expect(rig.proxy.counters.accepted()).toBe(1);
  });

  it("before its answer is an error to its client alone", async () => {
    await start({ holdConnects: true });
    const { faults } = rig.proxy;
    const failed = refusedClient(rig, tunnel);
    await faults.whenHeld();
    faults.resetStreams();
    expect(await failed).toMatchObject({
      error: { code: "connection-lost" },
    });
    faults.clear();
    await endAll(rig, [await liveClient(tunnel)]);
    expect(rig.proxy.counters.accepted()).toBe(1);
  });
});

describe("windows and ends", () => {
  it("of 64 KiB carry bulk correctly both ways", async () => {
    await start({ windowBytes: 65_535 });
    const size = 10_000_000;
    const client = await connectTo(tunnel.address);
    const received = receiveAll(client);
    const sum = await sendRandom(client, size, 5);
    client.end();
    expect(await received).toEqual({ bytes: size, sha256: sum });
  });

  it("with RST_STREAM(NO_ERROR) behind END_STREAM lose nothing, even to a client that reads slowly", async () => {
    await start({ resetAfterEnd: true });
    const accepted = upstream.next();
    const client = await connectTo(tunnel.address);
    const { localPort = 0 } = client;
    client.pause();
    const server = await accepted;
    const size = 8_000_000;
    const sum = sendRandom(server, size, 6).then((value) => {
      server.end();
      return value;
    });
    // The proxy has sent all of it, and reset the stream, before the client reads on.
    await eventually(() => rig.proxy.counters.streamsPerSession()[0] === 0);
    const received = receiveAll(client);
    expect(await received).toEqual({ bytes: size, sha256: await sum });
    client.end();
    expect(await rig.endOfPeer(localPort)).toMatchObject({ received: size });
  });

  it("of an upstream that has ended with a reset behind it are ends to a client that has ended, too", async () => {
    await start({ resetAfterEnd: true });
    const client = await connectTo(tunnel.address);
    const { localPort = 0 } = client;
    client.end("bye");
    expect(await receiveAll(client)).toMatchObject({ bytes: 3 });
    expect(await rig.endOfPeer(localPort)).toMatchObject({ how: "ended", sent: 3, received: 3 });
    if (!client.closed) await once(client, "close");
  });
});
