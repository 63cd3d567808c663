import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Tunnel } from "../../src/engine/index.ts";
import type { Limits } from "../../src/shared/limits.ts";
import type { Faults } from "../support/access-proxy/index.ts";
import { Rig, type RigOptions } from "../support/rig.ts";
import { Upstream } from "../support/streams.ts";
import { liveClient, refusedClient, roundTrip } from "./connector-clients.ts";

let upstream: Upstream;
let rig: Rig;
let tunnel: Tunnel;

async function start(
  faults: Partial<Faults>,
  options: Partial<RigOptions> & { limits?: Partial<Limits> } = {},
): Promise<void> {
  rig = await Rig.start({
    front: "node",
    routes: [{ host: "echo.corp.test", port: 7000, upstream: upstream.address, policy: "public" }],
    ...options,
  });
  rig.proxy.faults.set(faults);
  tunnel = await rig.open("echo.corp.test:7000");
}
beforeAll(async () => {
  upstream = await Upstream.start();
});
afterAll(() => upstream.close());
afterEach(() => rig.close());

describe("HTTP/2 that is offered and does not work", () => {
  it.each([
    ["resets CONNECT with PROTOCOL_ERROR", { h2: "reset-protocol-error" }],
    ["resets CONNECT with HTTP_1_1_REQUIRED", { h2: "reset-http-1-1-required" }],
    ["takes no streams", { maxConcurrentStreams: 0 }],
  ] as const)("%s: the first client gets through on HTTP/1.1, and it is remembered", async (_name, faults) => {
    await start(faults);
    const first = await liveClient(tunnel, "the first client");
    expect(rig.seen("peer-connected").map(({ via }) => via)).toEqual(["http/1.1"]);
    expect(rig.seen("http2-given-up")).toMatchObject([
      { proxy: rig.proxy.origin, reason: expect.stringMatching(/./) as string },
    ]);
    const sessions = rig.proxy.counters.h2SessionsTotal();
    const accepted = rig.proxy.counters.accepted();
    const second = await liveClient(tunnel);
    expect(rig.seen("peer-connected").map(({ via }) => via)).toEqual(["http/1.1", "http/1.1"]);
    expect(rig.proxy.counters.h2SessionsTotal()).toBe(sessions);
    expect(rig.proxy.counters.accepted()).toBe(accepted + 1);
    expect(rig.seen("http2-given-up")).toHaveLength(1);
    expect(rig.seen("peer-failed")).toEqual([]);
    first.destroy();
    second.destroy();
  });

  it("closes the connection at once: each client gets through, and the third is taken for a rule", async () => {
    // One or two may be a proxy that restarts; without HTTP/2 one-way ends are lost, so it is not given up lightly.
    await start({ h2: "close-after-preface" });
    const clients = [await liveClient(tunnel), await liveClient(tunnel)];
    expect(rig.seen("http2-given-up")).toEqual([]);
    clients.push(await liveClient(tunnel));
    expect(rig.seen("http2-given-up")).toHaveLength(1);
    const sessions = rig.proxy.counters.h2SessionsTotal();
    clients.push(await liveClient(tunnel));
    expect(rig.proxy.counters.h2SessionsTotal()).toBe(sessions);
    expect(rig.seen("peer-connected").map(({ via }) => via)).toEqual(Array<string>(4).fill("http/1.1"));
    expect(rig.seen("peer-failed")).toEqual([]);
    for (const client of clients) client.destroy();
  });

  it("works again after a proxy that restarts: nothing was learned of it", async () => {
    await start({ h2: "close-after-preface" });
    const during = await liveClient(tunnel);
    rig.proxy.faults.clear();
    const after = await liveClient(tunnel);
    expect(rig.seen("peer-connected").map(({ via }) => via)).toEqual(["http/1.1", "h2"]);
    during.destroy();
    after.destroy();
  });

  it("many first clients all get through", async () => {
    await start({ h2: "reset-protocol-error" });
    const clients = await Promise.all(Array.from({ length: 20 }, (_, i) => liveClient(tunnel, `client ${i}`)));
    expect(rig.seen("peer-connected").map(({ via }) => via)).toEqual(clients.map(() => "http/1.1"));
    expect(rig.seen("http2-given-up")).toHaveLength(1);
    for (const client of clients) client.destroy();
  });

  it("is tried again when what was learned has aged", async () => {
    await start({ h2: "reset-http-1-1-required" }, { limits: { learnedMs: 0 } });
    (await liveClient(tunnel)).destroy();
    rig.proxy.faults.clear();
    (await liveClient(tunnel)).destroy();
    expect(rig.seen("peer-connected").map(({ via }) => via)).toEqual(["http/1.1", "h2"]);
  });

  it("leaves tunnels alive that HTTP/2 carries already", async () => {
    await start({});
    const before = await liveClient(tunnel);
    rig.proxy.faults.set({ h2: "reset-http-1-1-required" });
    rig.proxy.faults.goaway();
    const after = await liveClient(tunnel);
    await roundTrip(before, "still here");
    expect(rig.seen("peer-connected").map(({ via }) => via)).toEqual(["h2", "http/1.1"]);
    before.destroy();
    after.destroy();
  });
});

