/** A line that is longer than it may be, or too many bytes in all. */
export class LinesError extends Error {
  override readonly name = "LinesError";
}

export interface LinesLimits {
  /** The longest line, in bytes without its end. */
  readonly line: number;
  /** All lines together, in bytes. */
  readonly all: number;
}

/** Puts lines together again from the pieces that they come in. Holds one line at most. */
export class Lines {
  readonly #limits: LinesLimits;
  readonly #onLine: (line: string) => void;
  #pieces: Buffer[] = [];
  #length = 0;
  #all = 0;

  constructor(limits: LinesLimits, onLine: (line: string) => void) {
    this.#limits = limits;
    this.#onLine = onLine;
  }

  /** @throws LinesError, or what `onLine` throws. */
  push(bytes: Buffer): void {
    this.#all += bytes.length;
    if (this.#all > this.#limits.all) throw new LinesError(`more than ${this.#limits.all} bytes`);
    let at = 0;
    for (;;) {
      const end = bytes.indexOf(0x0a, at);
      const piece = bytes.subarray(at, end < 0 ? bytes.length : end);
      this.#length += piece.length;
      if (this.#length > this.#limits.line) throw new LinesError(`a line of more than ${this.#limits.line} bytes`);
      if (piece.length > 0) this.#pieces.push(piece);
      if (end < 0) return;
      const line = Buffer.concat(this.#pieces).toString("utf8");
      this.#pieces = [];
      this.#length = 0;
      this.#onLine(line);
      at = end + 1;
    }
  }

  /** True where the last line has come without its end. */
  get isWithinLine(): boolean {
    return this.#length > 0;
  }
}
