import type { DetailedPeerCertificate, PeerCertificate } from "node:tls";
import { AppError, type ErrorCode } from "../../shared/errors.ts";
import type { ProxyAddress } from "../../shared/address.ts";
import { shown } from "../../shared/address.ts";
import { count, dayOf, shortClock } from "../../shared/words/format.ts";
import type { CertificateName } from "../tls/given-cas.ts";

/** What is known about the TLS connection on which an error came. */
export interface TlsContext {
  readonly proxy: ProxyAddress;
  /** A client certificate was there to be sent, so a refusal is about it. */
  readonly hasClientCertificate: boolean;
  /** The proxy's certificate, with its chain where it is known; left out where the handshake did not get that far. */
  readonly peer?: PeerCertificate | DetailedPeerCertificate | undefined;
  /** The client certificate of this connection, where it is known. */
  readonly own?: OwnCertificate | undefined;
  /** The CAs that are trusted besides the system's, as they are named; only asked for where they did not help. */
  readonly givenCas?: (() => readonly CertificateName[]) | undefined;
}

/** What is told of a client certificate. */
export type OwnCertificate = Pick<PeerCertificate, "subject" | "issuer" | "valid_to">;

/** Certificates from a proxy's own to its root; real chains have up to five. */
const longestChain = 10;

/** Given CAs that a sentence names; the others it counts. */
const mostNamed = 3;

/** Why a chain is not trusted, where it is not that its root is unknown. Codes of OpenSSL's verification, as Node names them. */
const flaws: Readonly<Record<string, string>> = {
  CERT_SIGNATURE_FAILURE: "has a signature that is not that of its issuer",
  UNABLE_TO_DECRYPT_CERT_SIGNATURE: "has a signature that cannot be read",
  UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: "was signed with a key that cannot be read",
  CERT_CHAIN_TOO_LONG: "stands at the end of a chain that is too long",
  PATH_LENGTH_EXCEEDED: "stands at the end of a chain that is longer than its CA allows",
  INVALID_CA: "was signed with a certificate that is not one of a CA",
  INVALID_PURPOSE: "is not for servers",
  CERT_REJECTED: "is refused by the system",
  ERROR_IN_CERT_NOT_BEFORE_FIELD: "has a date that cannot be read",
  ERROR_IN_CERT_NOT_AFTER_FIELD: "has a date that cannot be read",
  // What has no name of its own in Node: above all keys that are too short and digests that are too old.
  UNSPECIFIED: "breaks a rule of TLS, for example with a key that is too short",
};

const unknownRoot = new Set([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_UNTRUSTED",
]);

/** Alerts by which a server refuses a client certificate that it was shown (RFC 8446 §6.2), and what they say of it. */
const refusals: readonly (readonly [RegExp, string])[] = [
  [/ALERT_CERTIFICATE_REVOKED/, "it says that it was revoked"],
  [/ALERT_CERTIFICATE_EXPIRED/, "it says that it has ended, or is not valid yet"],
  [/ALERT_UNKNOWN_CA/, "it does not trust the CA that signed it"],
  [/ALERT_UNSUPPORTED_CERTIFICATE/, "it does not take certificates of this kind"],
  [/ALERT_DECRYPT_ERROR/, "the proof that its key is here did not hold"],
  [/ALERT_ACCESS_DENIED/, "it knows it, and does not let it in"],
  [/ALERT_(BAD_CERTIFICATE|CERTIFICATE_UNKNOWN)/, ""],
];
/**
 * Alerts by which a server says that it wants a client certificate and got none. TLS 1.2 has only the general one for it,
 * which also means that there is no common cipher; Go's servers say that the certificate, which was not there, is bad.
 */
const missingCertificate = /ALERT_(CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE)/;

/** The next step where a client certificate is missing. */
export const giveCertificate = "Give one with --client-cert, or have it searched for with --client-cert-from-store.";
/** The next step where one was not accepted. */
export const checkCertificate = "Check that it is the right one and still valid, or ask your administrator.";

const tooOld = /^ERR_SSL_(UNSUPPORTED_PROTOCOL|TLSV1_ALERT_PROTOCOL_VERSION|VERSION_TOO_LOW)/;

/** What is not TLS at all, such as plain HTTP, is read as a record of an impossible version or length. */
const notTls = /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|RECORD_LAYER_FAILURE)$/;

/** A DN as Node gives it, reduced to the names people know a CA by. */
function nameOf(part: PeerCertificate["issuer"] | undefined): string {
  const cn: string | string[] | undefined = part?.CN ?? part?.O;
  return shown(Array.isArray(cn) ? cn.join(", ") : (cn ?? "an unnamed CA"));
}

const quoted = (part: PeerCertificate["issuer"] | undefined): string => `"${nameOf(part)}"`;

