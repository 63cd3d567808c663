import { spawn } from "node:child_process";
import { once } from "node:events";
import net, { type LookupFunction } from "node:net";
import { networkInterfaces } from "node:os";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Engine, MemorySessionStore } from "../../src/engine/index.ts";
import { parseLocalAddress, parseTarget } from "../../src/shared/address.ts";
import type { EngineEvent } from "../../src/shared/events.ts";
import type { Limits } from "../../src/shared/limits.ts";
import { Rig } from "../support/rig.ts";
import { connectTo, endOf, Upstream } from "../support/streams.ts";
import { endAll, eventually, liveClient, roundTrip } from "./connector-clients.ts";

let upstream: Upstream;
let rig: Rig;

async function start(limits: Partial<Limits> = {}): Promise<void> {
  rig = await Rig.start({
    front: "node",
    routes: [{ host: "echo.corp.test", port: 7000, upstream: upstream.address, policy: "public" }],
    limits,
  });
}
const open = (listen = ""): ReturnType<Rig["open"]> => rig.open("echo.corp.test:7000", { listen });
/** How a connection attempt to an address of this computer ends. */
const attempt = (host: string, port: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = net.connect({ host, port });
    socket
      .once("connect", () => resolve("connected"))
      .once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
    socket.once("connect", () => socket.destroy());
  });
