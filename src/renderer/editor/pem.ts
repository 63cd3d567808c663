const block = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

export interface PemParts {
  /** All certificates, one below the other; "" for none. */
  readonly certificates: string;
  /** The first private key; "" for none. */
  readonly key: string;
}

/** Takes a PEM file apart, which often holds the certificate and its key. What is neither is left out. */
export function pemParts(text: string): PemParts {
  const blocks = [...text.matchAll(block)].map(([whole, kind = ""]) => ({ whole, kind }));
  return {
    certificates: blocks
      .filter(({ kind }) => /^(X509 |TRUSTED )?CERTIFICATE$/.test(kind))
      .map(({ whole }) => `${whole}\n`)
      .join(""),
    key: blocks.find(({ kind }) => kind.endsWith("PRIVATE KEY"))?.whole ?? "",
  };
}

/** True for a private key that wants a passphrase. */
export const isEncryptedKey = (pem: string): boolean =>
  /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: *4, *ENCRYPTED/m.test(pem);
