/** A file on a network that is gone holds one of the four threads that Node has for all files and host names. */
const atOnce = 2;

/**
 * Turns at files that may hang: those of one name come one after the other, and few of all run at once. Whoever asks waits for as
 * long as that takes, so he needs a limit of his own.
 */
export class FileTurns {
  readonly #running = new Map<string, Promise<void>>();

  /** Runs the work when its turn comes; what came first goes first. Rejects as the work does. */
  async take<T>(name: string, work: () => Promise<T>): Promise<T> {
    for (let before = this.#before(name); before !== null; before = this.#before(name)) await before;
    const working = work();
    const free = (): void => void this.#running.delete(name);
    this.#running.set(name, working.then(free, free));
    return working;
  }

  /** What has to end first; null for nothing. */
  #before(name: string): Promise<void> | null {
    const same = this.#running.get(name);
    if (same) return same;
    return this.#running.size < atOnce ? null : Promise.race(this.#running.values());
  }
}
