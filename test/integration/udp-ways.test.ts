import os from "node:os";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Tunnel } from "../../src/engine/index.ts";
import { fronts } from "../support/fronts.ts";
import { Rig, type RigOptions } from "../support/rig.ts";
import { connectTo, echo, Upstream } from "../support/streams.ts";
import { UdpClient, UdpUpstream } from "../support/udp.ts";

let service: UdpUpstream;
let stream: Upstream;
const opened: UdpClient[] = [];
const rigs: Rig[] = [];

beforeAll(async () => {
  service = await UdpUpstream.start();
  stream = await Upstream.start(echo);
});
afterEach(async () => {
  for (const client of opened.splice(0)) client.close();
  for (const rig of rigs.splice(0)) await rig.close();
});
afterAll(async () => {
  service.close();
  await stream.close();
});

const destination = "udp+https://dns.corp.test:53";

async function rigOf(policy: "allow" | "public", options: Partial<RigOptions> = {}): Promise<Rig> {
  const rig = await Rig.start({
    routes: [
      { host: "dns.corp.test", port: 53, upstream: service.address, type: "udp", policy },
      { host: "echo.corp.test", port: 7000, upstream: stream.address, policy: "public" },
    ],
    ...options,
  });
  rigs.push(rig);
  return rig;
}

async function clientOf(tunnel: Tunnel): Promise<UdpClient> {
  const client = await UdpClient.open(tunnel.address);
  opened.push(client);
  return client;
}

const texts = (client: UdpClient): string[] => client.answers.map(String);

describe("signing in", () => {
  it("first datagrams are kept while a person signs in, once for all clients", async () => {
    const rig = await rigOf("allow");
    const tunnel = await rig.open(destination);
    const clients = await Promise.all(Array.from({ length: 10 }, () => clientOf(tunnel)));
    for (const client of clients) for (const text of ["one", "two", "three"]) client.send(text);
    await Promise.all(clients.map((client) => client.answered(3)));
    for (const client of clients) expect(texts(client)).toEqual(["one", "two", "three"]);
    expect(rig.browser.pages).toHaveLength(1);
    expect(rig.seen("peer-signing-in")).toHaveLength(10);
    expect(tunnel.dropped()).toBe(0);
  });

  it("a sign-in that was cancelled is not begun again by the next datagram, but by whoever asks", async () => {
    const rig = await rigOf("allow");
    const tunnel = await rig.open(destination);
    const { onShow } = rig.browser;
    rig.browser.onShow = () => Promise.resolve();
    const client = await clientOf(tunnel);
    client.send("one");
    await rig.event("peer-signing-in");
    await expect.poll(() => rig.browser.pages.length).toBe(1);
    rig.engine.cancelSignIn(rig.proxy.origin);
    expect(await rig.event("peer-failed")).toMatchObject({ step: "sign-in", error: { code: "cancelled" } });
    // A program sends on, whatever happens.
    for (let number = 0; number < 50; number += 1) client.send("more");
    await expect.poll(() => tunnel.dropped()).toBeGreaterThanOrEqual(51);
    expect(rig.browser.pages).toHaveLength(1);
    rig.browser.onShow = onShow;
    tunnel.tryNow();
    expect((await client.ask("two")).toString()).toBe("two");
  });
});

describe.each(fronts())("beside TCP, %s front", (front) => {
  it("no TCP tunnel is lost to UDP: extended CONNECT is never sent where it is not offered", async () => {
    const rig = await rigOf("public", { front });
    const tcp = await rig.open("echo.corp.test:7000");
    const socket = await connectTo(tcp.address);
    const said = (text: string): Promise<string> =>
      new Promise((resolve) => {
        socket.once("data", (bytes: Buffer) => resolve(bytes.toString()));
        socket.write(text);
      });
    expect(await said("before")).toBe("before");
    const tunnel = await rig.open(destination);
    for (let number = 0; number < 10; number += 1) {
      const client = await clientOf(tunnel);
      expect((await client.ask(String(number))).toString()).toBe(String(number));
      expect(await said(`tcp ${number}`)).toBe(`tcp ${number}`);
    }
    const via = rig.seen("peer-connected").map((event) => `${event.tunnel} ${event.via}`);
    expect(new Set(via)).toEqual(new Set(["echo.corp.test:7000 h2", `${destination} http/1.1`]));
    expect(rig.seen("peer-closed")).toEqual([]);
    socket.destroy();
  });
});

