import { Readable } from "node:stream";
import type { PipeSide } from "./pipe.ts";

/**
 * Watches a client that waits for its path. Its early bytes are read ahead, as far as the stream's own bound, because
 * only a socket that is being read reports that its client has reset it. A FIN is no hang-up: it may follow a request
 * whose answer is awaited.
 */
export class ClientWatch {
  readonly #side: PipeSide;
  readonly #onGone: () => void;
  /** Early bytes of a client that was held; null while it has not been. */
  #early: Buffer[] | null = null;
  #earlyBytes = 0;
  #mostBytes = 0;
  /** How long it is held after its FIN; null while it is not held. */
  #endMs: number | null = null;
  #ended = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(side: PipeSide, onGone: () => void) {
    this.#side = side;
    this.#onGone = onGone;
    side.readable.on("readable", readAhead);
    for (const stream of new Set([side.readable, side.writable])) stream.on("error", onGone).on("close", this.#onClose);
  }

  /**
   * From now on a client that has ended its side is gone after `endMs`. Its answer may still be awaited; but while a
   * destination is down for hours, clients give up and come again, and what closes a socket altogether looks like a FIN
   * until somebody writes to it. Idempotent.
   * @param mostBytes early bytes that are kept meanwhile; behind more of them an end is not seen.
   * @param endMs milliseconds.
   */
  hold(mostBytes: number, endMs: number): void {
    this.#endMs = endMs;
    if (this.#ended) return this.#giveTime();
    if (this.#early !== null) return;
    this.#early = [];
    this.#mostBytes = mostBytes;
    const { readable } = this.#side;
    // Only who reads to the end learns of it.
    readable.once("end", this.#onEnd).on("readable", this.#collect);
    this.#collect();
  }

  /** A FIN is no hang-up again: a person is at work, and takes as long as that takes. */
  unhold(): void {
    this.#endMs = null;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#giveTime();
  };

  #giveTime(): void {
    if (this.#endMs !== null) this.#timer ??= setTimeout(this.#onGone, this.#endMs);
  }

  readonly #collect = (): void => {
    const { readable } = this.#side;
    while (this.#early !== null && this.#earlyBytes < this.#mostBytes) {
      const chunk = readable.read() as Buffer | null;
      if (chunk === null) return;
      this.#early.push(chunk);
      this.#earlyBytes += chunk.length;
    }
  };

  readonly #onClose = (): void => {
    const { readable, writable } = this.#side;
    // Standard input that has ended closes by itself, while standard output still waits for the answer.
    if (!writable.destroyed && readable.readableEnded) return;
    this.#onGone();
  };

  /** Ends the watch. Returns the side as it is to be read from now on, early bytes first. */
  release(): PipeSide {
    const { readable, writable } = this.#side;
    this.unhold();
    readable.off("readable", readAhead).off("readable", this.#collect).off("end", this.#onEnd);
    for (const stream of new Set([readable, writable])) stream.off("close", this.#onClose);
    // The error listener stays: between here and the pipe, and after it, an error must not end the process.
    const early = Buffer.concat(this.#early ?? []);
    this.#early = null;
    if (early.length === 0 || readable.destroyed) return this.#side;
    if (!readable.readableEnded) {
      readable.unshift(early);
      return this.#side;
    }
    // Behind its end a stream takes nothing back.
    const again = new Readable({ read: () => undefined });
    again.push(early);
    again.push(null);
    return { ...this.#side, readable: again };
  }
}

/** A listener is all it takes: Node then reads until the buffer is full, and stops. */
const readAhead = (): void => undefined;
