/** Deeper than any certificate or key goes. */
const deepest = 48;

/** Says that bytes are not what they should be; its text is for nobody but the log of a test. */
export class BerError extends Error {}

/** One element of BER (X.690), which DER is a part of. */
export interface Ber {
  /** The identifier octet: class, constructed bit and number. */
  readonly tag: number;
  /** Empty where it has children. */
  readonly content: Buffer;
  /** Empty where it is primitive. */
  readonly children: readonly Ber[];
}

export const tags = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  sequence: 0x30,
  set: 0x31,
  /** Explicit [0]. */
  explicit0: 0xa0,
  explicit3: 0xa3,
} as const;

const constructedBit = 0x20;

/** Reads the first element of these bytes, and all below it. Lengths may be indefinite. @throws BerError. */
export function readBer(bytes: Uint8Array): Ber {
  return new Reader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).element(0).ber;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  #octet(): number {
    const octet = this.#bytes[this.#at];
    if (octet === undefined) throw new BerError("it ends too early");
    this.#at += 1;
    return octet;
  }

  /** null for an indefinite length. */
  #length(): number | null {
    const first = this.#octet();
    if (first < 0x80) return first;
    if (first === 0x80) return null;
    let length = 0;
    for (let left = first & 0x7f; left > 0; left -= 1) {
      length = length * 256 + this.#octet();
      if (length > this.#bytes.length) throw new BerError("a length goes beyond the end");
    }
    return length;
  }

  element(depth: number): { readonly ber: Ber; readonly isEnd: boolean } {
    if (depth > deepest) throw new BerError("it is nested too deeply");
    const tag = this.#octet();
    if ((tag & 0x1f) === 0x1f) throw new BerError("a tag with a long number");
    const length = this.#length();
    const isConstructed = (tag & constructedBit) !== 0;
    if (length === null && !isConstructed) throw new BerError("a primitive without a length");
    const end = length === null ? this.#bytes.length : this.#at + length;
    if (end > this.#bytes.length) throw new BerError("a length goes beyond the end");
    if (!isConstructed) {
      const content = this.#bytes.subarray(this.#at, end);
      this.#at = end;
      return { ber: { tag, content, children: [] }, isEnd: tag === 0 && content.length === 0 };
    }
    const children: Ber[] = [];
    for (;;) {
      if (length !== null && this.#at >= end) break;
      const child = this.element(depth + 1);
      if (length === null && child.isEnd) break;
      children.push(child.ber);
    }
    if (length !== null && this.#at !== end) throw new BerError("an element goes beyond the one around it");
    return { ber: { tag, content: Buffer.alloc(0), children }, isEnd: false };
  }
}

/** A child that must be there. @throws BerError. */
export function child(ber: Ber | undefined, index: number, tag?: number): Ber {
  const found = ber?.children[index];
  if (found === undefined || (tag !== undefined && found.tag !== tag)) throw new BerError("a part is missing");
  return found;
}

/** An octet string, which BER may cut into pieces. */
export function octets(ber: Ber): Buffer {
  return ber.children.length === 0 ? ber.content : Buffer.concat(ber.children.map(octets));
}

/** "1.2.840.113549.1.7.1" */
export function oid(ber: Ber): string {
  if (ber.tag !== tags.oid || ber.content.length === 0) throw new BerError("not an object identifier");
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of ber.content) {
    arc = arc * 128 + (octet & 0x7f);
    if (octet < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const [first = 0, ...rest] = arcs;
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - 40 * top, ...rest].join(".");
}

/** A number that is not negative and not large. @throws BerError. */
export function integer(ber: Ber): number {
  const { tag, content } = ber;
  if (tag !== tags.integer || content.length === 0 || content.length > 6) throw new BerError("not a small number");
  const value = content.readUIntBE(0, content.length);
  if ((content[0] ?? 0) >= 0x80) throw new BerError("a negative number");
  return value;
}