describe("the way to the proxy", () => {
  it.each(["http/1.1", "h2"])("a client certificate that the policy does not take is named, over %s", async (via) => {
    const rig = await rigOf("public", { clientCertificates: "policy" });
    rig.proxy.faults.set({ extendedConnect: via === "h2" });
    const { certPem, keyPem } = rig.proxy.pki.strangerClient;
    const tls = { ...rig.tls, clientCertificate: { cert: certPem, key: keyPem } };
    // On HTTP/2 only where there is a connection already; TCP is refused on it as well.
    const tcp = await connectTo((await rig.open("echo.corp.test:7000", { tls })).address);
    tcp.on("error", () => undefined);
    await rig.event("peer-failed");
    (await clientOf(await rig.open(destination, { tls }))).send("hello");
    const { error } = await rig.event("peer-failed", 2);
    expect(error).toMatchObject({ code: "client-certificate-refused", status: 495 });
    expect(error.message).toMatch(/"alice", signed by "Culvert stranger CA", valid to .*, for dns\.corp\.test:53\.$/);
    tcp.destroy();
  });

  it("where SETTINGS offer extended CONNECT, clients share one HTTP/2 connection", async () => {
    const rig = await rigOf("public");
    rig.proxy.faults.set({ extendedConnect: true });
    const tunnel = await rig.open(destination);
    // The first one waits for nothing; what it learns is for those behind it.
    await (await clientOf(tunnel)).ask("first");
    await expect.poll(() => rig.proxy.counters.h2Sessions()).toBe(1);
    // The front sees the connection before the engine has its SETTINGS.
    await expect
      .poll(async () => {
        await (await clientOf(tunnel)).ask("next");
        return rig.seen("peer-connected").at(-1)?.via;
      })
      .toBe("h2");
    const before = rig.proxy.counters.accepted();
    const clients = await Promise.all(Array.from({ length: 20 }, () => clientOf(tunnel)));
    await Promise.all(clients.map((client) => client.ask("shared")));
    expect(rig.proxy.counters.accepted()).toBe(before);
    expect(
      rig
        .seen("peer-connected")
        .slice(-20)
        .every(({ via }) => via === "h2"),
    ).toBe(true);
    // A stream that ends is its client's alone.
    const { peer } = tunnel.clients().at(-1) ?? { peer: 0 };
    tunnel.disconnect(peer);
    expect((await (clients[0] as UdpClient).ask("still here")).toString()).toBe("still here");
  });

  it("a connection stands ready: a new client needs no handshake", async () => {
    const rig = await rigOf("public", { alpn: ["http/1.1"] });
    const tunnel = await rig.open(destination);
    await (await clientOf(tunnel)).ask("first");
    // Its own, and the one that was opened ahead.
    await expect.poll(() => rig.proxy.counters.handshakes()).toBe(2);
    rig.proxy.faults.set({ tcp: "silent" });
    expect((await (await clientOf(tunnel)).ask("second")).toString()).toBe("second");
  });

  it("a connection that stood ready and died unnoticed costs a moment and no datagram", async () => {
    const rig = await rigOf("public", { alpn: ["http/1.1"], limits: { udpSpareAnswerMs: 300 } });
    const tunnel = await rig.open(destination);
    const first = await clientOf(tunnel);
    await first.ask("first");
    await expect.poll(() => rig.proxy.counters.handshakes()).toBe(2);
    rig.proxy.faults.silence();
    expect((await (await clientOf(tunnel)).ask("second")).toString()).toBe("second");
  });

  it("clients wait at the gate while the proxy fails, with their first datagrams", async () => {
    const rig = await rigOf("public", { limits: { retryFirstMs: 50, retryMostMs: 50 } });
    const tunnel = await rig.open(destination, { retry: true });
    rig.proxy.faults.set({ answer: { kind: "status", status: 503 } });
    const client = await clientOf(tunnel);
    for (const text of ["one", "two"]) client.send(text);
    await rig.event("tunnel-retrying", 3);
    expect(tunnel.clients()).toMatchObject([{ state: "connecting" }]);
    rig.proxy.faults.clear();
    await client.answered(2);
    expect(texts(client)).toEqual(["one", "two"]);
    expect(rig.seen("tunnel-recovered")).toHaveLength(1);
  });

  it("a proxy that does not do UDP is told apart, and is not asked with every datagram", async () => {
    const rig = await rigOf("public");
    rig.proxy.faults.set({ answer: { kind: "status", status: 400 } });
    const tunnel = await rig.open(destination);
    const client = await clientOf(tunnel);
    client.send("one");
    const { error } = await rig.event("peer-failed");
    expect(error).toMatchObject({ code: "udp-not-offered", message: "localhost does not carry UDP." });
    for (let number = 0; number < 100; number += 1) client.send("more");
    await expect.poll(() => tunnel.dropped()).toBeGreaterThanOrEqual(101);
    expect(rig.seen("peer-opened")).toHaveLength(1);
  });
});

