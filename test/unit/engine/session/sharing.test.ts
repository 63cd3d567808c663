import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { Session } from "../../../../src/engine/ports.ts";
import { registrableDomain } from "../../../../src/engine/session/sharing.ts";
import {
  answer,
  bench,
  closeBenches,
  BreakableStore,
  comeBack,
  context,
  FakeApi,
  hang,
  never,
  newJwt,
  redirectOf,
  sessionOf,
  unverified,
  wellKnown,
  type Bench,
} from "./fakes.ts";

const pomerium = "https://auth.corp.example";
const [a, b] = ["https://a.corp.example", "https://b.corp.example"];
const document = "/.well-known/pomerium";

afterEach(closeBenches);

/** A bench where host A is signed in and every host names the same Pomerium. */
async function signedIn(at = a, more: Partial<Session> = {}, share = true): Promise<Bench & { session: Session }> {
  const made = bench({ share });
  made.api.on(document, wellKnown(pomerium));
  const session = sessionOf(at, { pomerium, ...more });
  await made.store.put(session);
  return { ...made, session };
}

describe("the registrable domain", () => {
  it.each([
    ["pg.corp.example.com", "example.com"],
    ["example.com", "example.com"],
    ["a.b.co.uk", "b.co.uk"],
    ["co.uk", null],
    ["alice.github.io", "alice.github.io"],
    ["x.alice.github.io", "alice.github.io"],
    ["github.io", null],
    ["localhost", null],
    ["intranet", null],
    ["com", null],
    ["127.0.0.1", null],
    ["2001:db8::1", null],
    ["pg.corp.test", "corp.test"],
  ])("of %s is %s", (host, domain) => {
    expect(registrableDomain(host)).toBe(domain);
  });

  const label = fc.stringMatching(/^[a-z][a-z0-9]{0,10}$/);

  it("is a suffix of the host by whole labels, with a dot inside", () => {
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 5 }), (labels) => {
        const host = labels.join(".");
        const domain = registrableDomain(host);
        if (domain === null) return;
        expect(`.${host}`.endsWith(`.${domain}`)).toBe(true);
        expect(domain).toContain(".");
        expect(registrableDomain(domain)).toBe(domain);
      }),
    );
  });

  it("differs for two customers of one hoster", () => {
    const suffix = fc.constantFrom("github.io", "co.uk", "herokuapp.com", "com", "pages.dev");
    fc.assert(
      fc.property(label, label, suffix, (one, other, behind) => {
        fc.pre(one !== other);
        const domain = registrableDomain(`${one}.${behind}`);
        expect(domain === null || domain !== registrableDomain(`${other}.${behind}`)).toBe(true);
      }),
    );
  });
});

