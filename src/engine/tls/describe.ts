import type { X509Certificate } from "node:crypto";
import type { CertificateFacts } from "../../shared/model/certificate.ts";
import { fullNameOf, nameOf } from "./certificate-names.ts";
import { certificatesIn, leafOf } from "./client-certificate.ts";
import { keyUsesOf } from "./key-usage.ts";

/** Subject alternative names that are shown; the rest is counted by nobody. */
const mostNames = 20;

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
 * The facts of the certificate that a PEM text is about (`leafOf`), since that is the one that is used.
 * @throws AppError where no certificate can be read.
 */
export function describeCertificate(pem: string): CertificateFacts {
  const leaf = leafOf(certificatesIn(pem, "client-certificate-invalid"));
  if (leaf === undefined) throw new Error("a PEM text without certificates was read");
  return factsOf(leaf);
}
