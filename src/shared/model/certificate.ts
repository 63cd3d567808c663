/** What is shown of a certificate. Nothing of it is secret. */
export interface CertificateFacts {
  /** What people know it by, usually its common name. */
  readonly name: string;
  /** "CN=ada, O=Halden, C=DE" */
  readonly subject: string;
  readonly issuerName: string;
  readonly issuer: string;
  /** Hexadecimal. */
  readonly serial: string;
  /** Subject alternative names with their kind: "DNS:ada.example.com". Bounded. */
  readonly names: readonly string[];
  /** Milliseconds since 1970. */
  readonly validFrom: number;
  readonly validTo: number;
  /** "client authentication"; empty where the issuer set no bounds. */
  readonly uses: readonly string[];
  /** SHA-256, "AA:BB:…". */
  readonly fingerprint: string;
}

export type StoreLock = "none" | "open" | "password-missing" | "password-wrong";

/** What a search for a certificate would have to choose from on this computer. */
export interface StoreLook {
  /** What people call it, for example `~/.pki/nssdb`. */
  readonly store: string;
  /** "none": there is no store yet. A locked one is searched, but its keys cannot be used. */
  readonly lock: StoreLock;
  /** Certificates that could be used now and fit the filters. */
  readonly fitting: number;
  /** Certificates that could be used now. */
  readonly usable: number;
}
