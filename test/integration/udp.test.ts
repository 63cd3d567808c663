import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Tunnel } from "../../src/engine/index.ts";
import { fronts } from "../support/fronts.ts";
import { Rig } from "../support/rig.ts";
import { UdpClient, UdpUpstream } from "../support/udp.ts";

const opened: UdpClient[] = [];
const clientOf = async (tunnel: Tunnel, own?: string): Promise<UdpClient> => {
  const client = await UdpClient.open(tunnel.address, own);
  opened.push(client);
  return client;
};
afterEach(() => {
  for (const client of opened.splice(0)) client.close();
});

describe.each(fronts())("datagrams through a tunnel, %s front", (front) => {
  let upstream: UdpUpstream;
  let rig: Rig;
  let tunnel: Tunnel;

  beforeAll(async () => {
    upstream = await UdpUpstream.start();
    rig = await Rig.start({
      front,
      routes: [{ host: "echo.corp.test", port: 7001, upstream: upstream.address, type: "udp", policy: "public" }],
    });
    tunnel = await rig.open("udp+https://echo.corp.test:7001");
  });
  afterAll(async () => {
    await rig.close();
    upstream.close();
  });

  it("one datagram there and its answer back, byte for byte", async () => {
    const client = await clientOf(tunnel);
    const payload = randomBytes(1_200);
    expect(await client.ask(payload)).toEqual(payload);
    expect(tunnel.clients()).toMatchObject([{ from: `127.0.0.1:${client.port}`, state: "connected", sent: 1_200 }]);
    expect(rig.seen("peer-connected").at(-1)).toMatchObject({ via: "http/1.1", destination: "echo.corp.test:7001" });
    expect([...client.from]).toEqual([`127.0.0.1 ${tunnel.address.port}`]);
  });

  it("every size from nothing to what a local socket takes", async () => {
    const client = await clientOf(tunnel);
    for (const size of [0, 1, 62, 63, 64, 65, 1_472, 9_000, 16_382, 16_383, 16_384, 65_000, 65_507]) {
      const payload = randomBytes(size);
      expect((await client.ask(payload)).equals(payload), `${size} bytes`).toBe(true);
    }
  });

  it("clients are told apart, and each gets its own answers", async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => clientOf(tunnel)));
    await Promise.all(
      clients.map(async (client, index) => {
        for (let round = 0; round < 5; round += 1)
          expect((await client.ask(`${index}.${round}`)).toString()).toBe(`${index}.${round}`);
      }),
    );
    expect(tunnel.dropped()).toBe(0);
  });

  it("the datagrams of a new client wait for its path and keep their order", async () => {
    const client = await clientOf(tunnel);
    for (let number = 0; number < 100; number += 1) client.send(String(number));
    await client.answered(100);
    expect(client.answers.map(String)).toEqual(Array.from({ length: 100 }, (_, number) => String(number)));
  });

  it("a client that is disconnected begins anew with its next datagram", async () => {
    const client = await clientOf(tunnel);
    await client.ask("one");
    const peer = tunnel.clients().find(({ from }) => from.endsWith(`:${client.port}`))?.peer ?? 0;
    const before = rig.seen("peer-closed").length;
    expect(tunnel.disconnect(peer)).toBe(true);
    expect(await rig.event("peer-closed", before + 1)).toMatchObject({
      how: "stopped",
      datagrams: { sent: 1, received: 1, dropped: 0 },
    });
    expect((await client.ask("two")).toString()).toBe("two");
  });

  it("bytes are counted over clients that have left", () => {
    const { sent, received } = tunnel.totals();
    expect(sent).toBeGreaterThan(65_507);
    expect(received).toBe(sent);
  });
});

describe("a UDP tunnel and its end", () => {
  let upstream: UdpUpstream;
  beforeAll(async () => {
    upstream = await UdpUpstream.start();
  });
  afterAll(() => upstream.close());

  const rigOf = (options: Partial<Parameters<typeof Rig.start>[0]> = {}): Promise<Rig> =>
    Rig.start({
      routes: [
        { host: "echo.corp.test", port: 7001, upstream: upstream.address, type: "udp", policy: "public" },
        { host: "tcp.corp.test", port: 7000, upstream: { host: "127.0.0.1", port: 9 }, policy: "public" },
      ],
      ...options,
    });

  it("a silent client is forgotten, and its next datagram opens a new path", async () => {
    const rig = await rigOf({ limits: { udpIdleMs: 150 } });
    const tunnel = await rig.open("udp+https://echo.corp.test:7001");
    const client = await clientOf(tunnel);
    await client.ask("one");
    expect(await rig.event("peer-closed")).toMatchObject({ how: "idle" });
    expect(tunnel.peers).toBe(0);
    expect((await client.ask("two")).toString()).toBe("two");
    await rig.close();
  });

  it("answers keep a client alive as its own datagrams do, however long it lasts", async () => {
    const rig = await rigOf({ limits: { udpIdleMs: 400 } });
    const tunnel = await rig.open("udp+https://echo.corp.test:7001");
    const client = await clientOf(tunnel);
    for (let round = 0; round < 12; round += 1) {
      await client.ask("still here");
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    expect(rig.seen("peer-closed")).toEqual([]);
    await rig.close();
  });

  it("closing it ends every path and frees the port", async () => {
    const rig = await rigOf();
    const tunnel = await rig.open("udp+https://echo.corp.test:7001");
    const clients = await Promise.all([clientOf(tunnel), clientOf(tunnel)]);
    await Promise.all(clients.map((client) => client.ask("hello")));
    await tunnel.close({ graceMs: 60_000 });
    expect(rig.seen("peer-closed").map(({ how }) => how)).toEqual(["stopped", "stopped"]);
    const again = await rig.open("udp+https://echo.corp.test:7001", { listen: String(tunnel.address.port) });
    expect(again.address).toEqual(tunnel.address);
    await rig.close();
  });

  it("the answer of RFC 9298, 101 with capsules as they are, works as well", async () => {
    const rig = await rigOf();
    rig.proxy.faults.set({ udpSwitchingProtocols: true });
    const client = await clientOf(await rig.open("udp+https://echo.corp.test:7001"));
    const payload = randomBytes(20_000);
    expect(await client.ask(payload)).toEqual(payload);
    await rig.close();
  });

  it("a port that is in use names its program", async () => {
    const rig = await rigOf();
    const tunnel = await rig.open("udp+https://echo.corp.test:7001");
    const again = rig.open("udp+https://echo.corp.test:7001", { listen: String(tunnel.address.port) });
    await expect(again).rejects.toMatchObject({ code: "port-in-use", message: /process \d+\) uses port \d+/ });
    await rig.close();
  });

  it("a TCP tunnel on the same port number is no conflict", async () => {
    const rig = await rigOf();
    const tunnel = await rig.open("udp+https://echo.corp.test:7001");
    const tcp = await rig.open("tcp.corp.test:7000", { listen: String(tunnel.address.port) });
    expect(tcp.address.port).toBe(tunnel.address.port);
    await rig.close();
  });

  it("a connection that breaks ends its client, whose next datagram begins anew", async () => {
    const rig = await rigOf();
    const tunnel = await rig.open("udp+https://echo.corp.test:7001");
    const client = await clientOf(tunnel);
    await client.ask("one");
    rig.proxy.faults.resetConnections();
    expect(await rig.event("peer-failed")).toMatchObject({ step: "transfer", error: { code: "connection-lost" } });
    expect((await client.ask("two")).toString()).toBe("two");
    await rig.close();
  });
});
