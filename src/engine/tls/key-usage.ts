import type { X509Certificate } from "node:crypto";
import { child, oid, octets, readBer, tags, type Ber } from "./ber.ts";

const keyUsageOid = "2.5.29.15";
const extendedKeyUsageOid = "2.5.29.37";
const clientAuth = "1.3.6.1.5.5.7.3.2";
const anyUse = "2.5.29.37.0";

const extendedUses: Readonly<Record<string, string>> = {
  [anyUse]: "anything",
  "1.3.6.1.5.5.7.3.1": "server authentication",
  [clientAuth]: "client authentication",
  "1.3.6.1.5.5.7.3.3": "code signing",
  "1.3.6.1.5.5.7.3.4": "e-mail",
  "1.3.6.1.5.5.7.3.8": "time stamping",
  "1.3.6.1.5.5.7.3.9": "OCSP signing",
  "1.3.6.1.4.1.311.20.2.2": "smart card sign-in",
};

/** By bit, first bit first (RFC 5280 §4.2.1.3). */
const uses = [
  "digital signature",
  "non-repudiation",
  "key encipherment",
  "data encipherment",
  "key agreement",
  "certificate signing",
  "CRL signing",
] as const;

/** What an extension says; null where the certificate has none of that kind that can be read. */
function extension<T>(certificate: X509Certificate, id: string, read: (value: Ber) => T): T | null {
  try {
    const value = findExtension(certificate, id);
    return value && read(value);
  } catch {
    return null;
  }
}

/** @throws BerError. */
function findExtension(certificate: X509Certificate, id: string): Ber | null {
  const toBeSigned = child(readBer(certificate.raw), 0, tags.sequence);
  const list = toBeSigned.children.find(({ tag }) => tag === tags.explicit3);
  for (const one of list ? child(list, 0).children : []) {
    if (oid(child(one, 0)) !== id) continue;
    // A mark for critical ones may stand in between.
    const value = one.children.at(-1);
    return value ? readBer(octets(value)) : null;
  }
  return null;
}

function keyUsage(certificate: X509Certificate): readonly string[] | null {
  return extension(certificate, keyUsageOid, ({ content }) =>
    uses.filter((_, bit) => ((content[1] ?? 0) & (0x80 >> bit)) !== 0),
  );
}

const extendedKeyUsage = (certificate: X509Certificate): readonly string[] | null =>
  extension(certificate, extendedKeyUsageOid, ({ children }) => children.map(oid));

/**
 * False where its issuer made it for something else than to prove who a client is: what OpenSSL's servers look for, but that
 * anyExtendedKeyUsage will do, as it does for Go's servers and not for theirs.
 */
export function mayProveClient(certificate: X509Certificate): boolean {
  const extended = extendedKeyUsage(certificate);
  if (extended && !extended.includes(clientAuth) && !extended.includes(anyUse)) return false;
  const plain = keyUsage(certificate);
  return plain === null || plain.includes("digital signature") || plain.includes("key agreement");
}

/** What its issuer made it for, in words; empty where that is not said. */
export function keyUsesOf(certificate: X509Certificate): readonly string[] {
  const extended = extendedKeyUsage(certificate);
  if (extended) return extended.map((id) => extendedUses[id] ?? id);
  return keyUsage(certificate) ?? [];
}
