import { AppError, type AppErrorDetails, type ErrorCode } from "../../shared/errors.ts";
import type { ProxyAddress } from "../../shared/address.ts";
import { shown } from "../../shared/address.ts";
import { tlsError, type OwnCertificate, type TlsContext } from "./tls-errors.ts";

/** What is known about the connection on which an error came. */
export type NetworkContext = TlsContext;

/** The one table from what Node's sockets and TLS (tls-errors.ts) report to AppError. */
export function networkError(error: unknown, context: NetworkContext): AppError {
  if (error instanceof AppError) return error;
  const code = codeOf(error);
  const { proxy } = context;
  const { host, port } = proxy;
  const make = (errorCode: ErrorCode, message: string, userAction: string, details: AppErrorDetails = {}): AppError =>
    new AppError(errorCode, message, { userAction, cause: error, ...details });

  if (code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "EAI_NODATA" || code === "EAI_NONAME") {
    return make(
      "host-not-found",
      `DNS knows no address for ${host}.`,
      "Check the spelling, or connect to your VPN; a tunnel takes the URL of its Pomerium from --pomerium-url.",
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
  const ofTls = tlsError(code, context, error);
  if (ofTls) return ofTls;
  return make(
    "connection-lost",
    `The connection to ${host} was lost${code === "" ? "" : ` (${shown(code)})`}.`,
    "Try again; if it stays so, check the network.",
    { retryable: true, cause: context.own ? new LostWith(context.own, error) : error },
  );
}

/** The cause of a lost connection that had a client certificate to show: which one. */
export class LostWith extends Error {
  readonly own: OwnCertificate;
  constructor(own: OwnCertificate, cause: unknown) {
    super("the connection was lost", { cause });
    this.own = own;
  }
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
