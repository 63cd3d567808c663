import { authorityOf, hostHeaderOf, originOf, shown, type Target } from "../../shared/address.ts";
import { AppError } from "../../shared/errors.ts";
import { checkCertificate, giveCertificate, ownText, type OwnCertificate } from "./tls-errors.ts";

/** What a proxy answered to CONNECT, other than 2xx. */
export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** At most `limits.refusalBodyBytes` of it: a hint, never shown raw. */
  readonly body: string;
  /** The client certificate of the connection on which it came; left out where there is none. */
  readonly own?: OwnCertificate | undefined;
}

/** What the sentence about an answer may name. */
export interface AnswerContext {
  readonly target: Target;
  /** Who is signed in, where the proxy's user endpoint told. */
  readonly user?: string | undefined;
}

/** 401 and redirects mean "no valid session" (protocol.md, What the proxy answers). */
export function wantsSignIn(answer: Answer): boolean {
  return answer.status === 401 || [301, 302, 303, 307, 308].includes(answer.status);
}

const uuidLike = /^[0-9A-Za-z._:-]{1,80}$/;

/** The proxy's id of the request: the header, or one of the two JSON shapes of the body. Only in a harmless shape. */
export function requestIdOf(answer: Answer): string | undefined {
  const json = jsonOf(answer.body);
  const found = [answer.headers["x-request-id"], json["request_id"], json["requestId"]].find(
    (id): id is string => typeof id === "string" && uuidLike.test(id),
  );
  return found;
}

function jsonOf(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Envoy's reasons for 503 in plain words; the detail stands in braces: `…{remote_connection_failure|…}`. */
const upstreamReasons: readonly (readonly [RegExp, string])[] = [
  [/connection_refused/i, "it refused the connection"],
  [/connection_reset|remote_reset/i, "it reset the connection"],
  [/timed?_?out|connection_timeout|upstream_response_timeout/i, "it did not answer in time"],
  [/no_route_to_host|network_is_unreachable|host_is_unreachable/i, "there is no network route to it"],
  [/dns|resolution/i, "its name has no address there"],
  [/no_healthy_upstream|no_cluster|cluster_not_found/i, "no healthy server is behind the route"],
  [/tls|ssl|certificate/i, "TLS with it failed"],
  [/overflow/i, "it has too many connections"],
];

function upstreamReason(answer: Answer): string | null {
  const text = jsonOf(answer.body)["statusText"];
  const detail = typeof text === "string" ? text : "";
  // Longest first would be wrong: the braces hold "failure kind|its cause", and the cause says more than the kind.
  return upstreamReasons.find(([pattern]) => pattern.test(detail))?.[1] ?? null;
}

/** True for answers in a shape that Pomerium or its Envoy gives, so that a 404 of some web server is told apart. */
function looksLikePomerium(answer: Answer): boolean {
  const json = jsonOf(answer.body);
  const shape = typeof json["error"] === "string" || typeof json["statusText"] === "string";
  return (
    shape || answer.headers["server"] === "envoy" || answer.headers["x-pomerium-intercepted-response"] !== undefined
  );
}

/**
 * The one table from an answer's status to the error the user sees (protocol.md, What the proxy answers).
 * 401 and redirects become `sign-in-needed`; whoever can sign in handles them before.
 */
export function errorFromAnswer(answer: Answer, { target, user }: AnswerContext): AppError {
  const { status } = answer;
  const host = target.proxy.host;
  const destination = authorityOf(target.destination);
  const requestId = requestIdOf(answer);
  const details = { status, ...(requestId === undefined ? {} : { requestId }) };
  if (wantsSignIn(answer)) {
    return new AppError("sign-in-needed", `${host} wants you to sign in.`, {
      ...details,
      userAction: `Run culvert login ${originOf(target.proxy)}.`,
    });
  }
  switch (status) {
    case 403:
      return new AppError(
        "access-denied",
        `You may not use ${destination}. ${host} knows you${user ? ` as ${shown(user)}` : ""} and its policy says no.`,
        { ...details, userAction: "Ask the owner of the route." },
      );
    case 404:
      if (!looksLikePomerium(answer)) break;
      return new AppError("no-such-route", `${host} has no route for ${destination}.`, {
        ...details,
        userAction: "Check the name, and that the port is the port in the route's address.",
      });
    case 421:
      return new AppError("wrong-proxy", `${host} does not serve ${destination}.`, {
        ...details,
        userAction: "Check the Pomerium URL: this route belongs to another one.",
      });
    case 450:
      return new AppError(
        "device-not-enrolled",
        `${host} does not know this device, and ${destination} needs an enrolled one.`,
        {
          ...details,
          userAction: `Enrol it at ${target.proxy.tls ? "https" : "http"}://${hostHeaderOf(target.proxy)}/.pomerium/.`,
        },
      );
    case 495:
      return answer.own
        ? new AppError(
            "client-certificate-refused",
            `${host} did not accept ${ownText(answer.own)}, for ${destination}.`,
            { ...details, userAction: checkCertificate },
          )
        : new AppError("client-certificate-needed", `${host} wants a valid client certificate for ${destination}.`, {
            ...details,
            userAction: giveCertificate,
          });
    case 429:
      return new AppError("rate-limited", `${host} has had too many requests (429).`, {
        ...details,
        retryable: true,
        userAction: "Wait a little and try again.",
      });
    case 503: {
      if (!looksLikePomerium(answer)) return temporary(host, details);
      const reason = upstreamReason(answer);
      return new AppError(
        "upstream-unavailable",
        `Pomerium could not reach ${destination}${reason === null ? "" : `: ${reason}`}.`,
        {
          ...details,
          retryable: true,
          userAction: "The service may be down: ask its owner, and try again.",
        },
      );
    }
    default:
      if (status >= 500 && status < 600) return temporary(host, details);
  }
  if (looksLikePomerium(answer)) {
    return new AppError("unexpected-answer", `${host} answered ${status}.`, {
      ...details,
      userAction: "Ask the administrator of the proxy.",
    });
  }
  return new AppError("not-pomerium", `${host} answered ${status}, but not as Pomerium does.`, {
    ...details,
    userAction: "Check the Pomerium URL.",
  });
}

function temporary(host: string, details: { status: number; requestId?: string }): AppError {
  return new AppError("proxy-error", `${host} answered ${details.status}.`, {
    ...details,
    retryable: true,
    userAction: "Try again; if it stays so, ask the administrator of the proxy.",
  });
}

/**
 * True for a 2xx to CONNECT that opens no tunnel: a web server that answers everything with a page. Such an answer must
 * not reach the client as if its destination had said it (RFC 9110 §9.3.6 gives a tunnel no content).
 */
export function isPage(headers: Readonly<Record<string, string>>): boolean {
  return (headers["content-type"] ?? "").toLowerCase().startsWith("text/html");
}

/** The error for bytes that are no HTTP at all. @param why what was wrong with them, without quoting them. */
export function notHttp(target: Target, why: string): AppError {
  return new AppError("not-pomerium", `${target.proxy.host} answered, but not as Pomerium does: ${why}.`, {
    userAction: "Check the Pomerium URL.",
  });
}
