import { useSyncExternalStore } from "react";

const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | null = null;

const tick = (): void => {
  now = Date.now();
  for (const listener of listeners) listener();
};

/** Runs only while somebody looks: with listeners, and in a window that is visible. */
function follow(): void {
  const needed = listeners.size > 0 && !document.hidden;
  if (needed && timer === null) {
    tick();
    timer = setInterval(tick, 1_000);
  } else if (!needed && timer !== null) {
    clearInterval(timer);
    timer = null;
  }
}

function listen(listener: () => void): () => void {
  if (listeners.size === 0) document.addEventListener("visibilitychange", follow);
  listeners.add(listener);
  // The time that was kept may be old; who comes later joins the running tick.
  if (timer === null) now = Date.now();
  follow();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) document.removeEventListener("visibilitychange", follow);
    follow();
  };
}

const read = (): number => now;
const unused = (): (() => void) => () => undefined;
const still = (): number => 0;

/**
 * The time, milliseconds since 1970, in steps of a second: one clock for the whole page, which stands still while it is hidden.
 * @param ticking false for 0 and no drawing at all.
 */
export const useNow = (ticking = true): number =>
  useSyncExternalStore(ticking ? listen : unused, ticking ? read : still);
