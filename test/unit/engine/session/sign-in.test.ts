import { afterEach, describe, expect, it } from "vitest";
import {
  BreakableStore,
  FakeApi,
  answer,
  bench,
  closeBenches,
  comeBack,
  context,
  errorOf,
  hang,
  never,
  newJwt,
  redirectOf,
  sessionOf,
  wellKnown,
} from "./fakes.ts";

const here = "https://pg.corp.example";
const ctx = context(here);
const loginPath = "/.pomerium/api/v1/login";

afterEach(closeBenches);

describe("a sign-in", () => {
  it("brings the JWT from the browser, keeps it and says so", async () => {
    const { sessions, store, types, events } = bench();
    const session = await sessions.signIn(ctx, null, never);
    expect(session).toMatchObject({ proxy: here, verified: true });
    expect((await store.inner.list())[0]?.jwt).toBe(session.jwt);
    expect(types().slice(0, 2)).toEqual(["sign-in-started", "sign-in-finished"]);
    expect(JSON.stringify(events.all)).not.toContain(session.jwt);
    expect(await sessions.current(ctx, never)).toMatchObject({ jwt: session.jwt });
  });

  it("learns name and end in the background and keeps them", async () => {
    const { sessions, api, store } = bench();
    const waiting: ((value: ReturnType<typeof answer>) => void)[] = [];
    api.on("/.pomerium/user", () => new Promise((resolve) => waiting.push(resolve)));
    const session = await sessions.signIn(ctx, null, never);
    expect(session.user).toBeUndefined();
    await api.calls.until(() => waiting.length === 1);
    waiting[0]?.(answer(200, '{"email":"ada@corp.example"}'));
    await store.puts.until((all) => all.some(({ user, expiresAt }) => user !== undefined && expiresAt !== undefined));
    expect((await store.inner.list())[0]).toMatchObject({
      user: { email: "ada@corp.example" },
      expiresAt: Date.parse("2030-01-02T03:04:05Z"),
    });
  });

  it("honours exp where a JWT has one", async () => {
    const { sessions, browser } = bench();
    browser.approve = () => newJwt({ exp: 1_900_000_000 });
    expect((await sessions.signIn(ctx, null, never)).expiresAt).toBe(1_900_000_000_000);
  });

  it("is one for 50 clients at once", async () => {
    const { sessions, browser, api, types } = bench();
    const all = await Promise.all(Array.from({ length: 50 }, () => sessions.signIn(ctx, null, never)));
    expect(new Set(all.map(({ jwt }) => jwt)).size).toBe(1);
    expect(api.count(loginPath)).toBe(1);
    expect(browser.pages.all).toHaveLength(1);
    expect(types().filter((type) => type === "sign-in-started")).toHaveLength(1);
  });

  it("is one for 50 clients whose session was refused, which ends once", async () => {
    const { sessions, store, browser, types } = bench();
    const old = sessionOf(here);
    await store.put(old);
    const all = await Promise.all(Array.from({ length: 50 }, () => sessions.signIn(ctx, old, never)));
    expect(new Set(all.map(({ jwt }) => jwt)).size).toBe(1);
    expect(all[0]?.jwt).not.toBe(old.jwt);
    expect(browser.pages.all).toHaveLength(1);
    expect(types().filter((type) => type === "session-ended")).toHaveLength(1);
    expect(store.removed).toEqual([old]);
  });

  it("goes on for the others when one client leaves", async () => {
    const { sessions, browser } = bench();
    browser.approve = null;
    const leaver = new AbortController();
    const first = sessions.signIn(ctx, null, leaver.signal);
    const second = sessions.signIn(ctx, null, never);
    const { page, signal } = await browser.pages.nth(0);
    leaver.abort();
    expect((await errorOf(first)).code).toBe("cancelled");
    expect(signal.aborted).toBe(false);
    const jwt = newJwt();
    await comeBack(redirectOf(page.url), jwt);
    expect((await second).jwt).toBe(jwt);
    expect(signal.aborted).toBe(true);
  });

  it("is given up when the last client has left, and a later one starts anew", async () => {
    const { sessions, browser, events } = bench();
    browser.approve = null;
    const leavers = [new AbortController(), new AbortController()];
    const waiting = leavers.map(({ signal }) => errorOf(sessions.signIn(ctx, null, signal)));
    const { page, signal } = await browser.pages.nth(0);
    for (const leaver of leavers) leaver.abort();
    await Promise.all(waiting);
    expect(signal.aborted).toBe(true);
    await events.until((all) => all.some(({ type }) => type === "sign-in-failed"));
    expect(page.submit(`${redirectOf(page.url)}?pomerium_jwt=${newJwt()}`)).toBe(false);
    const again = sessions.signIn(ctx, null, never);
    const second = await browser.pages.nth(1);
    await comeBack(redirectOf(second.page.url), newJwt());
    await again;
  });

  it("is not needed by a client that comes with an older JWT than the current one", async () => {
    const { sessions, store, browser, types } = bench();
    const now = sessionOf(here);
    await store.put(now);
    expect((await sessions.signIn(ctx, sessionOf(here), never)).jwt).toBe(now.jwt);
    expect(browser.pages.all).toHaveLength(0);
    expect(types()).toEqual([]);
  });

  it("is one for two processes with one store", async () => {
    const store = new BreakableStore();
    const api = new FakeApi();
    const [one, other] = [bench({ store, api }), bench({ store, api })];
    one.browser.approve = null;
    other.browser.approve = null;
    const both = Promise.all([one, other].map(({ sessions }) => sessions.signIn(ctx, null, never)));
    const { page } = await Promise.race([one.browser.pages.nth(0), other.browser.pages.nth(0)]);
    await comeBack(redirectOf(page.url), newJwt());
    const [first, second] = await both;
    expect(first?.jwt).toBe(second?.jwt);
    expect(api.count(loginPath)).toBe(1);
  });

  it("ends after its limit and says what to do", async () => {
    const { sessions, browser, events } = bench({ limits: { loginMs: 30 } });
    browser.approve = null;
    const error = await errorOf(sessions.signIn(ctx, null, never));
    expect(error.toData()).toMatchObject({
      code: "sign-in-timeout",
      message: "You did not sign in at pg.corp.example within 30 ms.",
      userAction: "Sign in again.",
    });
    expect(browser.pages.all[0]?.signal.aborted).toBe(true);
    expect(events.all.at(-1)?.type).toBe("sign-in-failed");
  });

  it("goes on when the browser does not open, by a URL that a person brings", async () => {
    const { sessions, browser, events } = bench();
    browser.failure = new Error("spawn xdg-open https://secret");
    browser.approve = null;
    const waiting = sessions.signIn(ctx, null, never);
    await events.until((all) => all.some(({ type }) => type === "browser-failed"));
    expect(JSON.stringify(events.all)).not.toContain("secret");
    const { page } = await browser.pages.nth(0);
    expect(page.submit("https://pg.corp.example/?pomerium_jwt=a.b.c")).toBe(false);
    const jwt = newJwt();
    expect(page.submit(`  "${redirectOf(page.url)}?pomerium_jwt=${jwt}"\n`)).toBe(true);
    expect((await waiting).jwt).toBe(jwt);
  });

  it("gets a fresh page with the same callback, and only while it runs", async () => {
    const { sessions, browser, api } = bench();
    browser.approve = null;
    const waiting = sessions.signIn(ctx, null, never);
    const { page } = await browser.pages.nth(0);
    const before = redirectOf(page.url);
    const [first, second] = await Promise.all([page.freshUrl(never), page.freshUrl(never)]);
    expect(first).toBe(second);
    expect(redirectOf(first)).toBe(before);
    expect(api.count(loginPath)).toBe(2);
    await comeBack(redirectOf(first), newJwt());
    await waiting;
    expect((await errorOf(page.freshUrl(never))).code).toBe("cancelled");
  });

  it("is cancelled by a person for everybody who waits", async () => {
    const { sessions, browser } = bench();
    browser.approve = null;
    const waiting = [1, 2, 3].map(() => errorOf(sessions.signIn(ctx, null, never)));
    const { signal } = await browser.pages.nth(0);
    sessions.cancelSignIn("https://other.corp.example");
    expect(signal.aborted).toBe(false);
    sessions.cancelSignIn(here);
    expect((await Promise.all(waiting)).map(({ code }) => code)).toEqual(["cancelled", "cancelled", "cancelled"]);
    expect(signal.aborted).toBe(true);
  });

  it("has left nothing behind when close returns", async () => {
    const { sessions, browser, events } = bench();
    browser.approve = null;
    const waiting = errorOf(sessions.signIn(ctx, null, never));
    const { signal } = await browser.pages.nth(0);
    await sessions.close();
    expect(signal.aborted).toBe(true);
    expect(events.all.at(-1)?.type).toBe("sign-in-failed");
    await waiting;
  });

  it("ends when everything closes, and no other begins", async () => {
    const { sessions, browser } = bench();
    browser.approve = null;
    const waiting = errorOf(sessions.signIn(ctx, null, never));
    const { page } = await browser.pages.nth(0);
    await Promise.all([sessions.close(), sessions.close()]);
    expect((await waiting).code).toBe("closed");
    await expect(comeBack(redirectOf(page.url), newJwt())).rejects.toThrow("ECONNREFUSED");
    expect((await errorOf(sessions.signIn(ctx, null, never))).code).toBe("closed");
  });

  it.each([
    ["404", answer(404), "not-pomerium", false],
    ["a page", answer(200, "<!doctype html><p>Welcome"), "not-pomerium", false],
    ["a redirect", answer(302), "not-pomerium", false],
    ["nothing", answer(200, ""), "not-pomerium", false],
    ["two lines", answer(200, "https://a.example/\nhttps://b.example/"), "not-pomerium", false],
    ["a script", answer(200, "javascript:alert(1)"), "sign-in-failed", false],
    ["a file", answer(200, "file:///etc/passwd"), "sign-in-failed", false],
    ["plain http elsewhere", answer(200, "http://authenticate.corp.example/"), "sign-in-failed", false],
    ["credentials", answer(200, "https://a:b@authenticate.corp.example/"), "sign-in-failed", false],
    ["too much", answer(200, `https://a.example/${"x".repeat(17_000)}`), "sign-in-failed", false],
    ["400", answer(400), "sign-in-failed", false],
    ["429", answer(429), "rate-limited", true],
    ["495", answer(495), "client-certificate-needed", false],
    ["503", answer(503), "proxy-error", true],
  ] as const)("fails on a login API that answers %s", async (_, said, code, retryable) => {
    const { sessions, api, browser } = bench();
    api.on(loginPath, said);
    const error = await errorOf(sessions.signIn(ctx, null, never));
    expect(error).toMatchObject({ code, retryable });
    expect(error.message).toContain("pg.corp.example");
    expect(browser.pages.all).toHaveLength(0);
  });

  it("opens plain http on this computer", async () => {
    const { sessions, api, browser } = bench();
    api.on(loginPath, ({ path }) => answer(200, `http://127.0.0.1:9000/sign_in?${path.split("?")[1] ?? ""}\n`));
    await sessions.signIn(ctx, null, never);
    expect(browser.pages.all[0]?.page.url).toMatch(/^http:\/\/127\.0\.0\.1:9000\/sign_in\?/);
  });

  it("does not wait for ever for a login API, and tells nothing of an unforeseen error", async () => {
    const slow = bench({ limits: { apiCallMs: 20 } });
    slow.api.on(loginPath, hang);
    expect(await errorOf(slow.sessions.signIn(ctx, null, never))).toMatchObject({ code: "no-answer", retryable: true });
    const odd = bench();
    odd.api.on(loginPath, ({ path }) => Promise.reject(new Error(`failed: ${path}`)));
    const error = await errorOf(odd.sessions.signIn(ctx, null, never));
    expect(JSON.stringify([error.toData(), String(error.cause)])).not.toContain("127.0.0.1");
  });

  it("does not wait for the user page, the session page or the well-known document", async () => {
    const { sessions, api } = bench({ limits: { wellKnownWaitMs: 10 } });
    for (const path of ["/.pomerium/user", "/.pomerium/", "/.well-known/pomerium"]) api.on(path, hang);
    expect((await sessions.signIn(ctx, null, never)).pomerium).toBeNull();
  });
});

it("keeps which Pomerium a session is of, also when that is learned late", async () => {
  const { sessions, api, store } = bench({ limits: { wellKnownWaitMs: 5 } });
  let tell: (() => void) | undefined;
  api.on(
    "/.well-known/pomerium",
    () => new Promise((done) => (tell = () => done(wellKnown("https://auth.corp.example")))),
  );
  expect((await sessions.signIn(ctx, null, never)).pomerium).toBeNull();
  tell?.();
  await store.puts.until((all) => all.some(({ pomerium }) => pomerium === "https://auth.corp.example"));
});
