import { afterEach, expect, test, vi } from "vitest";
import { createMirror } from "../../../../src/renderer/store/mirror.ts";
import { told } from "../../../../src/renderer/store/told.ts";
import { connectionOf, FakeMain, idOf, snapshotOf } from "./fake-main.ts";

afterEach(() => {
  vi.useRealTimers();
});

async function start() {
  vi.useFakeTimers();
  const main = new FakeMain(snapshotOf([connectionOf(1)]));
  const mirror = createMirror(main);
  await vi.advanceTimersByTimeAsync(0);
  let over = false;
  const wait = (id: string): void => {
    over = false;
    void told(mirror, id).then(() => (over = true));
  };
  return { main, wait, isOver: () => over };
}

test("a connection that is known is not waited for", async () => {
  const { wait, isOver } = await start();
  wait(idOf(1));
  await vi.advanceTimersByTimeAsync(0);
  expect(isOver()).toBe(true);
});

test("a new one is waited for until the update with it, and not for ever", async () => {
  const { main, wait, isOver } = await start();
  wait(idOf(2));
  await vi.advanceTimersByTimeAsync(100);
  main.send({ type: "connections", connections: [connectionOf(1), connectionOf(3)] });
  expect(isOver()).toBe(false);
  main.send({ type: "connections", connections: [connectionOf(1), connectionOf(2)] });
  await vi.advanceTimersByTimeAsync(0);
  expect(isOver()).toBe(true);

  wait(idOf(4));
  await vi.advanceTimersByTimeAsync(499);
  expect(isOver()).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(isOver()).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});
