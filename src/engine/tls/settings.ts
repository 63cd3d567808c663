import { parseNameFilter } from "../certstore/filters.ts";
import { certificatesIn, checkClientCertificate, type ClientCertificate } from "./client-certificate.ts";

/** Where a client certificate comes from that may be renewed while it is in use. */
export interface ClientCertificateSource {
  /** Equal ids are the same source. Holds no secret. */
  readonly id: string;
  /**
   * The certificate, where it has changed since it was last read; null where it has not. Asked before every connection, so it
   * must be quick. @throws AppError where it cannot be read.
   */
  changed(): Promise<ClientCertificate | null>;
  /**
   * What was read last is good from then on, so `changed` gives it again, though nothing changes any more.
   * @param from milliseconds since 1970.
   */
  readAgain(from: number): void;
}

/** Which client certificate to take from the system's store; both are `attribute=value` (certstore/filters.ts). */
export interface ClientCertificateSearch {
  readonly issuer?: string;
  readonly subject?: string;
}

/** How a connection does TLS with its proxy, as the user set it. */
export interface TlsSettings {
  /** False accepts any certificate: for a short test only. */
  readonly verify: boolean;
  /** PEM texts whose certificates are trusted besides the system's. */
  readonly ca: readonly string[];
  readonly clientCertificate?: ClientCertificate;
  /** Where `clientCertificate` was read. */
  readonly clientCertificateSource?: ClientCertificateSource;
  /** Instead of `clientCertificate`: one is chosen for each proxy, by the CAs that it accepts. */
  readonly clientCertificateSearch?: ClientCertificateSearch;
}

/**
 * Checks everything about TLS settings that can be known without the network.
 * @throws AppError `setting-invalid` for a CA or filter, `client-certificate-invalid` for a certificate or key.
 */
export function checkTlsSettings(settings: TlsSettings): void {
  for (const pem of settings.ca) certificatesIn(pem, "setting-invalid");
  if (settings.clientCertificate) checkClientCertificate(settings.clientCertificate);
  const { issuer, subject } = settings.clientCertificateSearch ?? {};
  for (const filter of [issuer, subject]) if (filter !== undefined) parseNameFilter(filter);
}
