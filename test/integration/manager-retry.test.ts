import { once } from "node:events";
import type net from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { AppError } from "../../src/shared/errors.ts";
import { connectTo, endOf, receiveAll, Upstream } from "../support/streams.ts";
import { roundTrip } from "./connector-clients.ts";
import { ManagerRig, type ManagerRigOptions } from "./manager-rig.ts";

let upstream: Upstream;
let rig: ManagerRig;

const start = async (policy: "public" | "allow" | "deny", options: Partial<ManagerRigOptions> = {}): Promise<void> => {
  const route = { host: "echo.corp.test", port: 7000, upstream: upstream.address, policy };
  rig = await ManagerRig.start({ routes: [route], ...options });
  rig.add("a", "echo.corp.test:7000");
  rig.add("b", "echo.corp.test:7000");
};
const kind = (id: string): string => rig.manager.status(id).kind;
const fail = async (socket: net.Socket): Promise<void> => {
  expect(await endOf(socket)).toBe("ECONNRESET");
};

beforeAll(async () => {
  upstream = await Upstream.start();
});
afterAll(() => upstream.close());
afterEach(() => rig.close());

describe("a destination that cannot be reached for now", () => {
  it.each([
    ["the proxy resets connections", { tcp: "reset" }, "connection-lost"],
    ["the proxy answers 502", { answer: { kind: "status", status: 502 } }, "proxy-error"],
  ] as const)("keeps clients waiting when %s, and gives them all of their bytes in the end", async (_, fault, code) => {
    await start("public");
    const address = await rig.turnOn("a");
    rig.proxy.faults.set(fault);
    const [one, two] = [await connectTo(address), await connectTo(address)];
    one.write("one, ");
    two.write("two");
    const retrying = await rig.status("a", "retrying", ({ attempt }) => attempt >= 3);
    expect(retrying).toMatchObject({ clients: 0, error: { code, retryable: true } });
    expect(retrying.nextAt - Date.now()).toBeLessThanOrEqual(160);
    one.write("more");
    expect(rig.manager.activity("a").clients.map(({ state }) => state)).toEqual(["connecting", "connecting"]);
    const got = [receiveAll(one), receiveAll(two)];
    rig.proxy.faults.clear();
    await rig.status("a", "connected", ({ clients }) => clients === 2);
    one.end("!");
    two.end();
    expect((await Promise.all(got)).map(({ bytes }) => bytes)).toEqual([10, 3]);
    expect(rig.seen("peer-failed")).toEqual([]);
    expect(rig.seen("peer-waiting")).toHaveLength(2);
    expect(rig.seen("tunnel-recovered")).toHaveLength(1);
    const waits = rig.seen("tunnel-retrying").map(({ attempt, inMs }) => [attempt, inMs]);
    expect(waits.slice(0, 3)).toEqual([
      [1, 40],
      [2, 80],
      [3, 160],
    ]);
    expect(rig.messages("a")).toContain("Client waits for the next attempt");
    expect(rig.messages("a")).toContain("echo.corp.test:7000 can be reached again");
    const [opened] = rig.seen("peer-connected");
    expect(opened?.openMs).toBeLessThan(opened?.ms ?? 0);
  });

  it("answers a client that has ended its side meanwhile, as a program in a shell pipe does", async () => {
    await start("public");
    const address = await rig.turnOn("a");
    rig.proxy.faults.set({ tcp: "reset" });
    const client = await connectTo(address);
    client.end("question");
    await rig.status("a", "retrying", ({ attempt }) => attempt >= 2);
    const reached = upstream.next();
    rig.proxy.faults.clear();
    const socket = await reached;
    expect((await receiveAll(socket)).bytes).toBe(8);
    const answer = receiveAll(client);
    socket.end("an answer");
    expect((await answer).bytes).toBe(9);
    await rig.until(() => rig.seen("peer-closed").length === 1);
    expect(rig.seen("peer-closed")[0]).toMatchObject({ how: "ended", sent: 8, received: 9 });
  });

  it("lets go of a client that hangs up while it waits, by a FIN too, and goes on trying by itself", async () => {
    await start("public", { limits: { waitingEndMs: 50 } });
    const address = await rig.turnOn("a");
    rig.proxy.faults.set({ tcp: "reset" });
    const [closes, resets] = [await connectTo(address), await connectTo(address)];
    closes.write("a question that nobody waits for any more");
    await rig.status("a", "retrying");
    await rig.until(() => rig.seen("peer-waiting").length === 2);
    closes.end();
    resets.resetAndDestroy();
    await rig.until(() => rig.seen("peer-failed").length === 2);
    expect(rig.seen("peer-failed").map(({ error }) => error.code)).toEqual(["cancelled", "cancelled"]);
    expect([kind("a"), rig.manager.activity("a").clients]).toEqual(["retrying", []]);
    const tested = upstream.next();
    rig.proxy.faults.clear();
    await rig.status("a", "listening");
    expect(rig.seen("peer-connected")).toEqual([]);
    // The test of the way is closed again, and nothing is sent on it.
    const socket = await tested;
    if (!socket.closed) await new Promise((resolve) => socket.resume().once("close", resolve));
    expect(socket.bytesRead).toBe(0);
    await roundTrip(await connectTo(address));
  });

  it("is tried at once when somebody asks for it, or the network has changed", async () => {
    await start("public", { limits: { retryFirstMs: 60_000, retryMostMs: 60_000 } });
    const address = await rig.turnOn("a");
    await rig.turnOn("b");
    rig.proxy.faults.set({ tcp: "reset" });
    const client = await connectTo(address);
    await rig.status("a", "retrying");
    rig.manager.tryAgain("a");
    await rig.status("a", "retrying", ({ attempt }) => attempt === 2);
    rig.proxy.faults.clear();
    rig.manager.tryAllNow();
    await rig.status("a", "connected");
    await roundTrip(client);
  });

  it("is reached when it asks for a sign-in, which all who waited then wait for", async () => {
    await start("allow");
    rig.browser.onShow = () => Promise.resolve();
    const address = await rig.turnOn("a");
    rig.proxy.faults.set({ tcp: "reset" });
    await Promise.all([connectTo(address), connectTo(address), connectTo(address)]);
    await rig.until(() => rig.seen("peer-waiting").length === 3);
    expect(await rig.status("a", "retrying")).toMatchObject({ clients: 0 });
    rig.proxy.faults.clear();
    await rig.status("a", "signing-in", ({ waiting }) => waiting === 3);
    expect(rig.seen("tunnel-recovered")).toHaveLength(1);
  });

  it("ends with the tunnel", async () => {
    await start("public", { limits: { retryFirstMs: 60_000 } });
    const client = await connectTo(await rig.turnOn("a"));
    const ended = endOf(client);
    rig.proxy.faults.set({ tcp: "reset" });
    client.write("x");
    await rig.status("a", "retrying");
    await rig.manager.close({ graceMs: 60_000 });
    expect(await ended).toBe("ECONNRESET");
    expect(rig.seen("peer-failed")[0]?.error.code).toBe("closed");
  });

  it("stops being tried when an attempt meets an error that stays", async () => {
    await start("public");
    const client = await connectTo(await rig.turnOn("a"));
    rig.proxy.faults.set({ tcp: "reset" });
    const ended = fail(client);
    await rig.status("a", "retrying");
    rig.proxy.control.setPolicy("echo.corp.test:7000", "deny");
    rig.proxy.faults.clear();
    const error = await rig.status("a", "error");
    expect(error).toMatchObject({ error: { code: "access-denied" } });
    await ended;
  });
});

