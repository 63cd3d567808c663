import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { matches, parseSearch, prepareSearch } from "../../../../src/renderer/list/search.ts";
import { connectionOf } from "../store/fake-main.ts";

const orders = connectionOf(1, {
  name: "Orders Postgres",
  destination: "pg-orders.prod.example:5432",
  listen: "127.0.0.1:15000",
  tags: ["Prod", "data"],
  pomeriumUrl: "https://access.halden.example:8443",
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const found = (search: string): boolean => matches(orders, parseSearch(search));

test.each([
  "",
  "  ",
  "orders",
  "POSTGRES",
  "postgres orders",
  "pg-orders.prod",
  ":5432",
  ":54",
  ":15000",
  "5432",
  "tag:prod",
  "tag:da",
  "tag:",
  "data",
  "halden",
  "ord :5432 tag:data halden",
])("%j finds it", (search) => {
  expect(found(search)).toBe(true);
});

test.each(["redis", "orders redis", ":432", ":8443", ":150001", "tag:rod", "tag:orders", "postgres  :6379"])(
  "%j does not",
  (search) => {
    expect(found(search)).toBe(false);
  },
);

test("what searches compare is worked out in idle time, bit by bit, until it is stopped", () => {
  const waiting = new Map<number, IdleRequestCallback>();
  let handles = 0;
  vi.stubGlobal("requestIdleCallback", (work: IdleRequestCallback) => {
    waiting.set(++handles, work);
    return handles;
  });
  vi.stubGlobal("cancelIdleCallback", (handle: number) => waiting.delete(handle));
  /** A stretch of idle time that is over after this many questions. */
  const idle = (questions: number): void => {
    const [handle, work] = [...waiting][0] ?? [0];
    waiting.delete(handle);
    let left = questions;
    work?.({ didTimeout: false, timeRemaining: () => (left-- > 0 ? 10 : 0) });
  };
  let read = 0;
  const connections = [1, 2, 3, 4, 5].map((n) => ({
    ...connectionOf(n),
    get destination() {
      read += 1;
      return `host-${n}:5432`;
    },
  }));
  prepareSearch(connections);
  expect(read).toBe(0);
  idle(2);
  const some = read;
  expect(some).toBeGreaterThan(0);
  idle(100);
  expect(read).toBeGreaterThan(some);
  expect(waiting.size).toBe(0);
  const all = read;
  expect(connections.map((one) => matches(one, parseSearch("host-4")))).toEqual([false, false, false, true, false]);
  expect(read).toBe(all);
  const stop = prepareSearch(connections.map((one) => ({ ...one })));
  expect(waiting.size).toBe(1);
  stop();
  expect(waiting.size).toBe(0);
});

test("a connection without a name is found by its host", () => {
  expect(matches(connectionOf(2), parseSearch("host-2"))).toBe(true);
});

test("UDP is found as what its row says; TCP says nothing", () => {
  const dns = connectionOf(3, { protocol: "udp", destination: "dns.example:53" });
  expect(matches(dns, parseSearch("UDP :53"))).toBe(true);
  expect(found("udp")).toBe(false);
});

test("the order of the words does not matter", () => {
  const word = fc.constantFrom("orders", "pg", ":5432", "tag:prod", "nothing", "data", ":1", "example");
  fc.assert(
    fc.property(fc.array(word), (words) => {
      expect(found(words.join(" "))).toBe(found([...words].reverse().join("  ")));
      expect(found(words.join(" "))).toBe(words.every(found));
    }),
  );
});
