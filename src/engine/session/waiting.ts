import { cancelled, throwIfAborted, waitFor } from "../aborts.ts";
import type { AppError } from "../../shared/errors.ts";

/**
 * Runs `work` for at most `ms` milliseconds.
 * @param late makes the error for when the time is over.
 * @throws what `work` throws, `late()`, or the signal's reason.
 */
export async function withLimit<T>(
  ms: number,
  late: () => AppError,
  work: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  throwIfAborted(signal);
  const own = new AbortController();
  const stop = (): void => own.abort(cancelled(signal));
  signal.addEventListener("abort", stop, { once: true });
  const timer = setTimeout(() => own.abort(late()), ms);
  try {
    return await waitFor(work(own.signal), own.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

/** The value of `promise` if it comes within `ms` milliseconds, else null; the promise goes on. */
export async function within<T>(ms: number, promise: Promise<T>, signal: AbortSignal): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  try {
    return await waitFor(Promise.race([promise, late]), signal);
  } finally {
    clearTimeout(timer);
  }
}

/** A promise with its ends in hand. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

/** As Promise.withResolvers, which Node 20 does not have. */
export function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
