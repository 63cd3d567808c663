import { expect, test } from "vitest";
import { settle, settleMs, type Settled } from "../../../../src/renderer/list/settled.ts";

const start: Settled = { shown: { a: "connected" }, waiting: {} };

test("the first look shows what is", () => {
  expect(settle(null, { a: "error" }, true, 0)).toEqual({
    settled: { shown: { a: "error" }, waiting: {} },
    dueAt: null,
  });
});

test("a state that changed moves its row two seconds later", () => {
  const first = settle(start, { a: "error" }, false, 1_000);
  expect(first.settled.shown).toBe(start.shown);
  expect(first.dueAt).toBe(1_000 + settleMs);
  const early = settle(first.settled, { a: "error" }, false, 1_000 + settleMs - 1);
  expect(early.settled).toBe(first.settled);
  const due = settle(first.settled, { a: "error" }, false, 1_000 + settleMs);
  expect(due).toEqual({ settled: { shown: { a: "error" }, waiting: {} }, dueAt: null });
});

test("another state starts the time again; the old one ends it", () => {
  const first = settle(start, { a: "error" }, false, 0).settled;
  const second = settle(first, { a: "retrying" }, false, 1_500);
  expect(second.dueAt).toBe(1_500 + settleMs);
  expect(settle(second.settled, { a: "connected" }, false, 1_600)).toEqual({ settled: start, dueAt: null });
});

test("nothing moves while somebody is in the list, and all that is due moves afterwards", () => {
  const waiting = settle(start, { a: "error" }, true, 0);
  expect(waiting.dueAt).toBeNull();
  const later = settle(waiting.settled, { a: "error" }, true, 60_000);
  expect(later.settled.shown).toBe(start.shown);
  expect(settle(later.settled, { a: "error" }, false, 60_001).settled.shown).toEqual({ a: "error" });
});

test("starting is no state to settle in; what went off does", () => {
  expect(settle(start, { a: "starting" }, false, 0)).toEqual({ settled: start, dueAt: null });
  const off = settle(start, {}, false, 0);
  expect(settle(off.settled, {}, false, settleMs).settled.shown).toEqual({ a: "off" });
});