const sameName = (a: PeerCertificate["issuer"], b: PeerCertificate["issuer"]): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

/** The certificates that are known, the proxy's own first. Node links a root to itself. */
function chainOf(peer: TlsContext["peer"]): PeerCertificate[] {
  const chain: PeerCertificate[] = [];
  let next: PeerCertificate | DetailedPeerCertificate | undefined = peer;
  while (next && Object.keys(next).length > 0 && !chain.includes(next) && chain.length < longestChain) {
    chain.push(next);
    next = "issuerCertificate" in next ? next.issuerCertificate : undefined;
  }
  return chain;
}

/** A date of a certificate; with the time of day where the day alone would not show which of the two is later. */
function moment(text: string, now: number): string {
  const at = Date.parse(text);
  if (Number.isNaN(at)) return shown(text);
  return dayOf(at) === dayOf(now) ? `${dayOf(at)} at ${shortClock(at)}` : dayOf(at);
}

/** `the CA that was given ("A")`, or `one of the 5 CAs that were given ("A", "B", "C" and 2 others)`. */
function givenText(given: readonly CertificateName[]): string {
  const [only] = given;
  if (given.length === 1) return `the CA that was given (${quoted(only)})`;
  const named = given.slice(0, mostNamed).map(quoted).join(", ");
  const rest = given.length > mostNamed ? ` and ${count(given.length - mostNamed, "other")}` : "";
  return `one of the ${given.length} CAs that were given (${named}${rest})`;
}

const isNamesake = (given: readonly CertificateName[], top: PeerCertificate): boolean =>
  given.some((one) => sameName(one, top.issuer));

function untrustedText(
  code: string,
  host: string,
  chain: readonly PeerCertificate[],
  given: readonly CertificateName[],
): string {
  const [leaf] = chain;
  const top = chain.at(-1);
  const first = `This computer does not trust ${host}.`;
  const flaw = flaws[code];
  if (flaw !== undefined)
    return `${first} Its certificate${leaf ? `, signed by ${quoted(leaf.issuer)},` : ""} ${flaw}.`;
  if (!leaf || !top) return first;
  if (code === "DEPTH_ZERO_SELF_SIGNED_CERT") {
    const notGiven = given.length === 0 ? "" : `, so not by ${givenText(given)}`;
    return `${first} Its certificate, of ${quoted(leaf.subject)}, is signed by itself and by no CA${notGiven}.`;
  }
  const between = sameName(leaf.issuer, top.issuer) ? "" : `${quoted(leaf.issuer)}, and that by `;
  const signed = `${first} Its certificate is signed by ${between}${quoted(top.issuer)}`;
  if (given.length === 0) return `${signed}, which is not in the system store.`;
  if (isNamesake(given, top))
    return `${signed}, which is not in the system store; the CA of that name that was given is another one.`;
  return `${signed}, which is neither in the system store nor ${givenText(given)}.`;
}

const renewedCa =
  "Its CA may have been renewed under the same name: add its new certificate (--alternate-ca-path), or ask your administrator for it.";

/** The next step where a chain is not trusted: a CA mends the one, and nothing here the other. */
function trustAction(code: string, chain: readonly PeerCertificate[], given: readonly CertificateName[]): string {
  if (code === "CERT_SIGNATURE_FAILURE") return renewedCa;
  if (flaws[code] !== undefined)
    return "No CA that you add mends that: ask the administrator of the proxy for another certificate.";
  const top = chain.at(-1);
  if (given.length === 0 || !top)
    return "Add your organisation's CA certificate (--alternate-ca-path), or ask your administrator for it.";
  if (code === "DEPTH_ZERO_SELF_SIGNED_CERT")
    return "Ask your administrator which certificate to trust, and give that one (--alternate-ca-path).";
  if (isNamesake(given, top)) return renewedCa;
  return `Give the certificate of ${quoted(top.issuer)} (--alternate-ca-path), or ask your administrator for it.`;
}

/** Which certificate of the chain is at fault, since when, who signed it, and what the clock of this computer says. */
function datesText(
  host: string,
  chain: readonly PeerCertificate[],
  isWrong: (one: PeerCertificate, now: number) => boolean,
  date: (one: PeerCertificate) => string,
  verb: string,
): string {
  const now = Date.now();
  const at = Math.max(
    0,
    chain.findIndex((one) => isWrong(one, now)),
  );
  const one = chain[at];
  const clock = `the clock of this computer says ${dayOf(now)}, ${shortClock(now)}`;
  if (one?.valid_to === undefined) return `The certificate of ${host} ${verb} now, as ${clock}.`;
  const when = moment(date(one), now);
  const signer = sameName(one.issuer, one.subject) ? "" : `It is signed by ${quoted(one.issuer)}, and `;
  const rest = signer === "" ? `${clock.charAt(0).toUpperCase()}${clock.slice(1)}.` : `${signer}${clock}.`;
  return at === 0
    ? `The certificate of ${host} ${verb} ${when}. ${rest}`
    : `The certificate of the CA ${quoted(one.subject)}, on which that of ${host} rests, ${verb} ${when}. ${rest}`;
}

