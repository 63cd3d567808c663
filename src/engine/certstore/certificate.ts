import { DerError, elementsIn, expectTag, oidOf, onlyElement, tags, timeOf, type DerElement } from "./der.ts";

/** What of a certificate decides whether it can be used. Names are DER. */
export interface CertificateFacts {
  readonly der: Buffer;
  readonly issuer: Buffer;
  readonly subject: Buffer;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  /** Milliseconds since 1970. */
  readonly notAfter: number;
  readonly isCa: boolean;
  /** False where its key usage or extended key usage leaves no room for client authentication. */
  readonly forClients: boolean;
}

const extensionIds = { keyUsage: "2.5.29.15", basicConstraints: "2.5.29.19", extendedKeyUsage: "2.5.29.37" } as const;
const clientUsages = new Set(["1.3.6.1.5.5.7.3.2", "2.5.29.37.0"]);
const extensionsTag = 0xa3;
const versionTag = 0xa0;

/** Values of the extensions by their object identifier. */
function extensionsOf(tbs: readonly DerElement[]): ReadonlyMap<string, Buffer> {
  const found = new Map<string, Buffer>();
  const wrapped = tbs.find(({ tag }) => tag === extensionsTag);
  if (!wrapped) return found;
  for (const extension of elementsIn(onlyElement(wrapped.content, tags.sequence).content)) {
    const parts = elementsIn(expectTag(extension, tags.sequence).content);
    found.set(oidOf(expectTag(parts[0], tags.oid).content), expectTag(parts.at(-1), tags.octetString).content);
  }
  return found;
}

/** Bits 0 (digitalSignature) and 4 (keyAgreement): the first one signs the handshake, the other was for fixed DH. */
function signsHandshakes(keyUsage: Buffer | undefined): boolean {
  if (!keyUsage) return true;
  const [, bits = 0] = onlyElement(keyUsage, tags.bitString).content;
  return (bits & 0b1000_1000) !== 0;
}

function allowsClients(extendedKeyUsage: Buffer | undefined): boolean {
  if (!extendedKeyUsage) return true;
  const usages = elementsIn(onlyElement(extendedKeyUsage, tags.sequence).content);
  return usages.some(({ tag, content }) => tag === tags.oid && clientUsages.has(oidOf(content)));
}

function isCa(basicConstraints: Buffer | undefined): boolean {
  if (!basicConstraints) return false;
  const [first] = elementsIn(onlyElement(basicConstraints, tags.sequence).content);
  return first?.tag === tags.boolean && first.content[0] !== 0;
}

/** Reads a certificate (RFC 5280 §4.1); its signature is not looked at. @throws DerError */
export function readCertificate(der: Buffer): CertificateFacts {
  const [body] = elementsIn(onlyElement(der, tags.sequence).content);
  const tbs = elementsIn(expectTag(body, tags.sequence).content);
  const [, , issuer, validity, subject, publicKey] = tbs[0]?.tag === versionTag ? tbs.slice(1) : tbs;
  expectTag(publicKey, tags.sequence);
  const [notBefore, notAfter, ...rest] = elementsIn(expectTag(validity, tags.sequence).content);
  if (!notBefore || !notAfter || rest.length > 0) throw new DerError("a validity is two times");
  const extensions = extensionsOf(tbs);
  return {
    der,
    issuer: expectTag(issuer, tags.sequence).whole,
    subject: expectTag(subject, tags.sequence).whole,
    notBefore: timeOf(notBefore),
    notAfter: timeOf(notAfter),
    isCa: isCa(extensions.get(extensionIds.basicConstraints)),
    forClients:
      signsHandshakes(extensions.get(extensionIds.keyUsage)) &&
      allowsClients(extensions.get(extensionIds.extendedKeyUsage)),
  };
}