describe("an error that stays", () => {
  it("is shown since it first came, until a client gets through", async () => {
    await start("deny");
    const address = await rig.turnOn("a");
    await fail(await connectTo(address));
    const error = await rig.status("a", "error");
    expect(error).toMatchObject({ clients: 0, error: { code: "access-denied", status: 403 } });
    await fail(await connectTo(address));
    await rig.until(() => rig.seen("peer-failed").length === 2);
    expect(rig.manager.status("a")).toMatchObject({ kind: "error", since: error.since });
    expect(rig.seen("tunnel-retrying")).toEqual([]);
    rig.proxy.control.setPolicy("echo.corp.test:7000", "public");
    const client = await connectTo(address);
    await roundTrip(client);
    await rig.status("a", "connected");
    client.end();
    await rig.status("a", "listening");
  });

  it("is tested again when somebody asks, without a client and without a browser", async () => {
    await start("deny");
    await fail(await connectTo(await rig.turnOn("a")));
    await rig.status("a", "error");
    rig.manager.tryAgain("a");
    await rig.until(() => rig.seen("tunnel-given-up").length === 1);
    expect(kind("a")).toBe("error");
    rig.proxy.control.setPolicy("echo.corp.test:7000", "allow");
    const pages = rig.browser.pages.length;
    rig.proxy.control.revokeAll();
    rig.manager.tryAgain("a");
    await rig.status("a", "listening");
    expect(rig.browser.pages).toHaveLength(pages);
    expect(rig.seen("sign-in-started")).toHaveLength(pages);
  });

  it("of a service account is tested with its token", async () => {
    await start("allow");
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl";
    const settings = await rig.settings.get("a")?.(AbortSignal.timeout(1_000));
    if (!settings) throw new AppError("internal", "no settings");
    rig.settings.set("a", () =>
      Promise.resolve({ ...settings, auth: { kind: "service-account", read: () => Promise.resolve(token) } }),
    );
    await fail(await connectTo(await rig.turnOn("a")));
    expect(await rig.status("a", "error")).toMatchObject({ error: { code: "service-account-refused" } });
    rig.manager.tryAgain("a");
    await rig.until(() => rig.seen("tunnel-given-up").length === 1);
    token = rig.proxy.control.issueJwt();
    rig.manager.tryAgain("a");
    await rig.status("a", "listening");
    expect(rig.browser.pages).toEqual([]);
  });

  it("goes when it is turned off and on", async () => {
    await start("deny");
    await fail(await connectTo(await rig.turnOn("a")));
    await rig.status("a", "error");
    rig.manager.turnOff("a");
    await rig.turnOn("a");
    expect(kind("a")).toBe("listening");
  });
});

