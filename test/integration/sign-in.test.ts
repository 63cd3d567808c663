import net from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SignInPage, Tunnel } from "../../src/engine/index.ts";
import type { Limits } from "../../src/shared/limits.ts";
import { fronts } from "../support/fronts.ts";
import { Rig } from "../support/rig.ts";
import { connectTo, endOf, Upstream } from "../support/streams.ts";
import { endAll, liveClient, refusedClient, roundTrip } from "./connector-clients.ts";

/** Holds every sign-in page until it is told to go on. */
class PatientPerson {
  page: SignInPage | null = null;
  readonly #rig: Rig;
  readonly #shown: Promise<void>;
  /** The sign-in was taken back. */
  readonly over: Promise<void>;

  constructor(rig: Rig) {
    this.#rig = rig;
    let over: () => void;
    this.over = new Promise((resolve) => (over = resolve));
    this.#shown = new Promise((resolve) => {
      rig.browser.onShow = (page, signal) => {
        this.page = page;
        signal.addEventListener("abort", () => over(), { once: true });
        resolve();
        return Promise.resolve();
      };
    });
  }

  /** Resolves when the page is before the person. */
  async sees(): Promise<void> {
    await this.#shown;
  }

  async signsIn(): Promise<void> {
    if (this.page) await this.#rig.browser.signIn(this.page, new AbortController().signal);
  }
}

