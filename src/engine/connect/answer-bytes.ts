import type { ClientHttp2Stream } from "node:http2";

/**
 * The bytes behind the head of an answer. They are taken from the first moment on: Envoy ends a refusal with
 * RST_STREAM, and Node drops what has not been read by then (RFC 9113 §8.1 has clients keep it).
 */
export class AnswerBytes {
  readonly #stream: ClientHttp2Stream;
  #chunks: Buffer[] = [];
  #size = 0;
  #onChunk: () => void = () => undefined;

  constructor(stream: ClientHttp2Stream) {
    this.#stream = stream;
    stream.on("data", this.#take);
  }

  readonly #take = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    this.#onChunk();
  };

  /** Everything so far; reads no further. */
  take(): Buffer {
    this.#stream.off("data", this.#take);
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [];
    return bytes;
  }

  /** At most `maxBytes`, waited for at most `ms`; what is missing then is missing. */
  body(maxBytes: number, ms: number, signal: AbortSignal): Promise<string> {
    const stream = this.#stream;
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve(this.take().subarray(0, maxBytes).toString("utf8"));
      };
      this.#onChunk = () => this.#size >= maxBytes && done();
      const timer = setTimeout(done, ms);
      signal.addEventListener("abort", done, { once: true });
      stream.once("end", done).once("close", done);
      if (stream.readableEnded || stream.destroyed) done();
      else this.#onChunk();
    });
  }
}
