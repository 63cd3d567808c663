import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { shown } from "../../shared/address.ts";
import { AppError } from "../../shared/errors.ts";
import { pemBlocks } from "../../shared/pem.ts";
import { dayOf } from "../../shared/words/format.ts";
import { nameOf } from "./certificate-names.ts";
import { keyProtectionOf } from "./key-protection.ts";
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

interface Details {
  readonly cause?: unknown;
  readonly beside?: string;
  readonly validFrom?: number;
}

/** Why a client certificate cannot be used; never holds anything of a key or passphrase. */
export class ClientCertificateError extends AppError {
  readonly part: CertificatePart;
  /** The sentence for a place where the certificate itself is shown: it does not say again which one that is. */
  readonly beside: string;
  /** Milliseconds since 1970, where all that is wrong is that it is not valid before then. */
  readonly validFrom: number | null;

  constructor(part: CertificatePart, message: string, userAction: string, details: Details = {}) {
    super("client-certificate-invalid", message, { userAction, cause: details.cause });
    this.part = part;
    this.beside = details.beside ?? message;
    this.validFrom = details.validFrom ?? null;
  }
}

/**
 * Every certificate of a PEM text.
 * @throws AppError with `code` when there is none, or one cannot be read or is cut short: then another may be missing behind it.
 */
export function certificatesIn(pem: string, code: "setting-invalid" | "client-certificate-invalid"): X509Certificate[] {
  const isCa = code === "setting-invalid";
  const what = isCa ? "CA certificate" : "client certificate";
  const refuse = (message: string, userAction: string, cause?: unknown): AppError =>
    isCa
      ? new AppError(code, message, { userAction, cause })
      : new ClientCertificateError("certificate", message, userAction, { cause });
  const damaged = (cause?: unknown): AppError =>
    refuse(
      `The ${what} is damaged: it looks like PEM but cannot be read.`,
      "Export it again, or ask its issuer for it.",
      cause,
    );
  const blocks = pemBlocks(pem).filter(({ kind }) => kind === "CERTIFICATE");
  if (!blocks.some(({ isWhole }) => isWhole)) {
    throw refuse(
      `The ${what} is not a certificate in PEM form.`,
      "Give a file that contains -----BEGIN CERTIFICATE-----.",
    );
  }
  return blocks.map(({ text, isWhole }) => {
    if (!isWhole) throw damaged();
    let certificate: X509Certificate;
    try {
      certificate = new X509Certificate(text);
    } catch (cause) {
      throw damaged(cause);
    }
    // OpenSSL reads a certificate whose dates are none, and TLS would send it.
    if (!isCa && [certificate.validFrom, certificate.validTo].some((date) => Number.isNaN(Date.parse(date))))
      throw damaged();
    return certificate;
  });
}

/** True between its two dates. */
export function isValidNow({ validFrom, validTo }: X509Certificate): boolean {
  const now = Date.now();
  return Date.parse(validFrom) <= now && now <= Date.parse(validTo);
}

/** Certificates that a leaf is looked for among; a chain has three. */
const mostCertificates = 20;

/** The certificate that a chain is about: the one that issued none of the others, and is valid if one of several is. */
export function leafOf(certificates: readonly X509Certificate[]): X509Certificate | undefined {
  const all = certificates.slice(0, mostCertificates);
  const issuedOther = (one: X509Certificate): boolean => all.some((other) => other !== one && other.checkIssued(one));
  const leaves = all.filter((one) => !issuedOther(one));
  return leaves.find(isValidNow) ?? leaves[0] ?? all[0];
}

/** `"ada", signed by "Corp CA"`, bounded and printable. */
function titleOf({ subject, issuer }: X509Certificate): string {
  const [name, signer] = [subject, issuer].map((one) => `"${shown(nameOf(one)) || "without a name"}"`);
  return `${name}, signed by ${signer}`;
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
  const fitting = certificates.filter((certificate) => certificate.checkPrivateKey(key));
  // A renewed certificate with the same key may stand beside the one from before.
  const leaf = fitting.find(isValidNow) ?? fitting[0];
  if (!leaf) {
    const given = leafOf(certificates);
    const beside = "This key does not belong to this certificate.";
    throw new ClientCertificateError(
      "key",
      given ? `This key does not belong to the certificate of ${titleOf(given)}.` : beside,
      hasSeveralKeys(client.key)
        ? "Put the key that the certificate was requested with first: of several, only that one counts."
        : "Give the key that the certificate was requested with.",
      { beside },
    );
  }
  checkUse(leaf);
  const chain = inOrder(leaf, certificates).map((certificate) => certificate.toString());
  return { leaf, chain: chain.join("") };
}

