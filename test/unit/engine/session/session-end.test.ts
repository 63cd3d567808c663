import { afterEach, describe, expect, it } from "vitest";
import { AppError } from "../../../../src/shared/errors.ts";
import { answer, bench, closeBenches, context, errorOf, hang, never, sessionOf } from "./fakes.ts";

const here = "https://pg.corp.example";
const ctx = context(here);
const loginPath = "/.pomerium/api/v1/login";

afterEach(closeBenches);

describe("a session that is refused", () => {
  it("opens no browser for a while when it was fresh", async () => {
    const { sessions, browser, store, api } = bench({ limits: { signInPauseMs: 60_000 } });
    const session = await sessions.signIn(ctx, null, never);
    expect(sessions.isFresh(session)).toBe(true);
    const error = sessions.refusedFresh(ctx, session);
    expect(error).toMatchObject({ code: "sign-in-refused", retryable: false });
    const later = await Promise.all([1, 2].map(() => errorOf(sessions.signIn(ctx, session, never))));
    expect(later).toEqual([error, error]);
    expect(browser.pages.all).toHaveLength(1);
    expect(await store.inner.list()).toEqual([]);
    expect(api.count(loginPath)).toBe(1);
    await sessions.signIn(context("https://other.example"), null, never);
  });

  it("is found out by the user page too, unless a tunnel has opened with it", async () => {
    const { sessions, api, events, store } = bench();
    const tell: ((said: ReturnType<typeof answer>) => void)[] = [];
    api.on("/.pomerium/user", () => new Promise((resolve) => tell.push(resolve)));
    const first = await sessions.signIn(ctx, null, never);
    await api.calls.until(() => tell.length === 1);
    tell[0]?.(answer(401));
    await events.until((all) => all.some(({ type }) => type === "session-ended"));
    expect(sessions.isFresh(first)).toBe(false);
    expect((await errorOf(sessions.signIn(ctx, null, never))).code).toBe("sign-in-refused");

    const elsewhere = context("https://elsewhere.example");
    const second = await sessions.signIn(elsewhere, null, never);
    sessions.accepted(elsewhere, second);
    await api.calls.until(() => tell.length === 2);
    tell[1]?.(answer(401));
    await store.puts.until((all) => all.some(({ proxy, expiresAt }) => proxy === second.proxy && expiresAt));
    expect(await sessions.current(elsewhere, never)).toMatchObject({ jwt: second.jwt });
  });

  it("may open a browser again after the pause", async () => {
    const { sessions, browser } = bench({ limits: { signInPauseMs: 0 } });
    sessions.refusedFresh(ctx, await sessions.signIn(ctx, null, never));
    await sessions.signIn(ctx, null, never);
    expect(browser.pages.all).toHaveLength(2);
  });

  it("is not fresh once it has opened something", async () => {
    const { sessions, browser } = bench();
    const session = await sessions.signIn(ctx, null, never);
    sessions.accepted(ctx, session);
    expect(sessions.isFresh(session)).toBe(false);
    await sessions.signIn(ctx, session, never);
    expect(browser.pages.all).toHaveLength(2);
  });

  it("opens one browser only when a browser that is still signed in brings the same JWT again", async () => {
    const { sessions, store, browser } = bench();
    const old = sessionOf(here);
    await store.put(old);
    browser.approve = () => old.jwt;
    expect((await errorOf(sessions.signIn(ctx, old, never))).code).toBe("sign-in-refused");
    expect(browser.pages.all).toHaveLength(1);
  });

  it("is dropped, exactly it, and told once", async () => {
    const { sessions, store, types } = bench();
    const [mine, other] = [sessionOf(here), sessionOf("https://elsewhere.example")];
    await store.put(mine);
    await store.put(other);
    await sessions.signIn(ctx, mine, never);
    expect(store.removed).toEqual([mine]);
    expect((await store.inner.list()).some(({ jwt }) => jwt === other.jwt)).toBe(true);
    expect(types()[0]).toBe("session-ended");
  });

  it("stays when a sign-in is cancelled, fails or times out", async () => {
    const { sessions, store, api, browser } = bench({ limits: { loginMs: 20 } });
    const mine = sessionOf(here);
    await store.put(mine);
    api.on("/.pomerium/user", answer(503));
    api.on(loginPath, answer(503));
    expect((await errorOf(sessions.login(ctx, never))).code).toBe("proxy-error");
    api.handlers.delete(loginPath);
    browser.approve = null;
    expect((await errorOf(sessions.login(ctx, never))).code).toBe("sign-in-timeout");
    const waiting = errorOf(sessions.login(ctx, never));
    await browser.pages.nth(1);
    sessions.cancelSignIn(here);
    expect((await waiting).code).toBe("cancelled");
    expect(await store.inner.list()).toEqual([mine]);
    expect(store.removed).toEqual([]);
  });

  it("does not come back when what was learned about it arrives late", async () => {
    const { sessions, api, store } = bench();
    const late: (() => void)[] = [];
    api.on("/.pomerium/user", ({ jwt }) => {
      if (late.length > 0) return answer(401);
      return new Promise((resolve) => late.push(() => resolve(answer(200, `{"name":"${jwt ?? ""}"}`))));
    });
    await sessions.signIn(ctx, null, never);
    await api.calls.until(() => late.length === 1);
    await sessions.signOut(here, () => ctx.tls, never);
    late[0]?.();
    await sessions.close();
    expect(await store.inner.list()).toEqual([]);
  });
});

