import { expect, test } from "vitest";
import { shutDown, type Closer } from "../../../../src/main/lifecycle/shutdown.ts";

const never = new Promise<void>(() => undefined);

test("steps close one after the other, and what is in one step at the same time", async () => {
  const said: string[] = [];
  const closer = (name: string, turns = 0): Closer => ({
    name,
    close: async () => {
      said.push(`${name} begins`);
      for (let at = 0; at < turns; at++) await Promise.resolve();
      said.push(`${name} ends`);
    },
  });
  expect(await shutDown([[closer("a", 5), closer("b")], [closer("c")]], 5_000)).toEqual({ late: [], failed: [] });
  expect(said).toEqual(["a begins", "b begins", "b ends", "a ends", "c begins", "c ends"]);
});

test("one that fails holds up nobody, whether it throws or rejects", async () => {
  const error = new Error("stuck");
  const said: string[] = [];
  const report = await shutDown(
    [
      [
        {
          name: "throws",
          close: () => {
            throw error;
          },
        },
        { name: "rejects", close: () => Promise.reject(error) },
      ],
      [{ name: "next", close: () => void said.push("next") }],
    ],
    5_000,
  );
  expect(report).toEqual({
    late: [],
    failed: [
      { name: "throws", error },
      { name: "rejects", error },
    ],
  });
  expect(said).toEqual(["next"]);
});

test("when the time is up all others are begun, and those that did not end are named", async () => {
  const said: string[] = [];
  const report = await shutDown(
    [
      [{ name: "slow", close: () => never }],
      [{ name: "next", close: () => void said.push("next") }],
      [{ name: "slow too", close: () => never }],
    ],
    10,
  );
  expect(said).toEqual(["next"]);
  expect(report).toEqual({ late: ["slow", "slow too"], failed: [] });
});
