/** How often something may happen: so many at once, and one more after each wait. */
export class Pace {
  readonly #burst: number;
  readonly #refillMs: number;
  readonly #now: () => number;
  #left: number;
  #at: number;

  /** @param now monotonic milliseconds. */
  constructor(burst: number, refillMs: number, now: () => number = () => performance.now()) {
    this.#burst = burst;
    this.#refillMs = refillMs;
    this.#now = now;
    this.#left = burst;
    this.#at = now();
  }

  /** True where it may happen now, which counts it. */
  take(): boolean {
    const now = this.#now();
    this.#left = Math.min(this.#burst, this.#left + (now - this.#at) / this.#refillMs);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
