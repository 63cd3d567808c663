import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ago,
  bytes,
  clock,
  count,
  dayOf,
  duration,
  rate,
  shortClock,
  wholeDuration,
} from "../../../../src/shared/words/format.ts";

const at = (text: string): number => new Date(text).getTime();

test.each([
  [0, "0 ms"],
  [38, "38 ms"],
  [999, "999 ms"],
  [1_000, "1 s"],
  [4_249, "4.2 s"],
  [41_900, "41 s"],
  [6 * 60_000, "6 min"],
  [4_320_000, "1 h 12 min"],
  [7_200_000, "2 h"],
  [86_400_000, "1 day"],
  [3 * 86_400_000 + 5, "3 days"],
  [-5, "0 ms"],
])("a duration of %d ms is %s", (ms, words) => {
  expect(duration(ms)).toBe(words);
});

test("what ticks on the screen has no parts of a second", () => {
  expect(wholeDuration(4_900)).toBe("4 s");
  expect(wholeDuration(59_999)).toBe("59 s");
});

test.each([
  [0, "0 B"],
  [812, "812 B"],
  [999, "999 B"],
  [1_000, "1 KB"],
  [61_400, "61 KB"],
  [999_499, "999 KB"],
  [999_500, "1.00 MB"],
  [1_180_000, "1.18 MB"],
  [146_100_000, "146.1 MB"],
  [10_000_000_000, "10.0 GB"],
])("%d bytes are %s", (n, words) => {
  expect(bytes(n)).toBe(words);
  expect(rate(n)).toBe(`${words}/s`);
});

test("no size needs more than three figures before its point", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (n) => /^\d{1,3}(\.\d{1,2})? (B|KB|MB|GB|TB|PB)$/.test(bytes(n)) || n >= 999.5e15),
  );
});

describe("how long ago", () => {
  const now = at("2026-05-02T14:00:00");
  test.each([
    ["2026-05-02T13:59:36", "24 s ago"],
    ["2026-05-02T13:55:00", "5 min ago"],
    ["2026-05-02T11:00:00", "3 h ago"],
    ["2026-05-01T23:00:00", "yesterday"],
    ["2026-05-01T01:00:00", "yesterday"],
    ["2026-04-20T23:00:00", "12 days ago"],
    ["2026-05-02T14:00:05", "0 s ago"],
  ])("%s is %s", (then, words) => {
    expect(ago(at(then), now)).toBe(words);
  });

  test("a clock that was set back makes no nonsense", () => {
    expect(ago(at("2026-05-09T14:00:00"), now)).toBe("0 s ago");
  });
});

test("times and days of this computer", () => {
  expect(clock(at("2026-05-02T04:01:58"))).toBe("04:01:58");
  expect(shortClock(at("2026-05-02T14:32:59"))).toBe("14:32");
  expect(dayOf(at("2027-05-02T00:00:00"))).toBe("2 May 2027");
  expect([count(0, "client"), count(1, "client"), count(2, "client")]).toEqual(["0 clients", "1 client", "2 clients"]);
});
