import type { Change, Snapshot, Update } from "../../shared/ipc/snapshot.ts";
import { logEntriesKept } from "../../shared/model/activity.ts";

/** Length of one batch, milliseconds. */
const batchMs = 100;
/** Sendings of one connection that may follow each other at once: a switch is answered with "starting" and "listening". */
const burst = 3;
/** Until one more may follow. With the burst, at most 10 in any second. */
const refillMs = 150;

type ConnectionChange = Extract<Change, { type: "status" | "activity" }>;

/** What of a connection's status and activity has not been sent; the newest takes the place of the older. */
interface Held {
  status?: ConnectionChange;
  activity?: ConnectionChange;
}

/** How many sendings a connection has left, as of `at`. */
interface Allowance {
  left: number;
  at: number;
}

/**
 * Turns changes into numbered updates for the window. What a user waits for goes out at once; status and activity of one
 * connection at most 10 times a second, and what is held back by that in one batch each 100 ms. While nobody listens nothing is
 * kept but the place to go to, since whoever comes next takes a snapshot first.
 */
export class UpdateFeed {
  readonly #send: (update: Update) => void;
  readonly #now: () => number;
  #seq = 0;
  #listening = false;
  /** Changes that go out with the next update, in their order. */
  #ready: Change[] = [];
  readonly #held = new Map<string, Held>();
  readonly #allowances = new Map<string, Allowance>();
  #place: Change | null = null;
  #soon: NodeJS.Timeout | null = null;
  #batch: NodeJS.Timeout | null = null;

  /** @param now monotonic milliseconds. */
  constructor(send: (update: Update) => void, now: () => number = () => performance.now()) {
    this.#send = send;
    this.#now = now;
  }

  get listening(): boolean {
    return this.#listening;
  }

  /**
   * Takes the snapshot and starts the updates in one step, so that no change between the two is lost or told twice: what waits
   * to be sent is in the snapshot already, except for news of the watched connection and the place to go to.
   */
  snapshot(read: () => Omit<Snapshot, "seq">): Snapshot {
    this.#listening = true;
    this.#ready = this.#ready.filter(({ type }) => type === "log");
    for (const held of this.#held.values()) delete held.status;
    if (this.#place || this.#ready.length > 0) this.#flushSoon();
    return { seq: this.#seq, ...read() };
  }

  /** Reads what is true of a connection whose news are wanted from now on; what waits to be sent of it is in there. */
  watch<T>(read: () => T): T {
    this.#ready = this.#ready.filter((change) => change.type !== "log");
    for (const held of this.#held.values()) delete held.activity;
    return read();
  }

  /** The page is gone, or loads anew: it will take a snapshot when it is there. */
  stop(): void {
    this.#listening = false;
    this.#ready = [];
    this.#held.clear();
    this.#allowances.clear();
    if (this.#soon) clearTimeout(this.#soon);
    if (this.#batch) clearTimeout(this.#batch);
    this.#soon = this.#batch = null;
  }

  push(change: Change): void {
    if (change.type === "go-to") {
      // Only the last wish counts.
      this.#place = change;
      if (this.#listening) this.#flushSoon();
      return;
    }
    if (!this.#listening) return;
    if (change.type === "status" || change.type === "activity") {
      this.#hold(change);
      return;
    }
    if (change.type === "connections-removed") {
      for (const id of change.ids) {
        this.#held.delete(id);
        this.#allowances.delete(id);
      }
    }
    if (!this.#joined(change)) this.#ready.push(change);
    this.#flushSoon();
  }

  #hold(change: ConnectionChange): void {
    const held = this.#held.get(change.id) ?? {};
    if (change.type === "status") held.status = change;
    else held.activity = change;
    this.#held.set(change.id, held);
    if (this.#allowanceOf(change.id).left >= 1) this.#flushSoon();
    else this.#batch ??= this.#timer(batchMs, () => (this.#batch = null));
  }

  /** News that a later one replaces, or that belong to one before. */
  #joined(change: Change): boolean {
    const last = this.#ready.findIndex(({ type }) => type === change.type);
    const before = this.#ready[last];
    if (before === undefined) return false;
    switch (change.type) {
      case "sign-ins":
      case "sessions":
      case "settings":
      case "outside":
      case "notices":
      case "rates":
      case "update":
        this.#ready[last] = change;
        return true;
      case "log":
        if (before.type !== "log" || before.id !== change.id) return false;
        this.#ready[last] = { ...before, entries: [...before.entries, ...change.entries].slice(-logEntriesKept) };
        return true;
      default:
        return false;
    }
  }

  #allowanceOf(id: string): Allowance {
    const now = this.#now();
    const known = this.#allowances.get(id);
    const allowance = known
      ? { left: Math.min(burst, known.left + (now - known.at) / refillMs), at: now }
      : { left: burst, at: now };
    this.#allowances.set(id, allowance);
    return allowance;
  }

  /** After what runs now: turning on 80 connections makes one update. */
  #flushSoon(): void {
    this.#soon ??= this.#timer(0, () => (this.#soon = null));
  }

  #timer(ms: number, clear: () => void): NodeJS.Timeout {
    return setTimeout(() => {
      clear();
      this.#flush();
    }, ms);
  }

  #flush(): void {
    const changes = this.#ready;
    this.#ready = [];
    for (const [id, held] of this.#held) {
      const news = [held.status, held.activity].filter((change) => change !== undefined);
      const allowance = this.#allowanceOf(id);
      if (news.length > 0 && allowance.left < 1) continue;
      if (news.length > 0) allowance.left -= 1;
      this.#held.delete(id);
      changes.push(...news);
    }
    if (this.#place) changes.push(this.#place);
    this.#place = null;
    if (this.#held.size > 0) this.#batch ??= this.#timer(batchMs, () => (this.#batch = null));
    if (changes.length === 0) return;
    this.#seq += 1;
    this.#send({ seq: this.#seq, changes });
  }
}