describe("a network that drops connections", () => {
  it.each(["dropConnections", "resetConnections"] as const)(
    "does not teach that HTTP/2 does not work (%s)",
    async (fault) => {
      await start({ holdConnects: true });
      const { faults } = rig.proxy;
      const waiting = liveClient(tunnel, "held bytes");
      await faults.whenHeld();
      faults[fault]();
      await faults.whenHeld();
      faults.release();
      const client = await waiting;
      const next = await liveClient(tunnel);
      expect(rig.seen("http2-given-up")).toEqual([]);
      expect(rig.seen("peer-connected").map(({ via }) => via)).toEqual(["h2", "h2"]);
      client.destroy();
      next.destroy();
    },
  );

  it.each([{ tcp: "reset" }, { tcp: "close" }, { tls: "drop" }] as const)(
    "does not teach it either when no connection comes about (%o)",
    async (fault) => {
      await start(fault);
      expect(await refusedClient(rig, tunnel)).toMatchObject({
        error: { code: "connection-lost", retryable: true },
      });
      rig.proxy.faults.clear();
      const client = await liveClient(tunnel);
      expect(rig.seen("peer-connected")).toMatchObject([{ via: "h2" }]);
      expect(rig.seen("http2-given-up")).toEqual([]);
      client.destroy();
    },
  );

  it("is told to the client when it never ends, and forgotten when it does", async () => {
    await start({ holdConnects: true });
    const { faults } = rig.proxy;
    const failed = refusedClient(rig, tunnel);
    let over = false;
    void failed.then(() => (over = true));
    while (!over) {
      await Promise.race([faults.whenHeld(), failed]);
      faults.dropConnections();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(await failed).toMatchObject({ error: { code: "connection-lost", retryable: true } });
    faults.clear();
    (await liveClient(tunnel)).destroy();
    expect(rig.seen("http2-given-up")).toEqual([]);
    expect(rig.seen("peer-connected")).toMatchObject([{ via: "h2" }]);
  });
});

describe("a proxy that speaks HTTP/1.1 only", () => {
  const http1 = { alpn: ["http/1.1"] } as const;

  it("gets one connection a client, with TLS sessions resumed", async () => {
    await start({}, http1);
    const { counters } = rig.proxy;
    const first = await liveClient(tunnel);
    expect([counters.accepted(), counters.resumed()]).toEqual([1, 0]);
    for (let i = 0; i < 3; i += 1) (await liveClient(tunnel)).destroy();
    expect([counters.accepted(), counters.handshakes(), counters.resumed()]).toEqual([4, 4, 3]);
    expect(rig.seen("peer-connected").map(({ via }) => via)).toEqual(Array<string>(4).fill("http/1.1"));
    expect(rig.seen("http2-given-up")).toEqual([]);
    first.destroy();
  });

  it("is dialled for many clients at once", async () => {
    await start({ holdConnects: true }, http1);
    const { faults, counters } = rig.proxy;
    const clients = Array.from({ length: 20 }, (_, i) => liveClient(tunnel, `client ${i}`));
    // Were they dialled one after the other, the held first one would keep the others away.
    await faults.whenHeld(20);
    expect(counters.accepted()).toBe(20);
    faults.release();
    for (const client of await Promise.all(clients)) client.destroy();
  });

  it("gets the connection that found it out used, not thrown away", async () => {
    await start({}, http1);
    const clients = await Promise.all(Array.from({ length: 5 }, () => liveClient(tunnel)));
    expect(rig.proxy.counters.accepted()).toBe(5);
    for (const client of clients) client.destroy();
  });
});
