import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { AppError } from "../../shared/errors.ts";
import { dayOf } from "../../shared/words/format.ts";
import { keyUsesOf, mayProveClient } from "./key-usage.ts";

/** PEM texts; the certificate may carry its chain, in any order. */
export interface ClientCertificate {
  readonly cert: string;
  readonly key: string;
  /** Of an encrypted key; one that is not needed does no harm. */
  readonly passphrase?: string;
}

/** Which of the three a person has to change. */
export type CertificatePart = "certificate" | "key" | "passphrase";

/** Why a client certificate cannot be used; never holds anything of a key or passphrase. */
export class ClientCertificateError extends AppError {
  readonly part: CertificatePart;

  constructor(part: CertificatePart, message: string, userAction: string, cause?: unknown) {
    super("client-certificate-invalid", message, { userAction, cause });
    this.part = part;
  }
}

const pemBlock = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Every certificate of a PEM text. @throws AppError with `code` when there is none or one cannot be read. */
export function certificatesIn(pem: string, code: "setting-invalid" | "client-certificate-invalid"): X509Certificate[] {
  const isCa = code === "setting-invalid";
  const what = isCa ? "CA certificate" : "client certificate";
  const refuse = (message: string, userAction: string, cause?: unknown): AppError =>
    isCa
      ? new AppError(code, message, { userAction, cause })
      : new ClientCertificateError("certificate", message, userAction, cause);
  const blocks = pem.match(pemBlock) ?? [];
  if (blocks.length === 0) {
    throw refuse(
      `The ${what} is not a certificate in PEM form.`,
      "Give a file that contains -----BEGIN CERTIFICATE-----.",
    );
  }
  return blocks.map((block) => {
    try {
      return new X509Certificate(block);
    } catch (cause) {
      throw refuse(
        `The ${what} is damaged: it looks like PEM but cannot be read.`,
        "Export it again, or ask its issuer for it.",
        cause,
      );
    }
  });
}

/** A client certificate that has passed every check that needs no network. */
export interface CheckedClientCertificate {
  readonly leaf: X509Certificate;
  /** PEM: the certificate itself, then its issuers, which is the order that TLS asks for. */
  readonly chain: string;
}

/**
 * Checks that the key opens and fits, that the certificate is valid now, and that it is one for clients.
 * @throws ClientCertificateError.
 */
export function checkClientCertificate(client: ClientCertificate): CheckedClientCertificate {
  const certificates = certificatesIn(client.cert, "client-certificate-invalid");
  const key = readKey(client.key, client.passphrase);
  const leaf = certificates.find((certificate) => certificate.checkPrivateKey(key));
  if (!leaf) {
    throw new ClientCertificateError(
      "key",
      "This key does not belong to this certificate.",
      "Give the key that the certificate was requested with.",
    );
  }
  checkUse(leaf);
  const chain = inOrder(leaf, certificates).map((certificate) => certificate.toString());
  return { leaf, chain: chain.join("") };
}

function checkUse(leaf: X509Certificate): void {
  const [from, to] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  if (to < Date.now()) {
    throw new ClientCertificateError(
      "certificate",
      `This certificate ended on ${dayOf(to)}.`,
      "Ask its issuer for a new one.",
    );
  }
  if (from > Date.now()) {
    throw new ClientCertificateError(
      "certificate",
      `This certificate is not valid before ${dayOf(from)}.`,
      "Check the clock of this computer.",
    );
  }
  if (!mayProveClient(leaf)) {
    const uses = keyUsesOf(leaf)
      .filter((use) => use !== "client authentication")
      .join(", ");
    throw new ClientCertificateError(
      "certificate",
      `This certificate is not for client authentication${uses === "" ? "" : `, but for ${uses}`}.`,
      "Ask its issuer for one that is.",
    );
  }
}

/** The certificate, its issuer, that one's issuer, and so on; what does not belong to that comes last. */
function inOrder(leaf: X509Certificate, all: readonly X509Certificate[]): X509Certificate[] {
  const rest = all.filter((one) => one.fingerprint256 !== leaf.fingerprint256);
  const chain = [leaf];
  for (let last: X509Certificate | undefined = leaf; last;) {
    const below: X509Certificate = last;
    const at = rest.findIndex((one) => below.checkIssued(one));
    [last] = at < 0 ? [] : rest.splice(at, 1);
    if (last) chain.push(last);
  }
  return [...chain, ...rest];
}

const isEncrypted = (pem: string): boolean =>
  /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: *4, *ENCRYPTED/m.test(pem);

function readKey(pem: string, passphrase: string | undefined): KeyObject {
  const opening = passphrase === undefined || passphrase === "" ? {} : { passphrase };
  try {
    return createPrivateKey({ key: pem, format: "pem", ...opening });
  } catch {
    // The cause is dropped on purpose: OpenSSL errors are no help to a person, and nothing of a key belongs in a log.
    if (!isEncrypted(pem)) {
      throw new ClientCertificateError(
        "key",
        "The private key cannot be read: it is not a key in PEM form.",
        "Give a file that contains -----BEGIN PRIVATE KEY-----.",
      );
    }
    throw passphrase === undefined || passphrase === ""
      ? new ClientCertificateError(
          "passphrase",
          "The private key is encrypted: it needs its passphrase.",
          "Give the passphrase, or a key without one.",
        )
      : new ClientCertificateError(
          "passphrase",
          "The passphrase does not open this private key.",
          "Give the passphrase that the key was encrypted with.",
        );
  }
}
