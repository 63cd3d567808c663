import { afterEach, describe, expect, it } from "vitest";
import { bench, closeBenches, context, never, sessionOf, type Bench } from "./fakes.ts";

const here = "https://pg.corp.example";
const ctx = context(here);

afterEach(closeBenches);

/** The proxies of the news so far. */
const news = ({ events }: Bench): string[] =>
  events.all.flatMap((event) => (event.type === "session-changed" ? event.proxy : []));

describe("news of sessions", () => {
  it("come with a sign-in, and with all that is learned of it later", async () => {
    const made = bench();
    const { sessions, events, store } = made;
    await sessions.signIn(ctx, null, never);
    await events.until(() => news(made).length === 3);
    expect(new Set(news(made))).toEqual(new Set([here]));
    expect((await store.inner.list())[0]).toMatchObject({ user: { email: "ada@corp.example" } });
    // What is asked for then holds what the news was about.
    expect((await sessions.list())[0]).toMatchObject({ user: { email: "ada@corp.example" } });
  });

  it("come when a session goes, once", async () => {
    const made = bench();
    const { sessions, store } = made;
    await store.put(sessionOf(here));
    const mine = await sessions.current(ctx, never);
    expect(news(made)).toEqual([]);
    await sessions.signOut(here, () => ctx.tls, never);
    expect(news(made)).toEqual([here]);
    if (mine) await sessions.signIn(ctx, mine, never);
    expect(news(made).slice(0, 2)).toEqual([here, here]);
  });

  it("come where the store fails as well, since the session lives on in memory", async () => {
    const made = bench();
    made.store.broken = "write";
    await made.sessions.signIn(ctx, null, never);
    expect(news(made)[0]).toBe(here);
  });
});