describe("bounds", () => {
  it("what waits for a path is bounded; the first ones are kept, the rest is counted and told", async () => {
    const rig = await rigOf("public", { limits: { udpQueuePackets: 4 } });
    const tunnel = await rig.open(destination);
    rig.proxy.faults.set({ holdConnects: true });
    const client = await clientOf(tunnel);
    for (let number = 0; number < 10; number += 1) client.send(String(number));
    await expect.poll(() => tunnel.dropped()).toBe(6);
    rig.proxy.faults.release();
    await client.answered(4);
    expect(texts(client)).toEqual(["0", "1", "2", "3"]);
    expect(rig.seen("datagrams-dropped")[0]).toMatchObject({ reason: "no-path-yet", count: 1 });
    expect(tunnel.clients()).toMatchObject([{ dropped: 6 }]);
    await tunnel.close({ graceMs: 0 });
    expect(rig.seen("datagrams-dropped").reduce((sum, { count }) => sum + count, 0)).toBe(6);
    expect(rig.seen("peer-closed")).toMatchObject([{ datagrams: { sent: 4, received: 4, dropped: 6 } }]);
  });

  it("one more client than fit takes the place of the one that was silent for longest", async () => {
    const rig = await rigOf("public", { limits: { udpPeersPerTunnel: 3 } });
    const tunnel = await rig.open(destination);
    const clients: UdpClient[] = [];
    for (let number = 0; number < 4; number += 1) {
      const client = await clientOf(tunnel);
      await client.ask("hello");
      clients.push(client);
    }
    expect(await rig.event("peer-closed")).toMatchObject({ peer: 1, how: "idle" });
    expect(tunnel.peers).toBe(3);
    expect((await (clients[0] as UdpClient).ask("again")).toString()).toBe("again");
  });

  it("a client that waits delays no other", async () => {
    const rig = await rigOf("public");
    const tunnel = await rig.open(destination);
    const first = await clientOf(tunnel);
    await first.ask("first");
    rig.proxy.faults.set({ holdConnects: true });
    const held = await clientOf(tunnel);
    held.send("held");
    await rig.proxy.faults.whenHeld();
    for (let number = 0; number < 5; number += 1) await first.ask("goes on");
    expect(held.answers).toEqual([]);
    rig.proxy.faults.release();
    await held.answered(1);
  });
});

describe("the local socket", () => {
  it("an answer to a program that has left harms nobody else", async () => {
    const rig = await rigOf("public");
    const tunnel = await rig.open(destination);
    const [leaving, staying] = [await clientOf(tunnel), await clientOf(tunnel)];
    await staying.ask("hello");
    await leaving.ask("hello");
    const peer = rig.seen("peer-opened").find(({ from }) => from.endsWith(`:${leaving.port}`))?.peer;
    const before = service.received.length;
    service.answer = (payload) => (String(payload) === "late" ? null : payload);
    leaving.send("late");
    await expect.poll(() => service.received.length).toBe(before + 1);
    opened.splice(opened.indexOf(leaving), 1);
    leaving.close();
    // Port unreachable comes back for each of these (RFC 1122 §4.1.3.1).
    for (let number = 0; number < 20; number += 1) service.answerLast("too late");
    await expect.poll(() => tunnel.clients().find((client) => client.peer === peer)?.received).toBe(5 + 20 * 8);
    service.answer = (payload) => payload;
    for (let number = 0; number < 5; number += 1) expect(String(await staying.ask("goes on"))).toBe("goes on");
  });
});

describe("local addresses", () => {
  it("IPv6", async () => {
    const rig = await rigOf("public");
    const tunnel = await rig.open(destination, { listen: "[::1]:0" });
    const client = await clientOf(tunnel);
    expect((await client.ask("six")).toString()).toBe("six");
    expect(tunnel.address.host).toBe("::1");
  });

  it("on every address, answers come from the one that the client sent to", async () => {
    const rig = await rigOf("public");
    const tunnel = await rig.open(destination, { listen: "*:0" });
    const { port } = tunnel.address;
    expect(port).toBeGreaterThan(0);
    const own = Object.values(os.networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ address }) => !/^fe80:/i.test(address));
    expect(own.length).toBeGreaterThan(0);
    for (const { address, family } of own) {
      const client = await UdpClient.open({ host: address, port }, family === "IPv6" ? "::" : "0.0.0.0");
      opened.push(client);
      expect((await client.ask(address)).toString()).toBe(address);
      expect([...client.from]).toEqual([`${address} ${port}`]);
    }
  });
});
