// @vitest-environment jsdom
import { afterEach, expect, test } from "vitest";
import { bridgeFromWindow } from "../../../../src/renderer/bridge.ts";
import { AppError } from "../../../../src/shared/errors.ts";
import type { WindowApi } from "../../../../src/shared/ipc/contract.ts";
import type { Update } from "../../../../src/shared/ipc/snapshot.ts";
import { idOf } from "./fake-main.ts";

const put = (api: WindowApi | undefined): void => {
  Object.assign(window, { culvert: api });
};
afterEach(() => {
  put(undefined);
});

test("outcomes become answers, and errors arrive whole", async () => {
  const calls: unknown[] = [];
  put({
    call: (name, args) => {
      calls.push([name, args]);
      return Promise.resolve(
        name === "use-next-port"
          ? { ok: true, value: 5433 }
          : {
              ok: false,
              error: { code: "storage-failed", message: "The disk is full", retryable: true, userAction: "Make room." },
            },
      );
    },
    subscribe: () => () => undefined,
  });
  const bridge = bridgeFromWindow();
  expect(await bridge.call("use-next-port", idOf(1))).toBe(5433);
  const failed = bridge.call("set-on", [idOf(1)], true);
  await expect(failed).rejects.toBeInstanceOf(AppError);
  await expect(failed).rejects.toMatchObject({
    code: "storage-failed",
    message: "The disk is full",
    retryable: true,
    userAction: "Make room.",
  });
  expect(calls).toEqual([
    ["use-next-port", [idOf(1)]],
    ["set-on", [[idOf(1)], true]],
  ]);
});

test("updates go to who subscribed, until they stop", () => {
  const listeners = new Set<(update: Update) => void>();
  put({
    call: () => Promise.resolve({ ok: true, value: undefined }),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  });
  const heard: Update[] = [];
  const stop = bridgeFromWindow().subscribe((update) => heard.push(update));
  for (const listener of listeners) listener({ seq: 1, changes: [] });
  stop();
  expect(heard).toEqual([{ seq: 1, changes: [] }]);
  expect(listeners.size).toBe(0);
});

test("a page outside the app says so", () => {
  expect(() => bridgeFromWindow()).toThrow("This page was opened outside Culvert");
});
