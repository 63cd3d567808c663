import type { AppError } from "../../shared/errors.ts";
import type { StoreLock } from "../../shared/model/certificate.ts";
import type { RemoteKey } from "../tls/remote-key/remote-key.ts";

/** A private key: PKCS#8 PEM for use in this process and nowhere else, or one that may not leave its store. */
export type StoredKey =
  { readonly kind: "here"; readonly pem: string } | { readonly kind: "stays"; readonly remote: RemoteKey };

/** A certificate of a store. */
export interface StoredCertificate {
  readonly der: Buffer;
  readonly hasKey: boolean;
  /** Its key waits for a password or PIN that is not known, or was wrong. */
  readonly isLocked?: boolean;
  /** Its private key. @throws AppError where the store does not let it be used, or has none. */
  readonly key: () => Promise<StoredKey>;
}

/** Where a platform keeps client certificates. One file for each platform implements it. */
export interface CertificateStore {
  /** What messages call it, for example `~/.pki/nssdb`. */
  readonly name: string;
  /** Why it cannot be searched on this computer at all; null where it can. */
  readonly unavailable: AppError | null;
  /** Changes when what the store holds may have changed. Asked before every connection, so it must be quick. */
  version(): Promise<string>;
  /** What was learned of it may be wrong, since a proxy or the store itself refused: the next one who asks waits for a new look. */
  lookAgain?(): void;
  /**
   * Whether its private keys open with the password that is known; left out where a store has none of its own.
   * "none": there is no store yet. @throws AppError `storage-failed`.
   */
  lock?(): Promise<StoreLock>;
  /** Every certificate, those of CAs included. @throws AppError `client-certificate-needed`, `storage-failed`. */
  certificates(): Promise<StoredCertificate[]>;
  /** Ends what is under way at once; whoever waits for that, or asks later, is told `closed`. Idempotent. */
  close?(): void;
  /** What of it could not be looked at last time, one sentence; null or left out where nothing was left out. */
  readonly leftOut?: string | null;
}
