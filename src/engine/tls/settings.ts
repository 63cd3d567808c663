import { createPrivateKey, X509Certificate } from "node:crypto";
import { AppError } from "../../shared/errors.ts";

/** How a connection does TLS with its proxy, as the user set it. */
export interface TlsSettings {
  /** False accepts any certificate: for a short test only. */
  readonly verify: boolean;
  /** PEM texts whose certificates are trusted besides the system's. */
  readonly ca: readonly string[];
  /** PEM texts; the certificate may carry its chain. */
  readonly clientCertificate?: { readonly cert: string; readonly key: string; readonly passphrase?: string };
}

const pemBlock = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Every certificate of a PEM text. @throws AppError with `code` when there is none or one cannot be read. */
export function certificatesIn(pem: string, code: "setting-invalid" | "client-certificate-invalid"): X509Certificate[] {
  const what = code === "setting-invalid" ? "CA certificate" : "client certificate";
  const blocks = pem.match(pemBlock) ?? [];
  if (blocks.length === 0) {
    throw new AppError(code, `The ${what} is not a certificate in PEM form.`, {
      userAction: "Give a file that contains -----BEGIN CERTIFICATE-----.",
    });
  }
  return blocks.map((block) => {
    try {
      return new X509Certificate(block);
    } catch (cause) {
      throw new AppError(code, `The ${what} is damaged: it looks like PEM but cannot be read.`, {
        userAction: "Export it again, or ask its issuer for it.",
        cause,
      });
    }
  });
}

/**
 * Checks everything about TLS settings that can be known without the network.
 * @throws AppError `setting-invalid` for a CA, `client-certificate-invalid` for a certificate or key.
 */
export function checkTlsSettings(settings: TlsSettings): void {
  for (const pem of settings.ca) certificatesIn(pem, "setting-invalid");
  const client = settings.clientCertificate;
  if (!client) return;
  const leaf = certificatesIn(client.cert, "client-certificate-invalid")[0];
  const key = readKey(client.key, client.passphrase);
  if (leaf && !leaf.checkPrivateKey(key)) {
    throw new AppError("client-certificate-invalid", "This key does not belong to this client certificate.", {
      userAction: "Give the key that the certificate was requested with.",
    });
  }
  if (leaf && new Date(leaf.validTo).getTime() < Date.now()) {
    throw new AppError("client-certificate-invalid", `This client certificate ended on ${leaf.validTo}.`, {
      userAction: "Ask its issuer for a new one.",
    });
  }
}

function readKey(pem: string, passphrase: string | undefined): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey({ key: pem, format: "pem", ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    // The cause is dropped on purpose: OpenSSL errors are no help to a person, and nothing of a key belongs in a log.
    const encrypted = /ENCRYPTED/.test(pem);
    throw new AppError(
      "client-certificate-invalid",
      encrypted
        ? "The private key is encrypted and the passphrase does not open it."
        : "The private key cannot be read: it is not an unencrypted key in PEM form.",
      {
        userAction: encrypted
          ? "Give its passphrase, or a key without one."
          : "Give a file that contains -----BEGIN PRIVATE KEY-----.",
      },
    );
  }
}
