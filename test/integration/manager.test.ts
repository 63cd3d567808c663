import { once } from "node:events";
import net from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connectTo, endOf, Upstream } from "../support/streams.ts";
import { freePort, roundTrip } from "./connector-clients.ts";
import { hostPort, ManagerRig, type ManagerRigOptions } from "./manager-rig.ts";

let upstream: Upstream;
let rig: ManagerRig;

const route = (host: string, policy: "public" | "allow" | "deny" = "public"): ManagerRigOptions["routes"][number] => ({
  host,
  port: 7000,
  upstream: upstream.address,
  policy,
});
const start = async (options: Partial<ManagerRigOptions> = {}): Promise<void> => {
  rig = await ManagerRig.start({ routes: [route("echo.corp.test")], ...options });
  rig.add("a", "echo.corp.test:7000");
  rig.add("b", "echo.corp.test:7000");
};
/** Whether a port of this computer takes connections. */
const isOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });

beforeAll(async () => {
  upstream = await Upstream.start();
});
afterAll(() => upstream.close());
afterEach(() => rig.close());

describe("turning on and off", () => {
  it("opens the port, carries clients, and closes it with them", async () => {
    await start();
    expect([rig.manager.status("a"), rig.manager.statuses(), rig.manager.on()]).toEqual([{ kind: "off" }, {}, []]);
    rig.manager.turnOn("a");
    expect(rig.manager.status("a")).toEqual({ kind: "starting" });
    const listening = await rig.status("a", "listening");
    const address = hostPort(listening.address);
    const client = await connectTo(address);
    await roundTrip(client);
    const connected = await rig.status("a", "connected");
    expect(connected).toMatchObject({ address: listening.address, clients: 1, since: listening.since });
    expect(connected.openedInMs).toBeGreaterThanOrEqual(0);
    expect([rig.manager.on(), rig.manager.using(rig.proxy.origin)]).toEqual([["a"], ["a"]]);
    expect(rig.manager.statuses()).toEqual({ a: connected });
    const port = `:${client.localPort ?? 0}`;
    const ended = endOf(client);
    rig.manager.turnOff("a");
    expect(rig.manager.status("a")).toEqual({ kind: "off" });
    expect(rig.manager.activity("a").clients).toEqual([]);
    expect(await ended).not.toBe("end");
    await rig.until(() => rig.seen("tunnel-stopped").length === 1);
    expect(await isOpen(address.port)).toBe(false);
    const log = rig.manager.activity("a").log;
    expect(log.map(({ message, client: from }) => [message.replace(/\d+ ms/g, "N ms"), from])).toEqual([
      ["Turned on", null],
      [`Listening on ${listening.address}`, null],
      ["Client connected", port],
      ["Tunnel open over HTTP/2 in N ms", port],
      ["Turned off", null],
      ["Client disconnected after N ms, received 5 B, sent 5 B", port],
      [`Stopped listening on ${listening.address}`, null],
    ]);
    expect(log.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(rig.logged).toEqual(log);
  });

  it("does what was wished last, however fast the wishes come", async () => {
    await start();
    const port = await freePort();
    rig.add("a", "echo.corp.test:7000", { listen: String(port) });
    for (let i = 0; i < 10; i += 1) {
      rig.manager.turnOn("a");
      if (i % 3 === 0) await new Promise(setImmediate);
      rig.manager.turnOff("a");
      if (i % 4 === 0) await new Promise(setImmediate);
    }
    rig.manager.turnOn("a");
    await rig.status("a", "listening");
    await roundTrip(await connectTo({ host: "127.0.0.1", port }));
    for (let i = 0; i < 10; i += 1) {
      rig.manager.turnOff("a");
      rig.manager.turnOn("a");
      if (i % 2 === 0) await rig.status("a", "listening");
    }
    rig.manager.turnOff("a");
    await rig.until(() => rig.seen("tunnel-stopped").length === rig.seen("tunnel-listening").length);
    expect([rig.manager.status("a").kind, await isOpen(port)]).toEqual(["off", false]);
  });

  it("is not held up by settings that never come", async () => {
    await start({ limits: { settingsMs: 100 } });
    const signals: AbortSignal[] = [];
    rig.settings.set("a", (signal) => {
      signals.push(signal);
      return new Promise(() => undefined);
    });
    rig.manager.turnOn("a");
    await rig.until(() => true);
    await new Promise(setImmediate);
    rig.manager.turnOff("a");
    expect([rig.manager.status("a").kind, signals[0]?.aborted]).toEqual(["off", true]);
    rig.manager.turnOn("a");
    expect(await rig.status("a", "error")).toMatchObject({ address: null, error: { code: "file-unreadable" } });
    rig.add("a", "echo.corp.test:7000");
    rig.manager.turnOn("a");
    await rig.status("a", "listening");
  });

  it("says what is wrong with settings that cannot be read", async () => {
    await start();
    rig.settings.set("a", () => Promise.reject(new Error("boom")));
    rig.manager.turnOn("a");
    expect(await rig.status("a", "error")).toMatchObject({ address: null, clients: 0, error: { code: "internal" } });
    expect(rig.manager.activity("a").log.at(-1)).toMatchObject({ level: "error", event: "tunnel-failed" });
    rig.manager.turnOff("a");
    expect(rig.manager.status("a")).toEqual({ kind: "off" });
  });

  it("restarts with new settings, and closes its clients", async () => {
    await start({ routes: [route("echo.corp.test"), route("pg.corp.test")] });
    const before = await rig.turnOn("a");
    const client = await connectTo(before);
    await roundTrip(client);
    const ended = endOf(client);
    const port = await freePort();
    rig.add("a", "pg.corp.test:7000", { listen: String(port) });
    await rig.manager.restart("a");
    expect(await ended).not.toBe("end");
    expect(rig.manager.status("a")).toMatchObject({ kind: "listening", address: `127.0.0.1:${port}` });
    expect(await isOpen(before.port)).toBe(false);
    await roundTrip(await connectTo({ host: "127.0.0.1", port }), "again");
    expect(rig.seen("peer-connected").at(-1)?.destination).toBe("pg.corp.test:7000");
    // What went through before counts on: it was not turned off.
    expect(rig.manager.activity("a").traffic).toMatchObject({ sent: 10, received: 10 });
    await rig.manager.restart("b");
    expect(rig.manager.status("b")).toEqual({ kind: "off" });
  });

  it("forgets what is deleted", async () => {
    await start();
    const { port } = await rig.turnOn("a");
    rig.manager.noteLog("a", "changed");
    expect(rig.messages("a").at(-1)).toBe("Settings changed");
    await rig.manager.forget("a");
    expect([rig.manager.status("a").kind, rig.messages("a"), await isOpen(port)]).toEqual(["off", [], false]);
  });

  it("turns on 200 at once, and closes them all", async () => {
    await start();
    const ids = Array.from({ length: 200 }, (_, i) => `c${i}`);
    for (const id of ids) rig.add(id, "echo.corp.test:7000");
    const began = performance.now();
    for (const id of ids) rig.manager.turnOn(id);
    await rig.until(() => ids.every((id) => rig.manager.status(id).kind === "listening"));
    const ms = performance.now() - began;
    expect(new Set(Object.values(rig.manager.statuses()).map((status) => JSON.stringify(status))).size).toBe(200);
    expect(ms).toBeLessThan(10_000);
    const client = await connectTo(hostPort((await rig.status("c7", "listening")).address));
    await roundTrip(client);
    const ended = endOf(client);
    await rig.manager.close({ graceMs: 0 });
    await ended;
    expect([rig.manager.on(), rig.manager.statuses()]).toEqual([[], {}]);
    expect(rig.seen("tunnel-stopped")).toHaveLength(200);
    rig.manager.turnOn("a");
    expect(rig.manager.status("a").kind).toBe("off");
    await rig.manager.close({ graceMs: 0 });
  });

  it("gives clients the grace that closing grants", async () => {
    await start();
    const client = await connectTo(await rig.turnOn("a"));
    await roundTrip(client);
    const closing = rig.manager.close({ graceMs: 60_000 });
    await roundTrip(client, "still there");
    client.end();
    await closing;
    expect(rig.seen("peer-closed")[0]).toMatchObject({ how: "ended" });
  });

  it("says so when the engine closes the port under it", async () => {
    await start();
    await roundTrip(await connectTo(await rig.turnOn("a")));
    await rig.engine.close({ graceMs: 0 });
    expect(await rig.status("a", "error")).toMatchObject({ address: null, error: { code: "listen-failed" } });
  });
});

describe("a local port", () => {
  it("that another program holds is an error, until it is free and somebody tries again", async () => {
    await start();
    const holder = net.createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const { port } = holder.address() as net.AddressInfo;
    rig.add("a", "echo.corp.test:7000", { listen: String(port) });
    rig.manager.turnOn("a");
    const failed = await rig.status("a", "error");
    expect(failed).toMatchObject({ address: null, clients: 0, error: { code: "port-in-use" } });
    rig.manager.tryAgain("a");
    expect(rig.manager.status("a")).toEqual({ kind: "starting" });
    await rig.status("a", "error");
    holder.close();
    await once(holder, "close");
    let ticks = 0;
    await rig.until(() => (ticks += 1) > 5);
    expect([rig.manager.status("a").kind, rig.asked]).toEqual(["error", ["a", "a"]]);
    rig.manager.tryAgain("a");
    await rig.status("a", "listening");
    expect(rig.manager.activity("a").log.filter(({ level }) => level === "error")).toHaveLength(2);
  });

  it("can be on for one of two connections only", async () => {
    await start();
    const listen = String(await freePort());
    rig.add("a", "echo.corp.test:7000", { listen });
    rig.add("b", "echo.corp.test:7000", { listen });
    rig.manager.turnOn("a");
    rig.manager.turnOn("b");
    const kind = (id: string): string => rig.manager.status(id).kind;
    await rig.until(() => [kind("a"), kind("b")].sort().join(" ") === "error listening");
    const [first, second] = kind("a") === "listening" ? ["a", "b"] : ["b", "a"];
    rig.manager.turnOff(first);
    await rig.until(() => rig.seen("tunnel-stopped").length === 1);
    rig.manager.tryAgain(second);
    await rig.status(second, "listening");
  });
});

describe("clients and bytes", () => {
  it("are shown as they are, and one can be disconnected", async () => {
    await start();
    const address = await rig.turnOn("a");
    const [one, two] = [await connectTo(address), await connectTo(address)];
    await roundTrip(one, "12345");
    await roundTrip(two, "1234567890");
    const { clients } = rig.manager.activity("a");
    expect(clients).toEqual([
      {
        peer: 1,
        from: `127.0.0.1:${one.localPort}`,
        since: expect.any(Number) as number,
        state: "connected",
        sent: 5,
        received: 5,
      },
      {
        peer: 2,
        from: `127.0.0.1:${two.localPort}`,
        since: expect.any(Number) as number,
        state: "connected",
        sent: 10,
        received: 10,
      },
    ]);
    const ended = endOf(one);
    expect([rig.manager.disconnect("a", 1), rig.manager.disconnect("a", 9)]).toEqual([true, false]);
    await ended;
    await rig.status("a", "connected", (status) => status.clients === 1);
    await roundTrip(two, "x");
    expect(rig.manager.activity("a")).toMatchObject({
      clients: [{ peer: 2, sent: 11 }],
      traffic: { sent: 16, received: 16 },
    });
    expect(rig.manager.disconnect("b", 1)).toBe(false);
  });

  it("are sampled while something is on, and start at nothing when it is turned on again", async () => {
    await start();
    const client = await connectTo(await rig.turnOn("a"));
    await rig.turnOn("b");
    await roundTrip(client, "x".repeat(10_000));
    const sum = (): number => rig.manager.activity("a").traffic.samples.reduce((all, { sent }) => all + sent, 0);
    await rig.until(() => sum() === 10_000);
    await rig.until(() => rig.manager.rates().sent === 0);
    expect(rig.manager.activity("b").traffic).toMatchObject({ sent: 0, received: 0 });
    client.end();
    await rig.until(() => rig.seen("peer-closed").length === 1);
    expect(rig.manager.activity("a").traffic).toMatchObject({ sent: 10_000, received: 10_000 });
    rig.manager.turnOff("a");
    expect(rig.manager.activity("a").traffic.sent).toBe(10_000);
    await rig.turnOn("a");
    expect(rig.manager.activity("a").traffic).toMatchObject({ sent: 0, received: 0 });
    expect(rig.manager.activity("a").traffic.samples.every(({ sent }) => sent === 0)).toBe(true);
  });

  it("are never counted twice or lost when a client leaves in the middle", async () => {
    await start();
    const tunnelTotals = (): number => rig.manager.activity("a").traffic.received;
    const address = await rig.turnOn("a");
    let before = 0;
    for (let i = 0; i < 20; i += 1) {
      const client = await connectTo(address);
      await roundTrip(client, "x".repeat(100));
      client.destroy();
      expect(tunnelTotals()).toBeGreaterThanOrEqual(before);
      before = tunnelTotals();
    }
    await rig.status("a", "listening");
    expect(rig.manager.activity("a").traffic).toMatchObject({ sent: 2_000, received: 2_000 });
  });
});
