import { randomUUID } from "node:crypto";
import type net from "node:net";
import { envoyError, htmlError, htmlPage, reasonOf, upstreamRefused, type Answer } from "./answers.ts";
import { answerPage, type PageAnswer, type PageRequest } from "./control-pages.ts";
import type { OddAnswer } from "./faults.ts";
import { certificateOf, dialUpstream, type FrontConnection, type FrontContext } from "./front-connection.ts";
import type { RouteSpec } from "./types.ts";

/** A CONNECT or CONNECT-UDP, whatever version of HTTP it came by. */
export interface TunnelRequest {
  /** `host:port` of the wanted route. */
  readonly authority: string;
  readonly kind: "tcp" | "udp";
  readonly authorization: string | undefined;
  readonly accept: string | undefined;
  readonly requestId: string;
}

/** What becomes of it. */
export type Decision =
  | { readonly kind: "answer"; readonly answer: Answer; readonly drain?: boolean }
  | { readonly kind: "tcp"; readonly upstream: net.Socket }
  | { readonly kind: "udp"; readonly target: { readonly host: string; readonly port: number } }
  /** Drop the connection without an answer that HTTP would know. */
  | { readonly kind: "junk" }
  /** The client went away while we waited. */
  | { readonly kind: "gone" };

const webServerPage: Answer = {
  status: 200,
  headers: { "content-type": "text/html" },
  body: htmlPage("Welcome to nginx!"),
};

/** What an odd answer says to a page or a CONNECT; null for junk, which is not an answer. */
export function oddAnswer(odd: OddAnswer, target: string | null): Answer | null {
  switch (odd.kind) {
    case "junk":
      return null;
    case "web-server":
      return target?.startsWith("/.well-known/") === true ? htmlError(404, "404 Not Found") : webServerPage;
    case "status":
      return {
        status: odd.status,
        headers: {
          "content-type": "text/html; charset=UTF-8",
          ...(odd.location === undefined ? {} : { location: odd.location }),
        },
        body: odd.body ?? htmlPage(`${odd.status} ${reasonOf(odd.status)}`),
      };
  }
}

/** Decides about a CONNECT: faults first, then policy, then the route, then the upstream itself. */
export async function decide(
  context: FrontContext,
  connection: FrontConnection,
  request: TunnelRequest,
  gone: AbortSignal,
): Promise<Decision> {
  const { core, panel } = context;
  const { faults } = panel;
  if (!(await panel.gate(gone))) return { kind: "gone" };
  const host = request.authority.replace(/:\d+$/, "");
  if (
    connection.session !== null &&
    faults.current.misdirectedHosts.includes(host) &&
    connection.tls?.servername !== host
  ) {
    return { kind: "answer", answer: { status: 421, headers: {}, body: "" } };
  }
  const odd = faults.current.answer;
  if (odd !== null) {
    const answer = oddAnswer(odd, null);
    return answer === null ? { kind: "junk" } : { kind: "answer", answer };
  }
  const refusal = core.authorize({
    authority: request.authority,
    authorization: request.authorization,
    accept: request.accept,
    requestId: request.requestId,
    certificate: certificateOf(connection),
    alpn: connection.session === null ? "http/1.1" : "h2",
  });
  if (refusal !== null) return { kind: "answer", answer: refusal };
  return await openRoute(context, connection, request, gone);
}

async function openRoute(
  context: FrontContext,
  connection: FrontConnection,
  request: TunnelRequest,
  gone: AbortSignal,
): Promise<Decision> {
  const route: RouteSpec | undefined = context.core.routes.get(request.authority.toLowerCase());
  if (route === undefined) {
    return { kind: "answer", answer: envoyError(404, "route_not_found", request.requestId) };
  }
  if ((route.type ?? "tcp") !== request.kind) {
    return { kind: "answer", answer: { status: 403, headers: {}, body: "" }, drain: true };
  }
  if (route.type === "udp") {
    // A UDP upstream cannot refuse before the first datagram: a route to nowhere swallows what is sent.
    return { kind: "udp", target: route.upstream ?? { host: "127.0.0.1", port: 9 } };
  }
  const upstream = await dialUpstream(context, connection, route.upstream, gone);
  if (gone.aborted) {
    upstream?.destroy();
    return { kind: "gone" };
  }
  if (upstream === null) return { kind: "answer", answer: envoyError(503, upstreamRefused, request.requestId) };
  return { kind: "tcp", upstream };
}

/** Answers one of Pomerium's pages, or what a fault puts in its place. */
export function decidePage(context: FrontContext, request: PageRequest): PageAnswer {
  const odd = context.panel.faults.current.answer;
  if (odd !== null && (odd.kind === "web-server" || (odd.kind === "status" && odd.pages === true))) {
    return oddAnswer(odd, request.target) ?? webServerPage;
  }
  const own = /^\/(?:\.pomerium\/|\.well-known\/pomerium)/.test(request.target);
  return own ? answerPage(context.core, request) : envoyError(404, "route_not_found", request.requestId);
}

/** The headers that Envoy puts on every answer. */
export function commonHeaders(requestId: string): Record<string, string> {
  return { date: new Date().toUTCString(), server: "envoy", "x-request-id": requestId };
}

/** A fresh request id. */
export const newRequestId = (): string => randomUUID();

/** `host:port` out of the path of a CONNECT-UDP request, or null. */
export function udpAuthority(path: string): string | null {
  const match = /^\/\.well-known\/masque\/udp\/([^/]+)\/(\d+)\/?$/.exec(path);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  const host = decodeURIComponent(match[1]);
  return `${host.includes(":") ? `[${host}]` : host}:${match[2]}`;
}