const hasSeveralKeys = (pem: string): boolean =>
  pemBlocks(pem).filter(({ kind }) => kind.endsWith("PRIVATE KEY")).length > 1;

function checkUse(leaf: X509Certificate): void {
  const [from, to] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  const refuse = (flaw: string, userAction: string, validFrom?: number): ClientCertificateError =>
    new ClientCertificateError("certificate", `The certificate of ${titleOf(leaf)}, ${flaw}.`, userAction, {
      beside: `This certificate ${flaw}.`,
      ...(validFrom === undefined ? {} : { validFrom }),
    });
  if (to < Date.now()) throw refuse(`ended on ${dayOf(to)}`, "Ask its issuer for a new one.");
  if (from > Date.now()) throw refuse(`is not valid before ${dayOf(from)}`, "Check the clock of this computer.", from);
  if (!mayProveClient(leaf)) {
    const uses = keyUsesOf(leaf)
      .filter((use) => use !== "client authentication")
      .join(", ");
    throw refuse(
      `is not for client authentication${uses === "" ? "" : `, but for ${uses}`}`,
      "Ask its issuer for one that is.",
    );
  }
}

/** The certificate, its issuer, that one's issuer, and so on, each once; what does not belong to that comes last. */
function inOrder(leaf: X509Certificate, all: readonly X509Certificate[]): X509Certificate[] {
  const rest = [...new Map(all.map((one) => [one.fingerprint256, one])).values()].filter(
    (one) => one.fingerprint256 !== leaf.fingerprint256,
  );
  const chain = [leaf];
  for (let last: X509Certificate | undefined = leaf; last;) {
    const below: X509Certificate = last;
    const at = rest.findIndex((one) => below.checkIssued(one));
    [last] = at < 0 ? [] : rest.splice(at, 1);
    if (last) chain.push(last);
  }
  return [...chain, ...rest];
}

function readKey(pem: string, passphrase: string | undefined): KeyObject {
  const protection = keyProtectionOf(pem);
  if (protection === "too-slow") {
    throw new ClientCertificateError(
      "key",
      "The private key is encrypted with more rounds than Culvert makes.",
      "Encrypt it anew: openssl pkcs8 -topk8 -in FILE -out NEW.pem",
    );
  }
  if (protection === "damaged") {
    throw new ClientCertificateError(
      "key",
      "The private key is damaged: it looks like PEM but cannot be read.",
      "Give the whole file, or ask its issuer for it.",
    );
  }
  const hasPassphrase = passphrase !== undefined && passphrase !== "";
  try {
    return createPrivateKey({ key: pem, format: "pem", ...(hasPassphrase ? { passphrase } : {}) });
  } catch {
    // The cause is dropped on purpose: OpenSSL errors are no help to a person, and nothing of a key belongs in a log.
    if (protection === "none") {
      throw new ClientCertificateError(
        "key",
        "The private key cannot be read: it is not a key in PEM form.",
        "Give a file that contains -----BEGIN PRIVATE KEY-----.",
      );
    }
    if (!hasPassphrase) {
      throw new ClientCertificateError(
        "passphrase",
        "The private key is encrypted: it needs its passphrase.",
        "Give the passphrase, or a key without one.",
      );
    }
    if (protection === "old") {
      throw new ClientCertificateError(
        "key",
        "This private key is encrypted in an old way that Culvert does not know.",
        "Encrypt it anew: openssl pkcs8 -topk8 -in FILE -out NEW.pem -provider legacy -provider default",
      );
    }
    throw new ClientCertificateError(
      "passphrase",
      "The passphrase does not open this private key.",
      "Give the passphrase that the key was encrypted with.",
    );
  }
}
