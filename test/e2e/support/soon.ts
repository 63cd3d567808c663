import { expect } from "vitest";

/** How long what is expected may take on a machine that is busy, in milliseconds. */
const limitMs = 10_000;

/** As `expect.poll`, with time enough for a busy machine. */
export const soon = <T>(read: () => T | Promise<T>): ReturnType<typeof expect.poll<T>> =>
  expect.poll(read, { timeout: limitMs });
