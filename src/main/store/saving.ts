import { asAppError, type AppError } from "../../shared/errors.ts";

/** Called after each attempt to write: with what stopped it, or with null once all is written. */
export type SaveListener = (failure: AppError | null) => void;

/**
 * Writes what is held in memory, at once or a little later. Memory leads: a write that fails changes nothing there, and the
 * next one, or `saveAgain`, writes all of it.
 */
export class Saving {
  readonly #write: () => void;
  readonly #listener: SaveListener;
  #failure: AppError | null = null;
  #timer: NodeJS.Timeout | null = null;
  #unsaved = false;

  /** @param write throws AppError. */
  constructor(write: () => void, listener: SaveListener) {
    this.#write = write;
    this.#listener = listener;
  }

  /** Why the last write failed; null when it did not. */
  get failure(): AppError | null {
    return this.#failure;
  }

  /** Writes now. Never throws: the listener hears of a failure. */
  now(): void {
    try {
      this.saveAgain();
    } catch {
      // The listener has heard of it.
    }
  }

  /** Writes within `ms`, together with whatever else changes until then. */
  soon(ms: number): void {
    this.#unsaved = true;
    this.#timer ??= setTimeout(() => this.now(), ms).unref();
  }

  /** Writes what is still unwritten. */
  flush(): void {
    if (this.#unsaved) this.now();
  }

  /** @throws AppError `storage-failed` where it fails. */
  saveAgain(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#unsaved = true;
    try {
      this.#write();
    } catch (thrown) {
      this.#failure = asAppError(thrown);
      this.#listener(this.#failure);
      throw this.#failure;
    }
    this.#unsaved = false;
    this.#failure = null;
    this.#listener(null);
  }
}
