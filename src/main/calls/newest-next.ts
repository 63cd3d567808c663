import { AppError } from "../../shared/errors.ts";

/**
 * Runs one piece of work at a time; of those that wait meanwhile only the newest is kept. For work whose older results nobody needs,
 * so that a page can neither run it many times at once nor make a queue of it.
 */
export class NewestNext {
  #busy = false;
  #waiting: { begin(): void; drop(): void } | null = null;

  /** @throws AppError `cancelled` where a newer one has taken its place before it began. */
  run<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting?.drop();
    if (!this.#busy) return this.#begin(work);
    return new Promise<T>((resolve, reject) => {
      this.#waiting = {
        begin: () => resolve(this.#begin(work)),
        drop: () => reject(new AppError("cancelled", "A newer look has taken its place.", { retryable: true })),
      };
    });
  }

  async #begin<T>(work: () => Promise<T>): Promise<T> {
    this.#busy = true;
    try {
      return await work();
    } finally {
      this.#busy = false;
      const next = this.#waiting;
      this.#waiting = null;
      next?.begin();
    }
  }
}
