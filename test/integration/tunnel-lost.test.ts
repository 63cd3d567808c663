import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Rig, type RigOptions } from "../support/rig.ts";
import { SlowRelay } from "../support/slow-relay.ts";
import { connectTo, receiveAll, sendRandom, Upstream } from "../support/streams.ts";

const MB = 1_000_000;

/** Ways in which bytes were once lost, or a loss was passed off as an end. */
describe("nothing is lost unnoticed", () => {
  let upstream: Upstream;
  const rigs: Rig[] = [];
  const start = async (options: Partial<RigOptions> = {}): Promise<Rig> => {
    const route = { host: "echo.corp.test", port: 7000, upstream: upstream.address, policy: "public" } as const;
    const rig = await Rig.start({ routes: [route], ...options });
    rigs.push(rig);
    return rig;
  };

  beforeEach(async () => {
    upstream = await Upstream.start();
  });
  afterEach(async () => {
    for (const rig of rigs.splice(0)) await rig.close();
    await upstream.close();
  });

  it("when a proxy that drains (GOAWAY) resets the connection in the end", async () => {
    // After GOAWAY(NO_ERROR) Node took the reset for an orderly end, and every roll-out of a proxy cut transfers short
    // with a clean FIN.
    const rig = await start();
    const tunnel = await rig.open("echo.corp.test:7000");
    const accepted = upstream.next();
    const client = await connectTo(tunnel.address);
    const { localPort = 0 } = client;
    const server = await accepted;
    server.write(Buffer.alloc(50 * MB));
    await once(client, "data");
    client.pause();
    rig.proxy.faults.goaway(0);
    // A further client gets another connection once the GOAWAY has been seen.
    const other = await connectTo(tunnel.address);
    other.write("hello");
    await once(other, "data");
    expect(rig.proxy.counters.h2SessionsTotal()).toBe(2);
    const outcome = receiveAll(client);
    rig.proxy.faults.resetConnections();
    await expect(outcome).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(await rig.endOfPeer(localPort)).toMatchObject({ how: "reset-by-proxy" });
  });

  it("when the answer to a PING queues behind bulk data on a slow line", async () => {
    const rig = await start({ limits: { http2QuietMs: 20, http2SuspectMs: 100, http2PingAnswerMs: 400 } });
    const relay = await SlowRelay.start(rig.proxy.port, 4 * MB);
    const tunnel = await rig.open("echo.corp.test:7000", { pomeriumUrl: `https://localhost:${relay.port}` });
    const accepted = upstream.next();
    const client = await connectTo(tunnel.address);
    const server = await accepted;
    const got = receiveAll(client);
    const sending = sendRandom(server, 8 * MB, 21);
    await once(client, "data");
    // Asks with a PING whether the connection lives; its answer is seconds away.
    const other = await connectTo(tunnel.address);
    other.end("hello");
    const sha256 = await sending;
    server.end();
    expect(await got).toEqual({ bytes: 8 * MB, sha256 });
    expect(await receiveAll(other)).toMatchObject({ bytes: 5 });
    client.end();
    await relay.close();
  });

  it("when a request leaves slowly over HTTP/1.1 and its client has ended", async () => {
    // The silence after which the end is passed on began before the service could have had the request.
    const rig = await start({ alpn: ["http/1.1"], limits: { halfCloseSilenceMs: 200 } });
    const relay = await SlowRelay.start(rig.proxy.port, 150_000, "upload");
    const tunnel = await rig.open("echo.corp.test:7000", { pomeriumUrl: `https://localhost:${relay.port}` });
    const accepted = upstream.next();
    const client = await connectTo(tunnel.address);
    client.end(Buffer.alloc(120_000));
    const got = receiveAll(client);
    const server = await accepted;
    let received = 0;
    server.on("data", (chunk: Buffer) => {
      received += chunk.length;
      if (received === 120_000) server.end(Buffer.alloc(50_000));
    });
    expect(await got).toMatchObject({ bytes: 50_000 });
    await relay.close();
  });

  it("when HTTP/2 connections are full: further clients go over HTTP/1.1", async () => {
    const rig = await start({ limits: { http2SessionsPerProxy: 2 } });
    rig.proxy.faults.set({ maxConcurrentStreams: 1 });
    const tunnel = await rig.open("echo.corp.test:7000");
    const clients = await Promise.all(Array.from({ length: 5 }, () => connectTo(tunnel.address)));
    for (const client of clients) client.write("hello");
    await Promise.all(clients.map((client) => once(client, "data")));
    expect(
      rig
        .seen("peer-connected")
        .map(({ via }) => via)
        .sort(),
    ).toEqual(["h2", "h2", "http/1.1", "http/1.1", "http/1.1"]);
    for (const client of clients) client.end();
  });

  it("when a given CA is the proxy's own certificate", async () => {
    const rig = await start();
    const ca = [rig.proxy.pki.server.certPem];
    const tunnel = await rig.open("echo.corp.test:7000", { tls: { verify: true, ca } });
    const client = await connectTo(tunnel.address);
    client.end("hello");
    expect(await receiveAll(client)).toMatchObject({ bytes: 5 });
  });
});
