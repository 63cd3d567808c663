import type { DropReason } from "../../shared/events.ts";

/** Counts datagrams that were lost here, and tells of them: the first of a reason at once, further ones together. */
export class UdpDrops {
  readonly #everyMs: number;
  readonly #tell: (reason: DropReason, count: number) => void;
  readonly #untold = new Map<DropReason, { count: number; readonly timer: NodeJS.Timeout }>();
  /** All of them. */
  total = 0;

  /** @param everyMs at most once in this time for each reason. */
  constructor(everyMs: number, tell: (reason: DropReason, count: number) => void) {
    this.#everyMs = everyMs;
    this.#tell = tell;
  }

  add(reason: DropReason, count: number): void {
    this.total += count;
    const untold = this.#untold.get(reason);
    if (untold) {
      untold.count += count;
      return;
    }
    this.#untold.set(reason, { count: 0, timer: this.#later(reason) });
    this.#tell(reason, count);
  }

  #later(reason: DropReason): NodeJS.Timeout {
    return setTimeout(() => {
      const { count = 0 } = this.#untold.get(reason) ?? {};
      this.#untold.delete(reason);
      if (count === 0) return;
      this.#untold.set(reason, { count: 0, timer: this.#later(reason) });
      this.#tell(reason, count);
    }, this.#everyMs).unref();
  }

  /** Tells of what is untold. Idempotent. */
  close(): void {
    for (const [reason, { count, timer }] of this.#untold) {
      clearTimeout(timer);
      if (count > 0) this.#tell(reason, count);
    }
    this.#untold.clear();
  }
}