describe("a sign-in", () => {
  it("is shown with how many wait, in every connection that waits", async () => {
    await start("allow");
    let signIn: () => void = () => undefined;
    const pressed = new Promise<void>((resolve) => (signIn = resolve));
    rig.browser.onShow = async (page, signal) => {
      await pressed;
      await rig.browser.signIn(page, signal);
    };
    const [a, b] = [await rig.turnOn("a"), await rig.turnOn("b")];
    const clients = [await connectTo(a), await connectTo(a), await connectTo(b)];
    const waiting = await rig.status("a", "signing-in", (status) => status.waiting === 2);
    await rig.status("b", "signing-in");
    expect(waiting).toMatchObject({ proxy: rig.proxy.origin, clients: 0 });
    expect(rig.manager.waitingFor(rig.proxy.origin).sort()).toEqual(["a", "b"]);
    expect(rig.manager.waitingFor("https://elsewhere.test")).toEqual([]);
    expect(rig.messages("b")).toContain("Pomerium asked for a sign-in");
    signIn();
    await Promise.all(clients.map((client) => roundTrip(client)));
    expect(await rig.status("a", "connected")).toMatchObject({ clients: 2 });
    expect([rig.manager.waitingFor(rig.proxy.origin), rig.browser.pages.length]).toEqual([[], 1]);
    // The time of the person is not the time of the tunnel.
    const opened = rig.seen("peer-connected")[0];
    expect(opened?.openMs).toBeLessThanOrEqual(opened?.ms ?? 0);
    await rig.until(() => rig.seen("session-changed").length >= 2);
    expect((await rig.engine.sessions())[0]?.proxy).toBe(rig.proxy.origin);
  });

  it("at one host of a Pomerium is what the others wait for", async () => {
    const hosts = ["one.corp.test", "two.corp.test"];
    const to = (host: string): ManagerRigOptions["routes"][number] => ({
      host,
      port: 7000,
      upstream: upstream.address,
      policy: "allow",
    });
    rig = await ManagerRig.start({ routes: hosts.map(to) });
    for (const host of hosts) rig.add(host, `${host}:7000`, { pomeriumUrl: `https://${host}:${rig.proxy.port}` });
    let signIn: () => void = () => undefined;
    const pressed = new Promise<void>((resolve) => (signIn = resolve));
    rig.browser.onShow = async (page, signal) => {
      await pressed;
      await rig.browser.signIn(page, signal);
    };
    const [first, second] = [await rig.turnOn("one.corp.test"), await rig.turnOn("two.corp.test")];
    const one = await connectTo(first);
    await rig.until(() => rig.browser.pages.length === 1);
    const two = await connectTo(second);
    const at = `https://one.corp.test:${rig.proxy.port}`;
    await rig.status("one.corp.test", "signing-in", ({ proxy }) => proxy === at);
    await rig.status("two.corp.test", "signing-in", ({ proxy }) => proxy === at);
    expect(rig.manager.waitingFor(at)).toEqual(hosts);
    expect(rig.manager.waitingFor(`https://two.corp.test:${rig.proxy.port}`)).toEqual([]);
    signIn();
    await Promise.all([one, two].map((client) => roundTrip(client)));
    expect(rig.browser.pages).toHaveLength(1);
    expect(rig.messages("two.corp.test")).toContain(`Waiting for the sign-in at one.corp.test:${rig.proxy.port}`);
  });

  it("leaves nothing behind when it is cancelled", async () => {
    await start("allow");
    rig.browser.onShow = () => Promise.resolve();
    const ended = fail(await connectTo(await rig.turnOn("a")));
    await rig.status("a", "signing-in");
    rig.engine.cancelSignIn(rig.proxy.origin);
    await ended;
    await rig.status("a", "listening");
    expect(rig.manager.activity("a").log.filter(({ level }) => level !== "info")).toEqual([]);
  });

  it("that was not finished stays as an error, until somebody has signed in", async () => {
    await start("allow", { limits: { loginMs: 150 } });
    rig.browser.onShow = () => Promise.resolve();
    const address = await rig.turnOn("a");
    await fail(await connectTo(address));
    expect(await rig.status("a", "error")).toMatchObject({ error: { code: "sign-in-timeout" } });
    rig.browser.onShow = (page, signal) => rig.browser.signIn(page, signal);
    const settings = await rig.settings.get("a")?.(AbortSignal.timeout(1_000));
    if (!settings) throw new AppError("internal", "no settings");
    await rig.engine.login(settings.target.proxy, settings.tls, AbortSignal.timeout(10_000));
    await rig.status("a", "listening");
  });

  it("that ends at the proxy goes into the log of those that use it", async () => {
    await start("allow");
    const client = await connectTo(await rig.turnOn("a"));
    await roundTrip(client);
    rig.proxy.control.revokeAll();
    await roundTrip(await connectTo(await rig.turnOn("b")));
    const host = rig.proxy.origin.replace("https://", "");
    for (const id of ["a", "b"]) expect(rig.messages(id)).toContain(`The session at ${host} has ended`);
    client.end();
    await once(client, "close");
  });
});