describe("an explicit login", () => {
  it("opens no browser while the session is good", async () => {
    const { sessions, store, browser } = bench();
    await store.put(sessionOf(here));
    expect((await sessions.login(ctx, never)).user).toEqual({ email: "ada@corp.example", name: "Ada" });
    expect(browser.pages.all).toHaveLength(0);
    expect((await store.inner.list())[0]?.user?.name).toBe("Ada");
  });

  it.each([401, 404, 500])("signs in when the user page answers %i", async (status) => {
    const { sessions, store, browser, api } = bench();
    const old = sessionOf(here);
    await store.put(old);
    api.on("/.pomerium/user", ({ jwt }) => (jwt === old.jwt ? answer(status) : answer(200, '{"name":"Ada"}')));
    const session = await sessions.login(ctx, never);
    expect(session).toMatchObject({ user: { name: "Ada" } });
    expect(session.jwt).not.toBe(old.jwt);
    expect(browser.pages.all).toHaveLength(1);
  });

  it("says when the proxy does not know what it has just issued, and may be tried again at once", async () => {
    const { sessions, api, store, browser } = bench();
    api.on("/.pomerium/user", answer(401));
    expect((await errorOf(sessions.login(ctx, never))).code).toBe("sign-in-refused");
    expect(await store.inner.list()).toEqual([]);
    api.handlers.delete("/.pomerium/user");
    await sessions.login(ctx, never);
    expect(browser.pages.all).toHaveLength(2);
  });

  it("accepts the same JWT again from a browser that is still signed in", async () => {
    const { sessions, browser, api } = bench();
    const first = await sessions.login(ctx, never);
    await sessions.signOut(here, () => ctx.tls, never);
    expect(await sessions.list()).toEqual([]);
    browser.approve = () => first.jwt;
    api.ended.clear();
    await sessions.login(ctx, never);
    expect(await sessions.current(ctx, never)).toMatchObject({ jwt: first.jwt });
  });
});

