import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fronts } from "../support/fronts.ts";
import { Rig } from "../support/rig.ts";
import { SlowRelay } from "../support/slow-relay.ts";
import { connectTo, receiveAll, sendRandom, Upstream } from "../support/streams.ts";

const MB = 1_000_000;

/**
 * Envoy throws away what it still holds for a stream when the upstream ends first and the stream's window is used up
 * (docs/decisions/002). With a window of 4 MiB that cut off the last 16 MB of every longer transfer on a slow network.
 */
describe.each(fronts())("an upstream that ends first, HTTP/2, %s front", (front) => {
  let upstream: Upstream;
  let rig: Rig;

  beforeAll(async () => {
    upstream = await Upstream.start();
    rig = await Rig.start({
      front,
      routes: [{ host: "bulk.corp.test", port: 7000, upstream: upstream.address, policy: "public" }],
    });
  });
  afterAll(async () => {
    await rig.close();
    await upstream.close();
  });

  it("loses nothing on a slow network", async () => {
    const relay = await SlowRelay.start(rig.proxy.port, 25 * MB);
    const tunnel = await rig.open("bulk.corp.test:7000", { pomeriumUrl: `https://localhost:${relay.port}` });
    const accepted = upstream.next();
    const client = await connectTo(tunnel.address);
    const server = await accepted;
    const got = receiveAll(client);
    const sha256 = await sendRandom(server, 50 * MB, 11);
    server.end();
    expect(await got).toEqual({ bytes: 50 * MB, sha256 });
    client.end();
    await tunnel.close({ graceMs: 0 });
    await relay.close();
  });

  it("loses nothing of what fits the window when the client is slow", async () => {
    const tunnel = await rig.open("bulk.corp.test:7000");
    const accepted = upstream.next();
    const client = await connectTo(tunnel.address);
    client.pause();
    const server = await accepted;
    const sha256 = await sendRandom(server, 8 * MB, 12);
    server.end();
    await new Promise((resolve) => server.once("finish", resolve));
    expect(await receiveAll(client)).toEqual({ bytes: 8 * MB, sha256 });
    client.end();
    await tunnel.close({ graceMs: 0 });
  });

  it.runIf(front === "envoy")("never passes a cut transfer off as whole, and learns to use HTTP/1.1", async () => {
    const tunnel = await rig.open("bulk.corp.test:7000");
    const size = 100 * MB;
    const transfer = async (): Promise<{ whole: boolean; sum: string; got: string }> => {
      const accepted = upstream.next();
      const client = await connectTo(tunnel.address);
      const server = await accepted;
      // Slow throughout: each chunk is thought about for a while.
      client.on("data", (chunk: Buffer) => {
        client.pause();
        setTimeout(() => client.resume(), chunk.length / ((40 * MB) / 1000));
      });
      const outcome = receiveAll(client).then(
        (all) => ({ whole: all.bytes === size, got: all.sha256 }),
        () => ({ whole: false, got: "" }),
      );
      const sum = await sendRandom(server, size, 13);
      server.end();
      const result = await outcome;
      client.destroy();
      return { ...result, sum };
    };
    const first = await transfer();
    expect(first).toMatchObject({ whole: false, got: "" });
    await rig.event("transfer-cut-short");
    const second = await transfer();
    expect(second).toEqual({ whole: true, sum: second.sum, got: second.sum });
    expect(rig.seen("peer-connected").at(-1)?.via).toBe("http/1.1");
    await tunnel.close({ graceMs: 0 });
  });
});
