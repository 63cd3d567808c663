import { expect, it } from "vitest";
import { MemorySessionStore } from "../../../../src/engine/session/memory-session-store.ts";
import { never, sessionOf } from "./fakes.ts";

it("keeps one session for each proxy, the newest first", async () => {
  const store = new MemorySessionStore();
  const [old, next] = [sessionOf("https://a.example"), sessionOf("https://a.example", { createdAt: 2_000 })];
  const other = sessionOf("https://b.example", { createdAt: 3_000 });
  for (const session of [old, next, other]) await store.put(session);
  expect(await store.list()).toEqual([other, next]);
  await store.remove(old);
  expect(await store.list()).toEqual([other, next]);
  await store.remove(next);
  expect(await store.list()).toEqual([other]);
});

it("gives turns in order, each name its own, also after a failure", async () => {
  const store = new MemorySessionStore();
  const order: string[] = [];
  const ends: (() => void)[] = [];
  const turn = (name: string, tag: string): Promise<void> =>
    store.exclusive(name, never, async () => {
      order.push(`${tag} begins`);
      await new Promise<void>((resolve) => ends.push(resolve));
      order.push(`${tag} ends`);
    });
  const first = turn("n", "1");
  const failed = store.exclusive("n", never, () => Promise.reject(new Error("no")));
  const second = turn("n", "2");
  failed.catch(() => undefined);
  const apart = turn("other", "x");
  while (ends.length < 2) await Promise.resolve();
  expect(order).toEqual(["1 begins", "x begins"]);
  ends[0]?.();
  await first;
  await expect(failed).rejects.toThrow("no");
  while (ends.length < 3) await Promise.resolve();
  ends[2]?.();
  await second;
  expect(order).toEqual(["1 begins", "x begins", "1 ends", "2 begins", "2 ends"]);
  ends[1]?.();
  await apart;
});

it("lets a waiter leave without holding up the next", async () => {
  const store = new MemorySessionStore();
  let end: (() => void) | undefined;
  const first = store.exclusive("n", never, () => new Promise<void>((resolve) => (end = resolve)));
  const leaver = new AbortController();
  const second = store.exclusive("n", leaver.signal, () => Promise.resolve("never"));
  const third = store.exclusive("n", never, () => Promise.resolve("third"));
  leaver.abort();
  await expect(second).rejects.toMatchObject({ code: "cancelled" });
  end?.();
  await first;
  expect(await third).toBe("third");
});
