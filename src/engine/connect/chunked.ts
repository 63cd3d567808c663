/** What came is no chunked body (RFC 9112 §7.1): the connection must be ended (RFC 9112 §8). */
export class ChunkedError extends Error {}

export interface ChunkedLimits {
  /** The longest line with a chunk's size and extensions, without its line end, in bytes. */
  readonly lineBytes: number;
  /** All trailer lines together, with their line ends, in bytes; the empty line behind them does not count. */
  readonly trailerBytes: number;
}

/** RFC 9112 §7.1: chunk-size and chunk-ext. 13 digits are 52 bits: every size is exact as a double. */
const sizeLine = /^([0-9A-Fa-f]{1,13})(?:[ \t]*;.*)?$/;
/** RFC 9110 §5.5: a CR, NUL or other control within a line is where a middlebox may see another line than we do. */
const plainLine = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Takes the data out of a chunked body (RFC 9112 §7.1), whatever pieces it comes in. Strict where leniency would let a
 * middlebox smuggle something in: lines end with CRLF, sizes are digits alone. Extensions and trailers are skipped. Holds
 * nothing but the beginning of one line.
 */
export class ChunkedDecoder {
  readonly #onData: (bytes: Buffer) => void;
  readonly #lineBytes: number;
  #trailerLeft: number;
  #state: "size" | "data" | "data-end" | "trailer" | "ended" = "size";
  #dataLeft = 0;
  /** The beginning of a line whose end has not come. */
  #begun: Buffer | null = null;
  #failure: { readonly error: unknown } | null = null;

  /** @param onData gets the data as it comes, never empty. It shares the memory of the bytes pushed: copy it to keep it. */
  constructor(onData: (bytes: Buffer) => void, limits: ChunkedLimits) {
    this.#onData = onData;
    this.#lineBytes = limits.lineBytes;
    this.#trailerLeft = limits.trailerBytes;
  }

  /** True once the last chunk and the trailers have come: the body is whole, and what follows is ignored. */
  get ended(): boolean {
    return this.#state === "ended";
  }

  /**
   * Takes the next bytes of the body.
   * @throws ChunkedError for a body that is malformed or passes a limit, or whatever `onData` throws, and the same from
   * then on.
   */
  push(bytes: Buffer): void {
    if (this.#failure) throw this.#failure.error;
    try {
      let at = 0;
      while (at < bytes.length && this.#state !== "ended")
        at = this.#state === "data" ? this.#data(bytes, at) : this.#readLine(bytes, at);
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  #data(bytes: Buffer, at: number): number {
    const end = Math.min(at + this.#dataLeft, bytes.length);
    this.#dataLeft -= end - at;
    if (this.#dataLeft === 0) this.#state = "data-end";
    this.#onData(bytes.subarray(at, end));
    return end;
  }

  /** Reads a line, or what there is of it, together with what came of it before. */
  #readLine(bytes: Buffer, at: number): number {
    const before = this.#begun;
    const most = this.#mostLine() + 2;
    // No further than the line may go, so that the outcome does not depend on where the bytes are split.
    const piece = bytes.subarray(at, at + most - (before?.length ?? 0));
    const lineFeed = piece.indexOf(0x0a);
    const upToHere = lineFeed < 0 ? piece : piece.subarray(0, lineFeed + 1);
    const line = before === null ? upToHere : Buffer.concat([before, upToHere]);
    if (lineFeed < 0) {
      if (line.length >= most) throw new ChunkedError(`a line of the chunked body is longer than ${most - 2} bytes`);
      // A copy, so that the rest of the bytes pushed is not held with it.
      this.#begun = before === null ? Buffer.from(line) : line;
      return bytes.length;
    }
    this.#begun = null;
    if (line.at(-2) !== 0x0d) throw new ChunkedError("a line of the chunked body does not end with CRLF");
    this.#take(line.toString("latin1", 0, line.length - 2));
    return at + lineFeed + 1;
  }

  /** How long the line that comes may be, without its line end. */
  #mostLine(): number {
    if (this.#state === "size") return this.#lineBytes;
    return this.#state === "trailer" ? Math.max(0, this.#trailerLeft - 2) : 0;
  }

  #take(line: string): void {
    if (!plainLine.test(line)) throw new ChunkedError("a line of the chunked body has a control character");
    // Behind the data of a chunk only an empty line is short enough to get here.
    if (this.#state === "data-end") this.#state = "size";
    else if (this.#state === "trailer") {
      this.#trailerLeft -= line.length + 2;
      if (line === "") this.#state = "ended";
    } else {
      const digits = sizeLine.exec(line)?.[1];
      if (digits === undefined) throw new ChunkedError("the size of a chunk is malformed");
      this.#dataLeft = Number.parseInt(digits, 16);
      this.#state = this.#dataLeft === 0 ? "trailer" : "data";
    }
  }
}
