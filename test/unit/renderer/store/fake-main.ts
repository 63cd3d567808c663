import { AppError, type AppErrorData } from "../../../../src/shared/errors.ts";
import type { Bridge, CallName } from "../../../../src/shared/ipc/contract.ts";
import type { Change, Snapshot, Update } from "../../../../src/shared/ipc/snapshot.ts";
import type { Activity } from "../../../../src/shared/model/activity.ts";
import { emptyConnectionInput, type Connection } from "../../../../src/shared/model/connection.ts";
import { nothingOutside } from "../../../../src/shared/model/outside.ts";
import { defaultSettings } from "../../../../src/shared/model/settings.ts";
import { restingStatus } from "../../../../src/shared/model/update.ts";
import { applyUpdate } from "../../../../src/renderer/store/apply.ts";

/** A connection id that is the same in every run. */
export const idOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

export function connectionOf(n: number, more: Partial<Connection> = {}): Connection {
  return {
    ...emptyConnectionInput(idOf(n)),
    destination: `host-${n}.example:5432`,
    pomeriumUrl: "https://access.example",
    clientCertificate: { kind: "none" },
    auth: { kind: "browser" },
    pinned: false,
    lastUsedAt: null,
    ...more,
  };
}

export const snapshotOf = (connections: readonly Connection[], more: Partial<Snapshot> = {}): Snapshot => ({
  seq: 0,
  connections,
  statuses: {},
  signIns: [],
  sessions: [],
  settings: defaultSettings,
  outside: nothingOutside,
  notices: [],
  rates: { received: 0, sent: 0 },
  update: restingStatus,
  host: { platform: "linux", version: "1.0.0", versions: {}, browser: "your browser" },
  ...more,
});

export interface Call {
  readonly name: CallName;
  readonly args: readonly unknown[];
}

/** The main process as the renderer sees it: a snapshot, numbered updates, and calls that are answered as a test wants. */
export class FakeMain implements Bridge {
  state: Snapshot;
  activity: Activity | null = null;
  readonly calls: Call[] = [];
  /** Answers of calls other than snapshot and watch; the others resolve to undefined. */
  readonly answers: Partial<Record<CallName, (...args: readonly unknown[]) => unknown>> = { "next-port": () => 5433 };
  /** While set, calls of these names wait for `release`. */
  readonly #held = new Map<CallName, (() => void)[]>();
  readonly #listeners = new Set<(update: Update) => void>();

  constructor(state: Snapshot) {
    this.state = state;
  }

  async call<N extends CallName>(name: N, ...args: readonly unknown[]): Promise<never> {
    this.calls.push({ name, args });
    // An answer tells what was true when it was made.
    const { state, activity } = this;
    const waiting = this.#held.get(name);
    if (waiting !== undefined)
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
    const answer = this.answers[name];
    if (answer !== undefined) return (await answer(...args)) as never;
    if (name === "snapshot") return state as never;
    if (name === "watch") return (activity?.id === args[0] ? activity : null) as never;
    return undefined as never;
  }

  subscribe(listener: (update: Update) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  hold(name: CallName): void {
    if (!this.#held.has(name)) this.#held.set(name, []);
  }

  release(name: CallName): void {
    const waiting = this.#held.get(name) ?? [];
    this.#held.delete(name);
    for (const go of waiting) go();
  }

  /** Changes what main knows and makes the update, without sending it. */
  change(...changes: readonly Change[]): Update {
    const update: Update = { seq: this.state.seq + 1, changes };
    ({ snapshot: this.state, activity: this.activity } = applyUpdate(
      { snapshot: this.state, activity: this.activity },
      update,
    ));
    return update;
  }

  deliver(update: Update): void {
    // As a copy, as it comes over IPC.
    for (const listener of this.#listeners) listener(structuredClone(update));
  }

  send(...changes: readonly Change[]): void {
    this.deliver(this.change(...changes));
  }

  named(name: CallName): readonly (readonly unknown[])[] {
    return this.calls.filter((call) => call.name === name).map(({ args }) => args);
  }
}

export const failing =
  (data: Pick<AppErrorData, "code" | "message">): (() => never) =>
  () => {
    throw new AppError(data.code, data.message);
  };
