import type { PeerCertificate } from "node:tls";
import { certificatesIn } from "./client-certificate.ts";

/** A distinguished name in the form that Node gives those of a peer in. */
export type CertificateName = PeerCertificate["subject"];

/**
 * The names of the certificates in PEM texts that `checkTlsSettings` has taken, each once. As many as the texts hold,
 * which may be hundreds: whoever shows them picks.
 */
export function namesIn(pems: readonly string[]): readonly CertificateName[] {
  const names = new Map<string, CertificateName>();
  for (const pem of pems)
    for (const certificate of certificatesIn(pem, "setting-invalid"))
      names.set(certificate.subject, certificate.toLegacyObject().subject);
  return [...names.values()];
}
