import { X509Certificate } from "node:crypto";
import { BerError, readBer, tags } from "./ber.ts";
import { isPkcs12, looksBinary } from "./pkcs12/read-pkcs12.ts";

/**
 * The text of a file, a certificate or a private key in DER as PEM; null for other DER, such as PKCS#12. Whether what it holds is
 * good is not looked at. Never throws.
 */
export function pemOf(bytes: Buffer): string | null {
  const key = keyLabelOf(bytes);
  if (key !== null) {
    const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
    return [`-----BEGIN ${key}-----`, ...lines, `-----END ${key}-----`, ""].join("\n");
  }
  if (!looksBinary(bytes)) return bytes.toString("utf8");
  try {
    return new X509Certificate(bytes).toString();
  } catch {
    return null;
  }
}

/** What PEM calls a private key in DER; null for anything else. A key may be too short for `looksBinary`. */
function keyLabelOf(bytes: Buffer): string | null {
  if (bytes[0] !== tags.sequence || isPkcs12(bytes)) return null;
  let parts: readonly number[];
  try {
    parts = readBer(bytes).children.map(({ tag }) => tag);
  } catch (error) {
    if (error instanceof BerError) return null;
    throw error;
  }
  const { integer, octetString, sequence } = tags;
  const begins = (...expected: readonly number[]): boolean => expected.every((tag, index) => parts[index] === tag);
  // RFC 5958, RFC 5915; RFC 8017, where a public key has two numbers and a private one nine.
  if (begins(integer, sequence, octetString)) return "PRIVATE KEY";
  if (begins(sequence, octetString) && parts.length === 2) return "ENCRYPTED PRIVATE KEY";
  if (begins(integer, octetString)) return "EC PRIVATE KEY";
  return begins(...Array<number>(9).fill(integer)) ? "RSA PRIVATE KEY" : null;
}
