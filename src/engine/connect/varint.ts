/** A variable-length integer and the index of the first byte behind it. */
export interface Varint {
  readonly value: number;
  readonly next: number;
}

/**
 * Encodes a variable-length integer (RFC 9000 §16) in the fewest bytes.
 * @param value 0 to 2^53-1.
 * @throws RangeError for any other value.
 */
export function encodeVarint(value: number): Buffer {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError("not a number that a varint is made of");
  if (value < 2 ** 6) return Buffer.of(value);
  if (value < 2 ** 14) return Buffer.of(0x40 | (value >> 8), value & 0xff);
  if (value < 2 ** 30) return Buffer.of(0x80 | (value >> 24), (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff);
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeUInt32BE((0xc0000000 | Math.floor(value / 2 ** 32)) >>> 0, 0);
  bytes.writeUInt32BE(value % 2 ** 32, 4);
  return bytes;
}

/**
 * Reads the variable-length integer that begins at `at` (RFC 9000 §16); null while bytes of it are missing. Takes longer
 * encodings than needed, which only frame types may not have (RFC 9000 §12.4). Values above 2^53 may be rounded: here they
 * are types and context IDs that we do not know, whichever they are, or lengths to skip, whose end no connection lives to see.
 * Rounding never makes one of them a value below 2^53.
 */
export function readVarint(bytes: Buffer, at: number): Varint | null {
  const first = bytes[at];
  if (first === undefined) return null;
  const next = at + (1 << (first >> 6));
  if (next > bytes.length) return null;
  switch (next - at) {
    case 1:
      return { value: first, next };
    case 2:
      return { value: bytes.readUInt16BE(at) & 0x3fff, next };
    case 4:
      return { value: bytes.readUInt32BE(at) & 0x3fffffff, next };
    default:
      return { value: (bytes.readUInt32BE(at) & 0x3fffffff) * 2 ** 32 + bytes.readUInt32BE(at + 4), next };
  }
}
