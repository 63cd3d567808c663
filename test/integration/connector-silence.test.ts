import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Tunnel } from "../../src/engine/index.ts";
import type { Limits } from "../../src/shared/limits.ts";
import { Rig } from "../support/rig.ts";
import { connectTo, endOf, Upstream } from "../support/streams.ts";
import { endAll, eventually, liveClient, refusedClient, roundTrip } from "./connector-clients.ts";

let upstream: Upstream;
let rig: Rig;
let tunnel: Tunnel;

async function start(limits: Partial<Limits>): Promise<void> {
  rig = await Rig.start({
    front: "node",
    routes: [{ host: "echo.corp.test", port: 7000, upstream: upstream.address, policy: "public" }],
    limits,
  });
  tunnel = await rig.open("echo.corp.test:7000");
}
beforeAll(async () => {
  upstream = await Upstream.start();
});
afterAll(() => upstream.close());
afterEach(() => rig.close());

describe("a connection that has died without a word", () => {
  it("does not keep the next client: it gets through on another one, first bytes included", async () => {
    await start({ http2QuietMs: 0, http2SuspectMs: 400 });
    await endAll(rig, [await liveClient(tunnel)]);
    expect(rig.proxy.faults.silence()).toBe(1);
    const clients = await Promise.all(Array.from({ length: 5 }, (_, i) => liveClient(tunnel, `first bytes of ${i}`)));
    expect(rig.proxy.counters.h2SessionsTotal()).toBe(2);
    expect(rig.seen("peer-failed")).toEqual([]);
    expect(rig.seen("http2-given-up")).toEqual([]);
    await endAll(rig, clients);
  });

  it("does not keep a client that came before the silence could be noticed either", async () => {
    await start({ http2QuietMs: 300, http2SuspectMs: 300 });
    await endAll(rig, [await liveClient(tunnel)]);
    rig.proxy.faults.silence();
    await endAll(rig, [await liveClient(tunnel, "first bytes")]);
    expect(rig.proxy.counters.h2SessionsTotal()).toBe(2);
    expect(rig.seen("peer-failed")).toEqual([]);
  });

  it("is not asked for at all by later clients", async () => {
    await start({ http2QuietMs: 0, http2SuspectMs: 400 });
    await endAll(rig, [await liveClient(tunnel)]);
    rig.proxy.faults.silence();
    await endAll(rig, [await liveClient(tunnel)]);
    const { counters } = rig.proxy;
    const before = counters.accepted();
    const clients = await Promise.all(Array.from({ length: 3 }, () => liveClient(tunnel)));
    expect(counters.accepted()).toBe(before);
    await endAll(rig, clients);
  });

  it("cuts its tunnels off when no PING is answered for long enough, and not before", async () => {
    await start({ http2QuietMs: 200, http2PingEveryMs: 20, http2SuspectMs: 200, http2PingAnswerMs: 4_000 });
    const client = await liveClient(tunnel);
    const end = endOf(client);
    rig.proxy.faults.silence();
    // New clients leave it long before its tunnels are given up.
    const next = await liveClient(tunnel);
    expect(client.destroyed).toBe(false);
    expect(await end).toBe("ECONNRESET");
    expect(await rig.event("peer-closed")).toMatchObject({ how: "reset-by-proxy" });
    await roundTrip(next);
    await endAll(rig, [next]);
  });

  it("may come back: what was only a long silence costs no tunnel", async () => {
    await start({ http2QuietMs: 0, http2SuspectMs: 400, http2PingAnswerMs: 60_000 });
    rig.proxy.faults.set({ filterFrames: true });
    const client = await liveClient(tunnel);
    rig.proxy.faults.set({ ignorePings: true });
    // A second connection shows that the first is under suspicion.
    rig.proxy.faults.set({ holdConnects: true });
    const other = liveClient(tunnel, "first bytes");
    await eventually(() => rig.proxy.counters.h2SessionsTotal() > 1);
    rig.proxy.faults.set({ holdConnects: false, ignorePings: false });
    await roundTrip(client, "still here");
    await endAll(rig, [await other, client]);
    expect(rig.seen("peer-closed").map(({ how }) => how)).toEqual(["ended", "ended"]);
  });

  it("is told from one that is only slow to answer: a PING that is answered keeps it", async () => {
    await start({ http2QuietMs: 0, http2SuspectMs: 2_000, connectAnswerMs: 20_000 });
    await endAll(rig, [await liveClient(tunnel)]);
    rig.proxy.faults.set({ connectDelayMs: 200 });
    await endAll(rig, await Promise.all([liveClient(tunnel), liveClient(tunnel)]));
    expect(rig.proxy.counters.h2SessionsTotal()).toBe(1);
  });
});