describe("a session of another host of the same Pomerium", () => {
  it("is used, said once, and asked for once", async () => {
    const { sessions, session, events, api, browser } = await signedIn();
    const clients = await Promise.all([1, 2, 3].map(() => sessions.current(context(b), never)));
    expect(clients.map((found) => found?.jwt)).toEqual([session.jwt, session.jwt, session.jwt]);
    expect((await sessions.signIn(context(b), null, never)).jwt).toBe(session.jwt);
    expect(events.all).toEqual([{ type: "session-shared", proxy: b, from: a }]);
    expect(api.count(document)).toBe(1);
    expect(browser.pages.all).toHaveLength(0);
  });

  it("comes after the host's own", async () => {
    const { sessions, store, api } = await signedIn();
    const own = sessionOf(b, { createdAt: 1 });
    await store.put(own);
    expect((await sessions.current(context(b), never))?.jwt).toBe(own.jwt);
    expect(api.calls.all).toEqual([]);
  });

  it.each<[string, string, Partial<Session>, ReturnType<typeof context>]>([
    ["in another domain", a, {}, context("https://b.evil.example")],
    ["beside it under a private suffix", "https://alice.github.io", {}, context("https://mallory.github.io")],
    ["beside it under co.uk", "https://alice.co.uk", {}, context("https://mallory.co.uk")],
    ["at an address", "https://10.0.0.1", {}, context("https://10.0.0.2")],
    ["with a single label", "https://alpha", {}, context("https://beta")],
    ["without TLS", a, {}, context("http://b.corp.example")],
    ["over TLS that is not verified", a, {}, context(b, unverified)],
    ["when it came without verification", a, { verified: false }, context(b)],
    ["when it came without TLS", "http://a.corp.example", {}, context(b)],
    ["when its Pomerium is not known", a, { pomerium: null }, context(b)],
    ["when its proxy is not an origin", "corp.example", {}, context(b)],
  ])("is never offered %s, and the host is not even asked", async (_, at, more, asks) => {
    const { sessions, api } = await signedIn(at, more);
    expect(await sessions.current(asks, never)).toBeNull();
    expect(api.calls.all).toEqual([]);
  });

  it("is not offered where sharing is off", async () => {
    const { sessions, api } = await signedIn(a, {}, false);
    expect(await sessions.current(context(b), never)).toBeNull();
    expect(api.calls.all).toEqual([]);
  });

  it.each([
    ["another Pomerium", wellKnown("https://other.corp.example")],
    ["the same host on another port", wellKnown(`${pomerium}:8443`)],
    ["plain http", wellKnown("http://auth.corp.example")],
    ["credentials", wellKnown("https://x@auth.corp.example")],
    ["no JSON", answer(200, "<html>")],
    ["no text", answer(200, '{"authentication_callback_endpoint":{}}')],
    ["null", answer(200, '{"authentication_callback_endpoint":null}')],
    ["404", answer(404)],
  ])("is not offered to a host that names %s", async (_, said) => {
    const { sessions, api } = await signedIn();
    api.on(document, said);
    expect(await sessions.current(context(b), never)).toBeNull();
  });

  it("never reaches a host elsewhere that names the same Pomerium, not at a sign-in either", async () => {
    const { sessions, api, session } = await signedIn();
    const evil = "https://pg.evil.example";
    const own = await sessions.signIn(context(evil), null, never);
    expect(own.jwt).not.toBe(session.jwt);
    await sessions.signIn(context(evil), own, never);
    expect(api.calls.all.filter(({ origin, jwt }) => origin === evil && jwt === session.jwt)).toEqual([]);
  });

  it("stays when this host refuses it, and is not offered here again", async () => {
    const { sessions, session, store, types, browser } = await signedIn();
    const shared = await sessions.current(context(b), never);
    const own = await sessions.signIn(context(b), shared, never);
    expect(own).toMatchObject({ proxy: b });
    expect(browser.pages.all).toHaveLength(1);
    expect(store.removed).toEqual([]);
    expect(types()).not.toContain("session-ended");
    expect((await sessions.current(context(a), never))?.jwt).toBe(session.jwt);
    await sessions.signOut(b, () => context(b).tls, never);
    expect(await sessions.current(context(b), never)).toBeNull();
  });

  it("asks again soon after a host did not say", async () => {
    const { sessions, api, session } = await signedIn();
    const quick = bench({ limits: { wellKnownFailureMs: 0 }, api });
    await quick.store.put(session);
    api.on(document, answer(503));
    expect(await quick.sessions.current(context(b), never)).toBeNull();
    api.on(document, wellKnown(pomerium));
    expect((await quick.sessions.current(context(b), never))?.jwt).toBe(session.jwt);
    await sessions.close();
  });

  it("is not waited for by a client that leaves", async () => {
    const { sessions, api } = await signedIn();
    api.on(document, hang);
    const leaver = new AbortController();
    const leaving = sessions.current(context(b), leaver.signal);
    await api.calls.nth(0);
    leaver.abort();
    await expect(leaving).rejects.toMatchObject({ code: "cancelled" });
  });

  it("says nothing about freshness: its refusal leads to a sign-in, not to a pause", async () => {
    const { sessions, api, browser } = bench();
    api.on(document, wellKnown(pomerium));
    const first = await sessions.signIn(context(a), null, never);
    const shared = await sessions.current(context(b), never);
    if (shared === null) throw new Error("nothing is shared");
    expect([sessions.isFresh(first), sessions.isFresh(shared)]).toEqual([true, false]);
    await sessions.signIn(context(b), shared, never);
    expect(browser.pages.all).toHaveLength(2);
    expect(sessions.isFresh(first)).toBe(true);
  });
});

