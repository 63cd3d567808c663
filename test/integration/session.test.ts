import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { hostHeaderOf, type ProxyAddress } from "../../src/shared/address.ts";
import type { EngineEvent } from "../../src/shared/events.ts";
import { limits } from "../../src/shared/limits.ts";
import type { ApiAnswer, ProxyApi, SignInBrowser, TlsChoice } from "../../src/engine/ports.ts";
import { MemorySessionStore } from "../../src/engine/session/memory-session-store.ts";
import { Sessions, type SessionContext } from "../../src/engine/session/sessions.ts";
import { headlessSignIn, startAccessProxy, type AccessProxy, type PageResult } from "../support/access-proxy/index.ts";
import { fronts } from "../support/fronts.ts";

const never = new AbortController().signal;
const tls: TlsChoice = { key: "test", verify: true };

/** The smallest thing that is a ProxyApi: one request a connection, every name on loopback. */
class HttpsApi implements ProxyApi {
  readonly calls: string[] = [];
  readonly #caPem: string;

  constructor(caPem: string) {
    this.#caPem = caPem;
  }

  async get(
    proxy: ProxyAddress,
    _tls: TlsChoice,
    path: string,
    jwt: string | null,
    signal: AbortSignal,
  ): Promise<ApiAnswer> {
    this.calls.push(`${proxy.host} ${path.split("?")[0] ?? ""}`);
    const request = https.get({
      host: "127.0.0.1",
      port: proxy.port,
      servername: proxy.host,
      path,
      agent: false,
      ca: this.#caPem,
      signal,
      headers: {
        host: hostHeaderOf(proxy),
        accept: "application/json",
        ...(jwt === null ? {} : { authorization: `Pomerium ${jwt}` }),
      },
    });
    const [response] = (await once(request, "response", { signal })) as [IncomingMessage];
    const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
    return { status: response.statusCode ?? 0, headers, body: await text(response) };
  }
}

describe.each(fronts())("sessions at a Pomerium behind the %s front", (front) => {
  let proxy: AccessProxy;
  const open: Sessions[] = [];

  beforeAll(async () => {
    proxy = await startAccessProxy({
      front,
      routes: ["echo", "pg"].map((name) => ({ host: `${name}.corp.test`, port: 7000, upstream: null })),
    });
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((sessions) => sessions.close()));
    proxy.control.setSignIn("approve");
    proxy.control.setLoginApi("ok");
  });
  afterAll(() => proxy.close());

  const at = (host: string): SessionContext => ({ proxy: { tls: true, host, port: proxy.port }, tls });

  const setUp = (): {
    sessions: Sessions;
    store: MemorySessionStore;
    events: EngineEvent[];
    ends: Promise<PageResult>[];
    api: HttpsApi;
  } => {
    const [store, events, ends]: [MemorySessionStore, EngineEvent[], Promise<PageResult>[]] = [
      new MemorySessionStore(),
      [],
      [],
    ];
    const browser: SignInBrowser = {
      show: (page) => {
        ends.push(headlessSignIn(page.url, { caPem: proxy.caPem }));
        return Promise.resolve();
      },
    };
    const api = new HttpsApi(proxy.caPem);
    const sessions = new Sessions({ api, store, browser, events: (event) => events.push(event), limits, share: true });
    open.push(sessions);
    return { sessions, store, events, ends, api };
  };

  it("signs in once for many clients of two hosts, and the proxy knows the session", async () => {
    const { sessions, events, ends } = setUp();
    const before = proxy.control.loginRequests();
    const hosts = Array.from({ length: 50 }, (_, i) => at(i % 2 === 0 ? "echo.corp.test" : "pg.corp.test"));
    const all = await Promise.all(hosts.map((ctx) => sessions.signIn(ctx, null, never)));
    expect(new Set(all.map(({ jwt }) => jwt)).size).toBe(1);
    expect(proxy.control.loginRequests() - before).toBe(1);
    expect(all[0]?.pomerium).toMatch(/^https:\/\/authenticate\.corp\.test/);
    const page = await ends[0];
    expect(page?.status).toBe(200);
    expect(page?.body).toContain(`You are signed in to echo.corp.test:${proxy.port}.`);
    expect(events.map(({ type }) => type)).toEqual(expect.arrayContaining(["sign-in-finished", "session-shared"]));
    expect(await sessions.login(at("pg.corp.test"), never)).toMatchObject({ user: { email: "alice@corp.test" } });
    expect(ends).toHaveLength(1);
  });

  it("says who has signed in, and ends the session at the proxy", async () => {
    const { sessions, store } = setUp();
    const ctx = at("echo.corp.test");
    const session = await sessions.login(ctx, never);
    expect(session.user).toEqual({ email: "alice@corp.test", name: "Alice" });
    expect(await sessions.signOut(session.proxy, () => tls, never)).toEqual([
      { proxy: session.proxy, endedAtProxy: true },
    ]);
    expect(await store.list()).toEqual([]);
  });

  it("signs in again after the proxy has ended the session", async () => {
    const { sessions, events } = setUp();
    const ctx = at("echo.corp.test");
    const first = await sessions.login(ctx, never);
    sessions.accepted(ctx, first);
    proxy.control.revoke(first.jwt);
    const second = await sessions.signIn(ctx, first, never);
    expect(second.jwt).not.toBe(first.jwt);
    expect(events.filter(({ type }) => type === "session-ended")).toHaveLength(1);
  });

  it("says what a login API means that fails or is none", async () => {
    const { sessions } = setUp();
    proxy.control.setLoginApi("error");
    await expect(sessions.signIn(at("echo.corp.test"), null, never)).rejects.toMatchObject({
      code: "proxy-error",
      retryable: true,
    });
    proxy.control.setLoginApi("junk");
    await expect(sessions.signIn(at("echo.corp.test"), null, never)).rejects.toMatchObject({ code: "not-pomerium" });
  });

  it("is cancelled while the identity provider hangs", async () => {
    const { sessions, ends } = setUp();
    proxy.control.setSignIn("hang");
    const visits = proxy.control.browserVisits();
    const waiting = sessions.signIn(at("echo.corp.test"), null, never);
    waiting.catch(() => undefined);
    while (proxy.control.browserVisits() === visits) await new Promise((done) => setTimeout(done, 5));
    sessions.cancelSignIn(`https://echo.corp.test:${proxy.port}`);
    await expect(waiting).rejects.toMatchObject({ code: "cancelled" });
    for (const end of ends) end.catch(() => undefined);
  });
});
