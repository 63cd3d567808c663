import { expect, test } from "vitest";
import { Pace } from "../../../../src/main/ipc/pace.ts";

test("so many may happen at once, and one more after each wait, never more than at first", () => {
  let now = 0;
  const pace = new Pace(3, 1_000, () => now);
  const taken = (): number => Array.from({ length: 9 }, () => pace.take()).filter(Boolean).length;
  expect(taken()).toBe(3);
  now = 999;
  expect(taken()).toBe(0);
  now = 2_500;
  expect(taken()).toBe(2);
  now = 60_000;
  expect(taken()).toBe(3);
});
