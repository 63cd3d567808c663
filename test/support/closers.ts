import { afterEach } from "vitest";

/** What a test leaves behind. */
export type Closers = (() => unknown)[];

/** Closed after each test, the last one first. @param then checks what must hold once all is closed. */
export function closedAfterEach(then?: () => Promise<unknown>): Closers {
  const closers: Closers = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
    await then?.();
  });
  return closers;
}
