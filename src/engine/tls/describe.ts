import type { X509Certificate } from "node:crypto";
import type { CertificateFacts } from "../../shared/model/certificate.ts";
import { certificatesIn, isValidNow } from "./client-certificate.ts";
import { keyUsesOf } from "./key-usage.ts";

/** Certificates that are looked at; a chain has three. */
const mostCertificates = 20;

/** Subject alternative names that are shown; the rest is counted by nobody. */
const mostNames = 20;

/** A name as Node gives it, one attribute a line and the country first, as people write it: "CN=ada, O=Halden". */
export function fullNameOf(name: string | undefined): string {
  return (name ?? "")
    .split("\n")
    .filter((part) => part !== "")
    .reverse()
    .join(", ");
}

/** What people know it by: its common name, else its organisation, else all of it. */
export function nameOf(name: string | undefined): string {
  const parts = (name ?? "").split("\n");
  const value = (attribute: string): string | undefined =>
    parts.find((part) => part.startsWith(`${attribute}=`))?.slice(attribute.length + 1);
  return value("CN") ?? value("O") ?? fullNameOf(name);
}

/** What a person wants to know of a certificate. */
export function factsOf(certificate: X509Certificate): CertificateFacts {
  const names = (certificate.subjectAltName ?? "").split(", ").filter((name) => name !== "");
  return {
    name: nameOf(certificate.subject),
    subject: fullNameOf(certificate.subject),
    issuerName: nameOf(certificate.issuer),
    issuer: fullNameOf(certificate.issuer),
    serial: certificate.serialNumber,
    names: names.slice(0, mostNames),
    validFrom: Date.parse(certificate.validFrom),
    validTo: Date.parse(certificate.validTo),
    uses: [...keyUsesOf(certificate)],
    fingerprint: certificate.fingerprint256,
  };
}

/**
 * The facts of the certificate that a PEM text is about: the one that issued none of the others, and is valid if one of several
 * is, since that is the one that is used.
 * @throws AppError where no certificate can be read.
 */
export function describeCertificate(pem: string): CertificateFacts {
  const all = certificatesIn(pem, "client-certificate-invalid").slice(0, mostCertificates);
  const issuedOther = (one: X509Certificate): boolean => all.some((other) => other !== one && other.checkIssued(one));
  const leaves = all.filter((one) => !issuedOther(one));
  const leaf = leaves.find(isValidNow) ?? leaves[0] ?? all[0];
  if (leaf === undefined) throw new Error("a PEM text without certificates was read");
  return factsOf(leaf);
}
