import type { Change, Snapshot } from "../../../src/shared/ipc/snapshot.ts";
import type { WindowApi } from "../../../src/shared/ipc/contract.ts";

/** What a program at the page can ask of the host below. */
export interface BenchHost {
  /** When the snapshot was handed over; milliseconds of the page's clock. */
  readonly snapshotAt: number;
  /** Hands changes over as one update. */
  push(changes: readonly Change[]): void;
}

declare global {
  interface Window {
    readonly benchHost: BenchHost;
  }
}

/**
 * Runs in the page before its own scripts and takes the place of preload and main: a second host of the same renderer.
 * Must not refer to anything outside of itself.
 */
export function installBenchHost(snapshot: Snapshot): void {
  let seq = snapshot.seq;
  let snapshotAt = 0;
  const listeners = new Set<Parameters<WindowApi["subscribe"]>[0]>();
  const answers: Record<string, () => unknown> = {
    snapshot: () => {
      snapshotAt = performance.now();
      return { ...snapshot, seq };
    },
    watch: () => null,
    "check-connection": () => [],
  };
  const culvert: WindowApi = {
    call: (name) => Promise.resolve({ ok: true, value: answers[name]?.() }),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const benchHost: BenchHost = {
    get snapshotAt() {
      return snapshotAt;
    },
    push(changes) {
      seq += 1;
      for (const listener of listeners) listener({ seq, changes });
    },
  };
  Object.assign(window, { culvert, benchHost });
}
