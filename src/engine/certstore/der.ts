/** What is not DER, or not the part of it that certificates need. Its text is for programmers. */
export class DerError extends Error {
  override readonly name = "DerError";
}

/** One element, as views of the bytes it was read from. */
export interface DerElement {
  /** The identifier octet, for example 0x30 for SEQUENCE. */
  readonly tag: number;
  readonly content: Buffer;
  /** Identifier, length and content. */
  readonly whole: Buffer;
}

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** More elements side by side than anything in a certificate has. */
const mostSiblings = 4_096;

function readAt(bytes: Buffer, at: number): { element: DerElement; next: number } {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) throw new DerError("it ends within an element");
  // Tag numbers from 31 on take more octets; nothing in a certificate has one.
  if ((tag & 0x1f) === 0x1f) throw new DerError("a tag of several octets");
  let length = first;
  let start = at + 2;
  if (first >= 0x80) {
    const octets = first & 0x7f;
    // 0x80 is the indefinite length of BER.
    if (octets === 0 || octets > 3) throw new DerError("a length that DER does not have or no certificate needs");
    if (start + octets > bytes.length) throw new DerError("it ends within a length");
    length = bytes.readUIntBE(start, octets);
    start += octets;
  }
  const end = start + length;
  if (end > bytes.length) throw new DerError("an element is longer than what holds it");
  return { element: { tag, content: bytes.subarray(start, end), whole: bytes.subarray(at, end) }, next: end };
}

/**
 * The elements that stand side by side in `bytes`. Reads one level, so that depth costs nothing.
 * @throws DerError when they do not fill `bytes` exactly.
 */
export function elementsIn(bytes: Buffer): DerElement[] {
  const elements: DerElement[] = [];
  for (let at = 0; at < bytes.length;) {
    const { element, next } = readAt(bytes, at);
    elements.push(element);
    if (elements.length > mostSiblings) throw new DerError("too many elements");
    at = next;
  }
  return elements;
}

/** The only element of `bytes`, which must have this tag. @throws DerError */
export function onlyElement(bytes: Buffer, tag: number): DerElement {
  const { element, next } = readAt(bytes, 0);
  if (next !== bytes.length) throw new DerError("something follows it");
  return expectTag(element, tag);
}

/** @throws DerError when the element is missing or has another tag. */
export function expectTag(element: DerElement | undefined, tag: number): DerElement {
  if (element?.tag !== tag) throw new DerError(`expected 0x${tag.toString(16)}`);
  return element;
}

/** Dotted text of an OBJECT IDENTIFIER's content. @throws DerError */
export function oidOf(content: Buffer): string {
  if (content.length === 0 || content.length > 64) throw new DerError("an object identifier of no or absurd length");
  const arcs: number[] = [];
  let arc = 0;
  for (const [index, octet] of content.entries()) {
    arc = arc * 128 + (octet & 0x7f);
    if (arc > Number.MAX_SAFE_INTEGER / 128) throw new DerError("an arc that is too large");
    if (octet >= 0x80) {
      if (index === content.length - 1) throw new DerError("it ends within an arc");
      continue;
    }
    if (arcs.length === 0) {
      const root = Math.min(2, Math.floor(arc / 40));
      arcs.push(root, arc - root * 40);
    } else arcs.push(arc);
    arc = 0;
  }
  return arcs.join(".");
}

/** A non-negative INTEGER that is small by its meaning, such as a number of rounds. @throws DerError */
export function smallInteger(content: Buffer): number {
  const [first] = content;
  if (first === undefined || first >= 0x80 || content.length > 5) throw new DerError("not a small number");
  return content.readUIntBE(0, content.length);
}

/** Milliseconds since 1970 of a UTCTime or GeneralizedTime, as RFC 5280 §4.1.2.5 restricts them. @throws DerError */
export function timeOf({ tag, content }: DerElement): number {
  const isShort = tag === tags.utcTime;
  if (!isShort && tag !== tags.generalizedTime) throw new DerError("not a time");
  const match = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(content.toString("latin1"));
  const [, year = "", month, day, hour, minute, second] = match ?? [];
  if (match === null || (year.length === 2) !== isShort) throw new DerError("a time in another form");
  const full = isShort ? Number(year) + (Number(year) >= 50 ? 1900 : 2000) : Number(year);
  const date = new Date(0);
  // Not Date.UTC, which takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(full, Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute), Number(second));
  return date.getTime();
}
