import type { AppError } from "../../shared/errors.ts";
import type { StoreLock } from "../../shared/model/certificate.ts";

/** A certificate of a store. */
export interface StoredCertificate {
  readonly der: Buffer;
  readonly hasKey: boolean;
  /**
   * Its private key as PKCS#8 PEM, for use in this process and nowhere else.
   * @throws AppError where the store does not give it, or has none.
   */
  readonly privateKey: () => Promise<string>;
}

/** Where a platform keeps client certificates. One file for each platform implements it. */
export interface CertificateStore {
  /** What messages call it, for example `~/.pki/nssdb`. */
  readonly name: string;
  /** Why it cannot be searched on this computer at all; null where it can. */
  readonly unavailable: AppError | null;
  /** Changes when what the store holds may have changed. Asked before every connection, so it must be quick. */
  version(): Promise<string>;
  /**
   * Whether its private keys open with the password that is known; left out where a store has none of its own.
   * "none": there is no store yet. @throws AppError `storage-failed`.
   */
  lock?(): Promise<StoreLock>;
  /** Every certificate, those of CAs included. @throws AppError `client-certificate-needed`, `storage-failed`. */
  certificates(): Promise<StoredCertificate[]>;
}
