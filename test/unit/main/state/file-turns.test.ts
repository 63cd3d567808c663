import { expect, test } from "vitest";
import { FileTurns } from "../../../../src/main/state/file-turns.ts";

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Work that ends when the test says so, and the names of what has begun. */
function work() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const start =
    (label: string, fails = false) =>
    () => {
      begun.push(label);
      return new Promise<string>((resolve, reject) =>
        ends.set(label, () => (fails ? reject(new Error(label)) : resolve(label))),
      );
    };
  return { begun, start, end: (label: string) => ends.get(label)?.() };
}

test("what has one name comes one after the other, in the order in which it was asked for", async () => {
  const turns = new FileTurns();
  const { begun, start, end } = work();
  const results = ["1", "2", "3"].map((label) => turns.take("a", start(label, label === "1")).catch(() => "failed"));
  await settled();
  expect(begun).toEqual(["1"]);
  for (const label of ["1", "2", "3"]) {
    end(label);
    await settled();
  }
  expect(begun).toEqual(["1", "2", "3"]);
  expect(await Promise.all(results)).toEqual(["failed", "2", "3"]);
});

test("however many hang, threads are left, and what ends makes room", async () => {
  const turns = new FileTurns();
  const { begun, start, end } = work();
  for (const name of ["a", "b", "c", "d"]) void turns.take(name, start(name));
  await settled();
  expect(begun).toEqual(["a", "b"]);
  end("b");
  await settled();
  expect(begun).toEqual(["a", "b", "c"]);
});
