import type { PeerCertificate } from "node:tls";
import { AppError, type AppErrorDetails, type ErrorCode } from "../../shared/errors.ts";
import type { ProxyAddress } from "../../shared/address.ts";
import { shown } from "../../shared/address.ts";

/** What is known about the connection on which an error came. */
export interface NetworkContext {
  readonly proxy: ProxyAddress;
  /** The client certificate was sent, so a refusal is about it. */
  readonly hasClientCertificate: boolean;
  /** The proxy's certificate, where the handshake got that far. */
  readonly peer?: PeerCertificate | undefined;
}

const untrusted = new Set([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_UNTRUSTED",
  "CERT_REJECTED",
  "CERT_SIGNATURE_FAILURE",
  "CERT_CHAIN_TOO_LONG",
  "INVALID_CA",
  "INVALID_PURPOSE",
]);

/** Alerts by which a server refuses a client certificate it was shown (RFC 8446 §6.2). */
const refusedCertificate =
  /ALERT_(BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(REVOKED|EXPIRED|UNKNOWN)|UNKNOWN_CA|DECRYPT_ERROR|ACCESS_DENIED)/;
/** Alerts by which a server says that it wants one and got none; TLS 1.2 has only the general one for it. */
const missingCertificate = /ALERT_CERTIFICATE_REQUIRED|ALERT_HANDSHAKE_FAILURE/;

/** A DN as Node gives it, reduced to the names people know a CA by. */
function nameOf(part: PeerCertificate["issuer"] | undefined): string {
  const cn: string | string[] | undefined = part?.CN ?? part?.O;
  return shown(Array.isArray(cn) ? cn.join(", ") : (cn ?? "an unnamed CA"));
}

/** The one table from what Node's sockets and TLS report to AppError. */
export function networkError(error: unknown, { proxy, hasClientCertificate, peer }: NetworkContext): AppError {
  if (error instanceof AppError) return error;
  const code = codeOf(error);
  const { host, port } = proxy;
  const make = (errorCode: ErrorCode, message: string, userAction: string, details: AppErrorDetails = {}): AppError =>
    new AppError(errorCode, message, { userAction, cause: error, ...details });

  if (code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "EAI_NODATA" || code === "EAI_NONAME") {
    return make(
      "host-not-found",
      `DNS knows no address for ${host}.`,
      "Check the spelling, connect to your VPN, or name your Pomerium with --pomerium-url.",
      {
        retryable: true,
      },
    );
  }
  if (code === "ECONNREFUSED") {
    return make("refused", `${host} refused the connection on port ${port}.`, "Check the Pomerium URL and its port.", {
      retryable: true,
    });
  }
  if (code === "ENETUNREACH" || code === "EHOSTUNREACH" || code === "ENETDOWN" || code === "EADDRNOTAVAIL") {
    return make(
      "network-unreachable",
      `There is no way to ${host} from this network.`,
      "Check the network, or connect to your VPN.",
      { retryable: true },
    );
  }
  if (code === "ETIMEDOUT") return noAnswer(proxy, null, error);
  if (untrusted.has(code)) {
    const issuer =
      peer && Object.keys(peer).length > 0
        ? ` Its certificate is signed by "${nameOf(peer.issuer)}", which is not in the system store.`
        : "";
    return make(
      "certificate-not-trusted",
      `This computer does not trust ${host}.${issuer}`,
      "Add your organisation's CA certificate (--alternate-ca-path), or ask your administrator for it.",
    );
  }
  if (code === "CERT_HAS_EXPIRED") {
    const when = peer?.valid_to ? ` on ${shown(peer.valid_to)}` : "";
    return make(
      "certificate-expired",
      `The certificate of ${host} ended${when}.`,
      "Only its administrator can renew it.",
    );
  }
  if (code === "CERT_NOT_YET_VALID") {
    const when = peer?.valid_from ? ` before ${shown(peer.valid_from)}` : " yet";
    return make(
      "certificate-not-yet-valid",
      `The certificate of ${host} is not valid${when}.`,
      "Check the clock of this computer.",
    );
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    const names = peer?.subjectaltname
      ? shown(peer.subjectaltname.replace(/DNS:|IP Address:/g, ""))
      : nameOf(peer?.subject);
    return make(
      "certificate-wrong-name",
      `${host} shows a certificate for ${names}.`,
      "You may be talking to another server: check the Pomerium URL.",
    );
  }
  if (missingCertificate.test(code) && !hasClientCertificate) {
    return make(
      "client-certificate-needed",
      `${host} asks for a client certificate and this connection has none.`,
      "Give one with --client-cert and --client-key.",
    );
  }
  if (hasClientCertificate && (refusedCertificate.test(code) || missingCertificate.test(code))) {
    return make(
      "client-certificate-refused",
      `${host} did not accept the client certificate.`,
      "Check that it is the right one and still valid, or ask your administrator.",
    );
  }
  if (
    code === "ERR_SSL_WRONG_VERSION_NUMBER" ||
    code === "ERR_SSL_PACKET_LENGTH_TOO_LONG" ||
    code === "ERR_SSL_HTTP_REQUEST"
  ) {
    return make("tls-failed", `${host} does not speak TLS on port ${port}.`, "Check the port of the Pomerium URL.");
  }
  if (code.startsWith("ERR_SSL_") || code.startsWith("ERR_TLS_") || code === "EPROTO") {
    return make(
      "tls-failed",
      `TLS with ${host} failed (${shown(code)}).`,
      "Ask the administrator of the proxy, or look for a proxy in between.",
    );
  }
  return make(
    "connection-lost",
    `The connection to ${host} was lost${code === "" ? "" : ` (${shown(code)})`}.`,
    "Try again; if it stays so, check the network.",
    { retryable: true },
  );
}

/** An AppError for a wait that has reached its limit. @param ms null where the system gave up by itself. */
export function noAnswer(proxy: ProxyAddress, ms: number | null, cause?: unknown, what = "answer"): AppError {
  const within = ms === null ? "" : ` within ${ms < 1000 ? `${ms} ms` : `${Math.round(ms / 1000)} s`}`;
  return new AppError("no-answer", `${proxy.host} did not ${what} on port ${proxy.port}${within}.`, {
    retryable: true,
    userAction: "Check the network, or connect to your VPN.",
    cause,
  });
}

/** The `code` of a Node error, "" where there is none. */
export function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}