describe("signing out", () => {
  it("ends at its own proxy only, and forgets", async () => {
    const { sessions, store, api, types } = bench();
    const [mine, other] = [sessionOf(here), sessionOf("https://elsewhere.example:8443")];
    await store.put(mine);
    await store.put(other);
    expect(await sessions.signOut(here, () => ctx.tls, never)).toEqual([{ proxy: here, endedAtProxy: true }]);
    expect(await sessions.list()).toEqual([other]);
    expect(types()).toEqual(["session-ended"]);
    expect(api.calls.all.every(({ origin, jwt }) => origin === here && jwt === mine.jwt)).toBe(true);
    expect(await sessions.signOut(null, () => ctx.tls, never)).toEqual([{ proxy: other.proxy, endedAtProxy: true }]);
    expect(await sessions.list()).toEqual([]);
  });

  it.each([
    ["does not answer", hang, "no-answer"],
    ["cannot be reached", () => Promise.reject(new AppError("refused", "No.")), "refused"],
  ])("forgets and says why when the proxy %s", async (_, handler, code) => {
    const { sessions, store, api } = bench({ limits: { apiCallMs: 20 } });
    await store.put(sessionOf(here));
    api.on("/.pomerium/sign_out", handler);
    expect(await sessions.signOut(here, () => ctx.tls, never)).toMatchObject([
      { proxy: here, endedAtProxy: false, reason: { code } },
    ]);
    expect(await sessions.list()).toEqual([]);
  });

  it("does not claim an end that the proxy does not know of", async () => {
    const { sessions, store, api } = bench();
    await store.put(sessionOf(here));
    api.on("/.pomerium/sign_out", answer(200));
    expect(await sessions.signOut(here, () => ctx.tls, never)).toMatchObject([
      {
        proxy: here,
        endedAtProxy: false,
        reason: { message: "pg.corp.example still takes the session after the sign-out." },
      },
    ]);
  });

  it("keeps what it has not come to when it is cancelled", async () => {
    const { sessions, store, api } = bench();
    await store.put(sessionOf(here));
    api.on("/.pomerium/sign_out", hang);
    const leaver = new AbortController();
    const leaving = errorOf(sessions.signOut(here, () => ctx.tls, leaver.signal));
    await api.calls.nth(0);
    leaver.abort();
    expect((await leaving).code).toBe("cancelled");
    expect(await sessions.list()).toHaveLength(1);
  });
});

describe("a store that fails", () => {
  it.each(["write", "all"] as const)("does not ask for a second sign-in (%s)", async (broken) => {
    const { sessions, store, browser, events } = bench();
    store.broken = broken;
    const session = await sessions.signIn(ctx, null, never);
    expect(await sessions.current(ctx, never)).toMatchObject({ jwt: session.jwt });
    for (let client = 0; client < 40; client += 1) await sessions.signIn(ctx, null, never);
    expect(browser.pages.all).toHaveLength(1);
    const told = events.all.filter(({ type }) => type === "storage-failed").length;
    expect(told).toBeGreaterThan(0);
    expect(told).toBeLessThan(3);
  });

  it("does not give a refused session back", async () => {
    const { sessions, store } = bench();
    const old = sessionOf(here);
    await store.put(old);
    store.broken = "write";
    const next = await sessions.signIn(ctx, old, never);
    expect(next.jwt).not.toBe(old.jwt);
    expect(await sessions.current(ctx, never)).toMatchObject({ jwt: next.jwt });
  });

  it("does not bring back who has signed out", async () => {
    const { sessions, store, types } = bench();
    await store.put(sessionOf(here));
    store.broken = "write";
    expect(await sessions.signOut(null, () => ctx.tls, never)).toHaveLength(1);
    expect(await sessions.list()).toEqual([]);
    expect(types()).toEqual(["storage-failed", "session-ended"]);
  });

  it("is remembered as it was last read", async () => {
    const { sessions, store } = bench();
    const mine = sessionOf(here);
    await store.put(mine);
    await sessions.list();
    store.broken = "read";
    expect(await sessions.current(ctx, never)).toMatchObject({ jwt: mine.jwt });
  });

  it("is not waited for for ever", async () => {
    const { sessions, store, browser } = bench({ limits: { storageMs: 20 } });
    store.put = () => new Promise<void>(() => undefined);
    await sessions.signIn(ctx, null, never);
    expect(await sessions.current(ctx, never)).not.toBeNull();
    expect(browser.pages.all).toHaveLength(1);
  });
});