/** An address of this computer that is not loopback. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === "IPv4" && !address.internal)?.address;

beforeAll(async () => {
  upstream = await Upstream.start();
});
afterAll(() => upstream.close());
afterEach(() => rig.close());

describe("the local port", () => {
  it.runIf(outside)("is on 127.0.0.1 alone, unless every interface was asked for", async () => {
    await start();
    const loopback = await open();
    expect(loopback.address.host).toBe("127.0.0.1");
    expect(await attempt(outside ?? "", loopback.address.port)).toBe("ECONNREFUSED");
    const everywhere = await open(":0");
    expect(await attempt(outside ?? "", everywhere.address.port)).toBe("connected");
    expect(await attempt("127.0.0.1", everywhere.address.port)).toBe("connected");
  });

  it.runIf(process.platform === "linux")("names the process that has it", async () => {
    await start();
    const script = `const s = require("node:net").createServer().listen(0, "127.0.0.1", () => process.stdout.write(String(s.address().port)));`;
    const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    const [text] = (await once(child.stdout, "data")) as [Buffer];
    const port = text.toString();
    await expect(open(port)).rejects.toMatchObject({
      code: "port-in-use",
      message: expect.stringMatching(new RegExp(`\\(process ${child.pid}\\) uses port ${port}\\.$`)) as string,
    });
    child.kill();
    await once(child, "exit");
    expect((await open(port)).address.port).toBe(Number(port));
  });

  it("is not to be had at an address of another computer", async () => {
    await start();
    await expect(open("192.0.2.1:0")).rejects.toMatchObject({ code: "address-not-here" });
  });

  it("takes no more clients than its bound, and takes new ones when old ones leave", async () => {
    await start({ peersPerTunnel: 3 });
    const tunnel = await open();
    const clients = await Promise.all(Array.from({ length: 3 }, () => liveClient(tunnel)));
    const fourth = net.connect(tunnel.address);
    expect(["end", "close", "ECONNRESET"]).toContain(await endOf(fourth));
    expect(tunnel.peers).toBe(3);
    await endAll(rig, clients.splice(0, 1));
    const next = await liveClient(tunnel);
    await endAll(rig, [...clients, next]);
  });
});

describe("closing", () => {
  it("lets a client finish within the grace, and takes no new one", async () => {
    await start();
    const tunnel = await open();
    const client = await liveClient(tunnel);
    const closed = tunnel.close({ graceMs: 60_000 });
    expect(await attempt("127.0.0.1", tunnel.address.port)).toBe("ECONNREFUSED");
    await roundTrip(client, "still here");
    const end = endOf(client);
    client.end();
    expect(await end).toBe("end");
    await closed;
    await tunnel.closed;
    expect(rig.seen("peer-closed")).toMatchObject([{ how: "ended" }]);
    expect(rig.seen("tunnel-stopped")).toHaveLength(1);
  });

  it("cuts a client off after the grace, and may be hurried", async () => {
    await start();
    const [first, second] = [await open(), await open()];
    const clients = [await liveClient(first), await liveClient(second)];
    const ends = clients.map((client) => endOf(client));
    const slow = second.close({ graceMs: 60_000 });
    await first.close({ graceMs: 50 });
    await second.close({ graceMs: 0 });
    await slow;
    expect(await Promise.all(ends)).toEqual(["ECONNRESET", "ECONNRESET"]);
    expect(rig.seen("peer-closed").map(({ how }) => how)).toEqual(["stopped", "stopped"]);
  });

  it("the engine leaves nothing behind, whatever was going on", async () => {
    await start();
    const tunnel = await open();
    const live = await liveClient(tunnel);
    rig.proxy.faults.set({ holdConnects: true });
    const waiting = await connectTo(tunnel.address);
    const ends = [endOf(live), endOf(waiting)];
    await rig.proxy.faults.whenHeld();
    await Promise.all([rig.engine.close({ graceMs: 0 }), rig.engine.close({ graceMs: 0 })]);
    expect(await Promise.all(ends)).toEqual(["ECONNRESET", "ECONNRESET"]);
    await eventually(() => rig.proxy.counters.open() === 0 && rig.proxy.faults.held() === 0);
    await expect(open()).rejects.toMatchObject({ code: "closed" });
  });

  it("lets the process end by itself", async () => {
    await start();
    rig.proxy.faults.set({ tls: "silent" });
    const script = `
      import net from "node:net";
      import { Engine, MemorySessionStore } from ${JSON.stringify(new URL("../../src/engine/index.ts", import.meta.url).href)};
      import { parseTarget } from ${JSON.stringify(new URL("../../src/shared/address.ts", import.meta.url).href)};
      const engine = new Engine({ sessions: new MemorySessionStore(), browser: { show: async () => {} }, events: () => {} });
      const tunnel = await engine.openTunnel({ id: "t", target: parseTarget("a:1", "https://127.0.0.1:${rig.proxy.port}"),
        listen: { host: "127.0.0.1", port: 0 }, tls: { verify: true, ca: [] }, auth: { kind: "browser" } }, new AbortController().signal);
      const client = net.connect(tunnel.address).on("error", () => {}).once("connect", () => setTimeout(() => engine.close({ graceMs: 0 }), 50));
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "inherit" });
    // The TLS limit of 10 s and the idle limit of 4 min would both keep it.
    const [code] = (await once(child, "exit")) as [number];
    expect(code).toBe(0);
  }, 9_000);
});

describe("names and addresses", () => {
  const engines: Engine[] = [];
  afterEach(async () => {
    for (const engine of engines.splice(0)) await engine.close({ graceMs: 0 });
  });
  /** A client through an engine that resolves names in its own way. */
  const through = async (
    lookup: LookupFunction,
    limits: Partial<Limits> = {},
  ): Promise<{ socket: net.Socket; events: EngineEvent[]; failed: Promise<EngineEvent> }> => {
    const events: EngineEvent[] = [];
    let onFailed: (event: EngineEvent) => void = () => undefined;
    const failed = new Promise<EngineEvent>((resolve) => (onFailed = resolve));
    const engine = new Engine({
      sessions: new MemorySessionStore(),
      browser: rig.browser,
      lookup,
      limits,
      events: (event) => {
        events.push(event);
        if (event.type === "peer-failed") onFailed(event);
      },
    });
    engines.push(engine);
    const tunnel = await engine.openTunnel(
      {
        id: "t",
        target: parseTarget("echo.corp.test:7000", rig.urlOf("proxy.corp.test")),
        listen: parseLocalAddress(""),
        tls: rig.tls,
        auth: { kind: "browser" },
      },
      new AbortController().signal,
    );
    const socket = net.connect(tunnel.address);
    return { socket, events, failed };
  };
  const answer =
    (...addresses: string[]): LookupFunction =>
    (_host: string, _options: object, callback: (error: null, all: { address: string; family: number }[]) => void) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: net.isIP(address) })),
      );

  it.each([
    ["a dead IPv6", ["::1", "127.0.0.1"]],
    ["an address that refuses", ["127.0.0.2", "127.0.0.1"]],
    ["an address behind no route", ["100::1", "127.0.0.1"]],
  ])("%s does not keep the living one away", async (_name, addresses) => {
    await start();
    const { socket } = await through(answer(...addresses));
    await roundTrip(socket);
    socket.destroy();
  });

  it("that all refuse are an error that says so", async () => {
    await start();
    const { socket, failed } = await through(answer("127.0.0.2", "127.0.0.3"));
    socket.on("error", () => undefined);
    expect(await failed).toMatchObject({ error: { code: "refused", retryable: true } });
  });

  it.each(["ENOTFOUND", "EAI_AGAIN"])("that DNS does not know are an error that says so (%s)", async (code) => {
    await start();
    const { socket, failed } = await through(((_host: string, _options: object, callback: (error: Error) => void) =>
      callback(Object.assign(new Error("no"), { code }))) as LookupFunction);
    socket.on("error", () => undefined);
    expect(await failed).toMatchObject({
      error: { code: "host-not-found", retryable: true, message: expect.stringContaining("proxy.corp.test") as string },
    });
  });

  it("that DNS never tells are waited for only so long", async () => {
    await start();
    const { socket, failed } = await through(() => undefined, { dialMs: 50 });
    socket.on("error", () => undefined);
    expect(await failed).toMatchObject({
      error: { code: "no-answer", message: expect.stringContaining("50 ms") as string },
    });
  });
});