/** `"ada", signed by "Corp CA", valid to 1 May 2030`; null where it is not known. */
export function ownName(own: OwnCertificate | undefined): string | null {
  if (!own?.subject) return null;
  const ends = Date.parse(own.valid_to);
  const validity = Number.isNaN(ends) ? "" : `, valid to ${dayOf(ends)}`;
  return `${quoted(own.subject)}, signed by ${quoted(own.issuer)}${validity}`;
}

/** A client certificate in words: whose it is, who signed it, when it ends. Left out is what is not known. */
export function ownText(own: OwnCertificate | undefined): string {
  const name = ownName(own);
  return `the client certificate${name === null ? "" : ` ${name}`}`;
}

function verification(code: string, context: TlsContext, make: Make): AppError | null {
  const { host } = context.proxy;
  const chain = chainOf(context.peer);
  const [leaf] = chain;
  if (unknownRoot.has(code) || flaws[code] !== undefined) {
    const given = context.givenCas?.() ?? [];
    return make("certificate-not-trusted", untrustedText(code, host, chain, given), trustAction(code, chain, given));
  }
  if (code === "CERT_HAS_EXPIRED") {
    return make(
      "certificate-expired",
      datesText(
        host,
        chain,
        (one, now) => Date.parse(one.valid_to) < now,
        (one) => one.valid_to,
        leaf ? "ended on" : "has ended",
      ),
      "Only its administrator can renew it; but check the clock of this computer first.",
    );
  }
  if (code === "CERT_NOT_YET_VALID") {
    return make(
      "certificate-not-yet-valid",
      datesText(
        host,
        chain,
        (one, now) => Date.parse(one.valid_from) > now,
        (one) => one.valid_from,
        leaf ? "is not valid before" : "is not valid yet",
      ),
      "Check the clock of this computer.",
    );
  }
  if (code === "CERT_REVOKED") {
    return make(
      "certificate-revoked",
      `The certificate of ${host} was revoked${leaf ? ` by ${quoted(leaf.issuer)}` : ""}.`,
      "Do not go on: only its administrator can replace it.",
    );
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    const names = leaf?.subjectaltname
      ? shown(leaf.subjectaltname.replace(/DNS:|IP Address:/g, ""))
      : nameOf(leaf?.subject);
    const signer = leaf ? ` It is signed by ${quoted(leaf.issuer)}.` : "";
    return make(
      "certificate-wrong-name",
      `${host} shows a certificate for ${names}.${signer}`,
      "You may be talking to another server: check the Pomerium URL.",
    );
  }
  return null;
}

type Make = (code: ErrorCode, message: string, userAction: string) => AppError;

/** What is told of an error of TLS, by the code that Node gives it; null for one that is not of TLS. */
export function tlsError(code: string, context: TlsContext, cause: unknown): AppError | null {
  const { host, port } = context.proxy;
  const make: Make = (errorCode, message, userAction) => new AppError(errorCode, message, { userAction, cause });
  const judged = verification(code, context, make);
  if (judged) return judged;
  const refusal = refusals.find(([alert]) => alert.test(code));
  if (context.hasClientCertificate && (refusal || missingCertificate.test(code))) {
    const why = refusal?.[1] ?? "";
    return make(
      "client-certificate-refused",
      `${host} did not accept ${ownText(context.own)}${why === "" ? "" : `: ${why}`}.`,
      checkCertificate,
    );
  }
  if (missingCertificate.test(code)) {
    return make(
      "client-certificate-needed",
      `${host} asks for a client certificate and this connection has none.`,
      giveCertificate,
    );
  }
  if (tooOld.test(code)) {
    return make(
      "tls-failed",
      `${host} does not speak TLS 1.2 or later, and older versions are not safe.`,
      "Ask its administrator to turn on TLS 1.2 or 1.3, or look for a proxy in between.",
    );
  }
  if (notTls.test(code)) {
    return make(
      "tls-failed",
      `${host} does not speak TLS on port ${port}.`,
      "Check the port of the Pomerium URL; in a guest network, sign in to that first.",
    );
  }
  if (code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_") || code === "EPROTO") {
    return make(
      "tls-failed",
      `TLS with ${host} failed (${shown(code)}).`,
      "Ask the administrator of the proxy, or look for a proxy in between.",
    );
  }
  return null;
}
