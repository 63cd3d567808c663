// @vitest-environment jsdom
import { act, cleanup, render } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { useNow } from "../../../../src/renderer/store/clock.ts";

let hidden = false;
const hide = (now: boolean): void => {
  hidden = now;
  document.dispatchEvent(new Event("visibilitychange"));
};

beforeEach(() => {
  vi.useFakeTimers();
  vi.setSystemTime(10_000);
  hidden = false;
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

const Time = ({ ticking = true }: { readonly ticking?: boolean }): ReactNode => <p>{useNow(ticking)}</p>;
const texts = (): readonly (string | null)[] => [...document.querySelectorAll("p")].map((p) => p.textContent);
const wait = (ms: number): void => {
  act(() => {
    vi.advanceTimersByTime(ms);
  });
};

test("all who look share one tick a second", () => {
  const interval = vi.spyOn(globalThis, "setInterval");
  render(
    <>
      <Time />
      <Time />
      <Time ticking={false} />
    </>,
  );
  expect(interval).toHaveBeenCalledTimes(1);
  wait(3_000);
  expect(texts()).toEqual(["13000", "13000", "0"]);
});

test("it stands still while the page is hidden, and is right at once afterwards", () => {
  render(<Time />);
  act(() => {
    hide(true);
  });
  wait(60_000);
  expect(texts()).toEqual(["10000"]);
  expect(vi.getTimerCount()).toBe(0);
  act(() => {
    hide(false);
  });
  expect(texts()).toEqual(["70000"]);
});

test("with nobody looking nothing runs", () => {
  const { unmount } = render(<Time />);
  expect(vi.getTimerCount()).toBe(1);
  unmount();
  expect(vi.getTimerCount()).toBe(0);
  vi.setSystemTime(500_000);
  render(<Time />);
  expect(texts()).toEqual(["500000"]);
});
