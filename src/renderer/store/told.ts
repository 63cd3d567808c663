import type { Mirror } from "./mirror.ts";
import { connectionOf } from "./select.ts";

/** Milliseconds. Updates come in batches of a tenth of a second; later than this something is wrong, and nobody waits for it. */
const limitMs = 500;

/**
 * Waits until the mirror has a connection that main has just saved: the answer to a call may come before the update. Resolves after
 * half a second in any case.
 */
export function told({ store }: Mirror, id: string): Promise<void> {
  const known = (): boolean => connectionOf(store.getState().snapshot, id) !== null;
  if (known()) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      unsubscribe();
      resolve();
    };
    const timer = setTimeout(done, limitMs);
    const unsubscribe = store.subscribe(() => {
      if (known()) done();
    });
  });
}
