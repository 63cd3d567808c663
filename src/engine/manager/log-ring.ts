import type { LogEntry } from "../../shared/model/activity.ts";

/** The newest entries of a log; an older one makes room for each that comes. */
export class LogRing {
  readonly #most: number;
  readonly #entries: LogEntry[] = [];
  /** Where the oldest is, once the ring is full. */
  #oldest = 0;
  #nextId = 1;

  /** @param most entries that are kept. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Numbers the entry and keeps it. */
  add(draft: Omit<LogEntry, "id">): LogEntry {
    const entry = { id: this.#nextId++, ...draft };
    if (this.#entries.length < this.#most) {
      this.#entries.push(entry);
    } else {
      this.#entries[this.#oldest] = entry;
      this.#oldest = (this.#oldest + 1) % this.#most;
    }
    return entry;
  }

  /** Oldest first. */
  all(): LogEntry[] {
    return [...this.#entries.slice(this.#oldest), ...this.#entries.slice(0, this.#oldest)];
  }
}