describe("every wait has its limit", () => {
  it("for the answer to CONNECT", async () => {
    await start({ connectAnswerMs: 50 });
    rig.proxy.faults.set({ holdConnects: true });
    const failed = await refusedClient(rig, tunnel);
    expect(failed).toMatchObject({ step: "connect", error: { code: "no-answer", retryable: true } });
    expect(failed.error.message).toMatch(/did not answer .* within 50 ms/);
    // Its place at the proxy is free again, and the connection is still good.
    await eventually(() => rig.proxy.faults.held() === 0);
    rig.proxy.faults.clear();
    await endAll(rig, [await liveClient(tunnel)]);
    expect(rig.proxy.counters.h2SessionsTotal()).toBe(1);
  });

  it("for the answer to CONNECT on HTTP/1.1", async () => {
    await start({ connectAnswerMs: 50 });
    rig.proxy.faults.set({ holdConnects: true, h2: "off" });
    expect(await refusedClient(rig, tunnel)).toMatchObject({ error: { code: "no-answer", retryable: true } });
    await eventually(() => rig.proxy.counters.open() === 0);
  });

  it.each([
    ["a proxy that takes the connection and says nothing", { tcp: "silent" }],
    ["a proxy that never answers the ClientHello", { tls: "silent" }],
  ] as const)("for TLS: %s", async (_name, fault) => {
    await start({ tlsMs: 50 });
    rig.proxy.faults.set(fault);
    const failed = await refusedClient(rig, tunnel);
    expect(failed.error).toMatchObject({ code: "no-answer", retryable: true });
    expect(failed.error.message).toMatch(/did not finish the TLS handshake .* within 50 ms/);
    await eventually(() => rig.proxy.counters.open() === 0);
    rig.proxy.faults.clear();
    await endAll(rig, [await liveClient(tunnel)]);
  });
});

describe("a client that hangs up while it waits", () => {
  it("frees its stream at the proxy, and nobody else's", async () => {
    await start({});
    const other = await liveClient(tunnel);
    rig.proxy.faults.set({ holdConnects: true });
    const client = await connectTo(tunnel.address);
    await rig.proxy.faults.whenHeld();
    expect(tunnel.peers).toBe(2);
    client.resetAndDestroy();
    expect(await rig.event("peer-failed")).toMatchObject({ step: "connect", error: { code: "cancelled" } });
    await eventually(() => rig.proxy.faults.held() === 0);
    await eventually(() => rig.proxy.counters.streamsPerSession()[0] === 1);
    expect(tunnel.peers).toBe(1);
    await roundTrip(other);
    await endAll(rig, [other]);
  });

  it("frees its connection on HTTP/1.1", async () => {
    await start({});
    rig.proxy.faults.set({ holdConnects: true, h2: "off" });
    const client = await connectTo(tunnel.address);
    await rig.proxy.faults.whenHeld();
    client.resetAndDestroy();
    expect(await rig.event("peer-failed")).toMatchObject({ error: { code: "cancelled" } });
    await eventually(() => rig.proxy.counters.open() === 0);
  });

  it("is let go while the proxy is still being dialled", async () => {
    await start({ tlsMs: 400 });
    rig.proxy.faults.set({ tls: "silent" });
    const client = await connectTo(tunnel.address);
    await eventually(() => rig.proxy.counters.open() === 1);
    client.resetAndDestroy();
    expect(await rig.event("peer-failed")).toMatchObject({ error: { code: "cancelled" } });
    expect(tunnel.peers).toBe(0);
    await eventually(() => rig.proxy.counters.open() === 0);
  });

  it("has only ended its request when it sends a FIN: its answer is still awaited", async () => {
    await start({});
    rig.proxy.faults.set({ holdConnects: true });
    const client = await connectTo(tunnel.address);
    let got = "";
    client.on("data", (chunk: Buffer) => (got += chunk.toString()));
    const ended = new Promise((resolve) => client.once("end", resolve));
    client.end("a whole request");
    await rig.proxy.faults.whenHeld();
    rig.proxy.faults.release();
    await ended;
    expect(got).toBe("a whole request");
  });
});
