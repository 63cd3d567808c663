import { expect, test } from "vitest";
import { OneAtATime } from "../../../../src/main/compose/one-at-a-time.ts";

test("a second dialog is refused while one is open, and not after it, however it ended", async () => {
  const one = new OneAtATime();
  let end: (reason: Error) => void = () => undefined;
  const first = one.run(() => new Promise((_resolve, reject) => (end = reject)));
  await expect(one.run(() => Promise.resolve(1))).rejects.toMatchObject({ code: "request-refused" });
  end(new Error("closed"));
  await expect(first).rejects.toThrow("closed");
  expect(await one.run(() => Promise.resolve(2))).toBe(2);
});