describe.each(fronts())("signing in, %s front", (front) => {
  let upstream: Upstream;
  let rig: Rig;
  let tunnel: Tunnel;

  const start = async (limits: Partial<Limits> = {}): Promise<void> => {
    rig = await Rig.start({
      front,
      routes: [{ host: "echo.corp.test", port: 7000, upstream: upstream.address }],
      limits,
    });
    tunnel = await rig.open("echo.corp.test:7000");
  };
  beforeEach(async () => {
    upstream = await Upstream.start();
  });
  afterEach(async () => {
    await rig.close();
    await upstream.close();
  });

  it("happens once for 50 clients at once, whose early bytes all arrive", async () => {
    await start();
    const person = new PatientPerson(rig);
    const clients = Array.from({ length: 50 }, (_, i) =>
      liveClient(tunnel, `early bytes of ${i} ${"x".repeat(i * 500)}`),
    );
    await rig.event("peer-signing-in", 50);
    await person.sees();
    await person.signsIn();
    const sockets = await Promise.all(clients);
    expect(rig.proxy.control.loginRequests()).toBe(1);
    expect(rig.browser.pages).toHaveLength(1);
    expect(rig.seen("sign-in-started")).toHaveLength(1);
    expect(rig.seen("peer-failed")).toEqual([]);
    expect(await rig.engine.sessions()).toHaveLength(1);
    await endAll(rig, sockets);
  });

  it("goes on for the others when one client hangs up", async () => {
    await start();
    const person = new PatientPerson(rig);
    const leaver = await connectTo(tunnel.address);
    const stayer = liveClient(tunnel, "I stay");
    await rig.event("peer-signing-in", 2);
    await person.sees();
    leaver.resetAndDestroy();
    expect(await rig.event("peer-failed")).toMatchObject({ step: "sign-in", error: { code: "cancelled" } });
    await person.signsIn();
    await endAll(rig, [await stayer]);
    expect(rig.seen("sign-in-failed")).toEqual([]);
    expect(rig.proxy.control.loginRequests()).toBe(1);
  });

  it("is taken back when the last client has hung up, and begins anew with the next one", async () => {
    await start();
    const person = new PatientPerson(rig);
    const clients = [await connectTo(tunnel.address), await connectTo(tunnel.address)];
    await rig.event("peer-signing-in", 2);
    await person.sees();
    for (const client of clients) client.resetAndDestroy();
    await rig.event("peer-failed", 2);
    await person.over;
    expect(await rig.event("sign-in-failed")).toMatchObject({ error: { code: "cancelled" } });
    rig.browser.onShow = (page, signal) => rig.browser.signIn(page, signal);
    await endAll(rig, [await liveClient(tunnel)]);
    expect(rig.proxy.control.loginRequests()).toBe(2);
  });

  it("resets every waiting client when nobody has signed in in time", async () => {
    await start({ loginMs: 300 });
    const person = new PatientPerson(rig);
    const clients = await Promise.all(Array.from({ length: 5 }, () => connectTo(tunnel.address)));
    const ends = clients.map((client) => endOf(client));
    expect(await Promise.all(ends)).toEqual(clients.map(() => "ECONNRESET"));
    await rig.event("peer-failed", 5);
    expect(rig.seen("peer-failed").map(({ error }) => error.code)).toEqual(clients.map(() => "sign-in-timeout"));
    expect(rig.seen("sign-in-failed")).toMatchObject([{ error: { code: "sign-in-timeout" } }]);
    await person.over;
    expect(rig.browser.pages).toHaveLength(1);
  });

  it("is needed once more when the session was revoked; the old tunnel lives on", async () => {
    await start();
    const old = await liveClient(tunnel);
    const [session] = await rig.engine.sessions();
    rig.proxy.control.revoke(session?.jwt ?? "");
    const fresh = await Promise.all(Array.from({ length: 5 }, (_, i) => liveClient(tunnel, `fresh ${i}`)));
    await roundTrip(old, "old and well");
    expect(rig.browser.pages).toHaveLength(2);
    expect(rig.proxy.control.loginRequests()).toBe(2);
    expect(rig.seen("session-ended")).toHaveLength(1);
    expect((await rig.engine.sessions()).map(({ jwt }) => jwt)).not.toContain(session?.jwt);
    await endAll(rig, [old, ...fresh]);
  });

  it("never puts a secret into an event", async () => {
    await start();
    await endAll(rig, [await liveClient(tunnel)]);
    rig.proxy.control.revokeAll();
    await endAll(rig, [await liveClient(tunnel)]);
    const text = JSON.stringify(rig.events);
    for (const { jwt } of await rig.engine.sessions()) expect(text).not.toContain(jwt);
    for (const { url } of rig.browser.pages) expect(text).not.toContain(new URL(url).search);
  });

  it("is not needed for a service account", async () => {
    await start();
    const jwt = rig.proxy.control.issueJwt();
    let reads = 0;
    const auth = {
      kind: "service-account",
      read: () => {
        reads += 1;
        return Promise.resolve(`${jwt}\n`);
      },
    } as const;
    const other = await rig.open("echo.corp.test:7000", { auth });
    await endAll(rig, [await liveClient(other), await liveClient(other)]);
    expect(reads).toBe(2);
    expect(rig.browser.pages).toEqual([]);
    expect(rig.proxy.control.loginRequests()).toBe(0);
    expect(await rig.engine.sessions()).toEqual([]);
  });

  it("never follows on a service account that is refused", async () => {
    await start();
    const jwt = rig.proxy.control.issueJwt();
    rig.proxy.control.revoke(jwt);
    for (const read of [
      () => Promise.resolve(jwt),
      () => Promise.resolve("junk"),
      () => Promise.reject(new Error("gone")),
    ]) {
      const other = await rig.open("echo.corp.test:7000", { auth: { kind: "service-account", read } });
      const { error } = await refusedClient(rig, other);
      expect(error.message).not.toContain(jwt);
      await other.close({ graceMs: 0 });
    }
    expect(rig.seen("peer-failed").map(({ error }) => error.code)).toEqual([
      "service-account-refused",
      "setting-invalid",
      "internal",
    ]);
    expect(rig.seen("peer-failed")[0]?.error).toMatchObject({ status: 401, requestId: expect.any(String) as string });
    expect(rig.browser.pages).toEqual([]);
    expect(rig.proxy.control.loginRequests()).toBe(0);
  });

  it("ends with the tunnel's last client when the tunnel is closed", async () => {
    await start();
    const person = new PatientPerson(rig);
    const client = net.connect(tunnel.address);
    const end = endOf(client);
    await person.sees();
    await tunnel.close({ graceMs: 0 });
    expect(await end).toBe("ECONNRESET");
    await person.over;
    expect(rig.seen("peer-failed")).toMatchObject([{ error: { code: "closed" } }]);
  });
});
