import { encodeVarint, readVarint } from "./varint.ts";

/** The longest payload of a UDP datagram, in bytes, and so of a capsule that carries one (RFC 9298 §5). */
export const mostPayload = 65_527;

/** Capsule type of HTTP datagrams (RFC 9297 §3.5), and context ID of UDP payloads (RFC 9298 §4). */
const datagramType = 0x00;
const udpContext = 0x00;
/** Type, length and context ID, 8 bytes each at most. */
const mostHead = 24;

/** What came is no capsule we could go on behind: the stream must be ended (RFC 9297 §3.3, RFC 9298 §5). */
export class CapsuleError extends Error {}

/**
 * What stands in front of a UDP payload on the stream: capsule type, length, context ID (RFC 9297 §3.2, RFC 9298 §5).
 * @param payloadLength bytes, 0 to `mostPayload`.
 * @throws RangeError for any other length.
 */
export function datagramCapsuleHead(payloadLength: number): Buffer {
  if (!Number.isInteger(payloadLength) || payloadLength < 0 || payloadLength > mostPayload)
    throw new RangeError(`a UDP payload has 0 to ${mostPayload} bytes`);
  const context = encodeVarint(udpContext);
  const length = encodeVarint(context.length + payloadLength);
  return Buffer.concat([encodeVarint(datagramType), length, context]);
}

/** One datagram as a capsule, in one buffer. @throws RangeError above `mostPayload`. */
export function datagramCapsule(payload: Buffer): Buffer {
  const head = datagramCapsuleHead(payload.length);
  const capsule = Buffer.allocUnsafe(head.length + payload.length);
  head.copy(capsule);
  payload.copy(capsule, head.length);
  return capsule;
}

interface CapsuleHead {
  readonly next: number;
  readonly kind: "payload" | "skip";
  /** Bytes behind the head. */
  readonly length: number;
}

/**
 * Reads the head that begins at `at`, with the context ID if it is a datagram's; null while bytes of it are missing.
 * @throws CapsuleError
 */
function readHead(bytes: Buffer, at: number): CapsuleHead | null {
  const type = readVarint(bytes, at);
  const length = type && readVarint(bytes, type.next);
  if (!length) return null;
  // RFC 9297 §3.2: unknown types are skipped silently.
  if (type.value !== datagramType) return { next: length.next, kind: "skip", length: length.value };
  const end = length.next + length.value;
  const context = readVarint(bytes, length.next);
  if (context === null && bytes.length < end) return null;
  // RFC 9297 §3.3: the fields of a capsule end where it ends.
  if (context === null || context.next > end) throw new CapsuleError("a datagram ends within its context ID");
  const { next, value } = context;
  // RFC 9298 §5: datagrams of a context that was not registered are dropped silently, and we register none.
  if (value !== udpContext) return { next, kind: "skip", length: end - next };
  // RFC 9298 §5: longer than any UDP payload, so the stream must be aborted.
  if (end - next > mostPayload) throw new CapsuleError(`a datagram is longer than ${mostPayload} bytes`);
  return { next, kind: "payload", length: end - next };
}

/**
 * Takes the UDP payloads out of a stream of capsules (RFC 9297 §3.2, RFC 9298 §4, §5), whatever pieces it comes in. Holds
 * at most the beginning of one head and of one payload, however long a capsule says that it is.
 */
export class CapsuleDecoder {
  readonly #onPayload: (payload: Buffer) => void;
  /** The beginning of a head whose end has not come. */
  readonly #head = Buffer.alloc(mostHead);
  #headBytes = 0;
  /** Bytes of an unknown capsule that are still to come; a double is exact enough (see `readVarint`). */
  #toSkip = 0;
  /** Length of the payload that is coming, null between payloads. */
  #expected: number | null = null;
  /** What has come of it, once it is known to come in pieces. */
  #payload: Buffer | null = null;
  #payloadBytes = 0;
  #stopped = false;
  #failure: { readonly error: unknown } | null = null;

  /**
   * @param onPayload gets each payload, empty ones as well, in the order they came. One that came in one piece shares the
   * memory of the bytes pushed: copy it to keep it. May call `stop`, not `push`.
   */
  constructor(onPayload: (payload: Buffer) => void) {
    this.#onPayload = onPayload;
  }

  /** True where the stream may not end: the last capsule is not whole (RFC 9297 §3.3). */
  get midCapsule(): boolean {
    return this.#headBytes > 0 || this.#toSkip > 0 || this.#expected !== null;
  }

  /** No payload is handed out any more, not even from the bytes being pushed. Idempotent. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * Takes the next bytes of the stream.
   * @throws CapsuleError for a stream that is malformed, or whatever `onPayload` throws, and the same from then on.
   */
  push(bytes: Buffer): void {
    if (this.#failure) throw this.#failure.error;
    try {
      let at = 0;
      while (at < bytes.length && !this.#stopped) {
        if (this.#toSkip > 0) at = this.#skip(bytes, at);
        else if (this.#expected !== null) at = this.#fill(bytes, at, this.#expected);
        else at = this.#begin(bytes, at);
      }
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  #skip(bytes: Buffer, at: number): number {
    const count = Math.min(this.#toSkip, bytes.length - at);
    this.#toSkip -= count;
    return at + count;
  }

  /** Reads a head, or what there is of it, together with what came of it before. */
  #begin(bytes: Buffer, at: number): number {
    const before = this.#headBytes;
    let head: CapsuleHead | null;
    if (before === 0) head = readHead(bytes, at);
    else {
      const copied = bytes.copy(this.#head, before, at, at + mostHead - before);
      head = readHead(this.#head.subarray(0, before + copied), 0);
    }
    if (head === null) {
      // Every head is whole within `mostHead` bytes, so these are fewer.
      if (before === 0) bytes.copy(this.#head, 0, at);
      this.#headBytes = before + bytes.length - at;
      return bytes.length;
    }
    this.#headBytes = 0;
    const next = before === 0 ? head.next : at + head.next - before;
    if (head.kind === "skip") {
      this.#toSkip = head.length;
      return next;
    }
    this.#expected = head.length;
    // Not left to the next bytes: an empty payload is whole already.
    return this.#fill(bytes, next, head.length);
  }

  /** Hands the payload out where the rest of it is there. Allocates nothing before a byte of it has come. */
  #fill(bytes: Buffer, at: number, expected: number): number {
    const end = Math.min(at + expected - this.#payloadBytes, bytes.length);
    if (this.#payload === null) {
      if (end - at === expected) return this.#emit(bytes.subarray(at, end), end);
      if (end === at) return end;
      this.#payload = Buffer.allocUnsafe(expected);
    }
    this.#payloadBytes += bytes.copy(this.#payload, this.#payloadBytes, at, end);
    return this.#payloadBytes === expected ? this.#emit(this.#payload, end) : end;
  }

  #emit(payload: Buffer, next: number): number {
    this.#expected = null;
    this.#payload = null;
    this.#payloadBytes = 0;
    this.#onPayload(payload);
    return next;
  }
}
