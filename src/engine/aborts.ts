import { AppError } from "../shared/errors.ts";

/** The AppError for work that was cancelled through its AbortSignal; an AppError given as reason stays itself. */
export function cancelled(signal?: AbortSignal): AppError {
  if (signal?.reason instanceof AppError) return signal.reason;
  return new AppError("cancelled", "Cancelled.");
}

/** @throws AppError `cancelled` (or the signal's AppError) when the signal has aborted. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw cancelled(signal);
}

/**
 * Waits for `work` no longer than the signal and the limit allow; `work` itself goes on, which is the point for work
 * that others wait for as well.
 * @param limit milliseconds and the error for reaching them.
 */
export function waitFor<T>(
  work: Promise<T>,
  signal: AbortSignal,
  limit?: { ms: number; error: () => AppError },
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (signal.aborted) {
      work.catch(() => undefined);
      reject(cancelled(signal));
      return;
    }
    const timer = limit && setTimeout(() => finish(() => reject(limit.error())), limit.ms);
    const onAbort = (): void => finish(() => reject(cancelled(signal)));
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      settle();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(
      (value) => finish(() => resolve(value)),
      (error: Error) => finish(() => reject(error)),
    );
  });
}