describe("one sign-in for all hosts of a Pomerium", () => {
  it("serves clients of two hosts that come at once", async () => {
    const { sessions, api, browser, events } = bench();
    api.on(document, wellKnown(pomerium));
    const clients = Array.from({ length: 20 }, (_, i) => sessions.signIn(context(i % 2 === 0 ? a : b), null, never));
    const jwts = new Set((await Promise.all(clients)).map(({ jwt }) => jwt));
    expect(jwts.size).toBe(1);
    expect(browser.pages.all).toHaveLength(1);
    expect(events.all.filter(({ type }) => type === "session-shared")).toHaveLength(1);
  });

  it("is one across processes", async () => {
    const [store, api] = [new BreakableStore(), new FakeApi()];
    api.on(document, wellKnown(pomerium));
    const [one, other] = [bench({ store, api }), bench({ store, api })];
    for (const { browser } of [one, other]) browser.approve = null;
    const both = Promise.all([
      one.sessions.signIn(context(a), null, never),
      other.sessions.signIn(context(b), null, never),
    ]);
    const { page } = await Promise.race([one.browser.pages.nth(0), other.browser.pages.nth(0)]);
    await comeBack(redirectOf(page.url), newJwt());
    const [first, second] = await both;
    expect(first.jwt).toBe(second.jwt);
    expect(new Set(store.names).size).toBe(1);
  });

  it("does not make hosts elsewhere wait, whatever they claim", async () => {
    const { sessions, api, browser } = bench();
    api.on(document, wellKnown(pomerium));
    browser.approve = null;
    const evil = sessions.signIn(context("https://pg.evil.example"), null, never).catch(() => undefined);
    await browser.pages.nth(0);
    const honest = sessions.signIn(context(a), null, never);
    const { page } = await browser.pages.nth(1);
    await comeBack(redirectOf(page.url), newJwt());
    expect((await honest).proxy).toBe(a);
    await sessions.close();
    await evil;
  });

  it("goes its own way where the other host's sign-in fails", async () => {
    const { sessions, api } = bench();
    api.on(document, wellKnown(pomerium));
    let fail: (() => void) | undefined;
    api.on(`${a} /.pomerium/api/v1/login`, () => new Promise((done) => (fail = () => done(answer(500)))));
    const first = sessions.signIn(context(a), null, never);
    first.catch(() => undefined);
    await api.calls.until(() => fail !== undefined);
    const second = sessions.signIn(context(b), null, never);
    await api.calls.until((all) => all.some(({ origin, path }) => origin === b && path === document));
    await new Promise((done) => setImmediate(done));
    fail?.();
    await expect(first).rejects.toMatchObject({ code: "proxy-error" });
    expect((await second).proxy).toBe(b);
  });

  it("goes on for the second host when the first one's clients leave", async () => {
    const { sessions, api, browser } = bench();
    api.on(document, wellKnown(pomerium));
    browser.approve = null;
    const leaver = new AbortController();
    const first = sessions.signIn(context(a), null, leaver.signal).catch(() => undefined);
    const { page, signal } = await browser.pages.nth(0);
    const second = sessions.signIn(context(b), null, never);
    await api.calls.until((all) => all.some(({ origin, path }) => origin === b && path === document));
    await new Promise((done) => setImmediate(done));
    leaver.abort();
    await first;
    expect(signal.aborted).toBe(false);
    const jwt = newJwt();
    await comeBack(redirectOf(page.url), jwt);
    expect((await second).jwt).toBe(jwt);
  });
});
