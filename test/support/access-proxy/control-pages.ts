import { createHash, randomUUID } from "node:crypto";
import { htmlError, htmlPage, json, policyError, redirect, type Answer } from "./answers.ts";
import { authorityOf, wantsJson, type ControlCore } from "./control-core.ts";
import { isAllowedRedirect, signInForm, traceparent, withJwt } from "./sign-in.ts";
import type { RouteSpec } from "./types.ts";

/** A request for one of Pomerium's own pages. */
export interface PageRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** The Host header (or `:authority`) exactly as the client wrote it. */
  readonly host: string;
  readonly authorization: string | undefined;
  readonly accept: string | undefined;
  readonly cookie: string | undefined;
  readonly requestId: string;
  /** True when it came in on the plain loopback sign-in server. */
  readonly loopback?: boolean;
}

/** An answer, or "hang": the front then keeps the request open without ever answering. */
export type PageAnswer = Answer | "hang";

const cookieName = "_pomerium";

function cookieJwt(cookie: string | undefined): string | null {
  const match = new RegExp(`(?:^|;\\s*)${cookieName}=([^;]+)`).exec(cookie ?? "");
  return match?.[1] ?? null;
}

function login(core: ControlCore, request: PageRequest, query: URLSearchParams): PageAnswer {
  core.countLogin();
  switch (core.settings.loginApi) {
    case "hang":
      return "hang";
    case "error":
      return htmlError(500, "Internal Server Error");
    case "junk":
      return { status: 200, headers: { "content-type": "text/plain; charset=utf-8" }, body: "\u0000not a url at all" };
    case "ok":
      break;
  }
  const target = query.get("pomerium_redirect_uri") ?? "";
  if (!isAllowedRedirect(target)) {
    return withVary(htmlError(400, "invalid redirect uri"));
  }
  const inner = new URLSearchParams({ pomerium_redirect_uri: target });
  const url = core.signer.sign(`${core.authenticateOrigin()}/.pomerium/sign_in`, {
    pomerium_callback_uri: `${core.scheme}://${request.host}/.pomerium/callback/?${inner.toString()}`,
    pomerium_idp_id: createHash("sha256").update(core.domain).digest("base64url"),
    pomerium_programmatic: "true",
    pomerium_redirect_uri: target,
    pomerium_traceparent: traceparent(),
  });
  return {
    status: 200,
    headers: { "content-type": "text/plain; charset=utf-8", vary: "Accept-Encoding" },
    body: url,
  };
}

function withVary(answer: Answer): Answer {
  return { ...answer, headers: { ...answer.headers, vary: "Accept-Encoding" } };
}

/** What a browser makes of `https://name:443`: the usual port goes away. */
function asBrowserWrites(origin: string): string {
  return new URL(origin).host;
}

function approve(core: ControlCore, request: PageRequest, query: URLSearchParams): Answer {
  const callback = query.get("pomerium_callback_uri");
  const target = query.get("pomerium_redirect_uri");
  if (callback === null || target === null) return htmlError(400, "not a programmatic login");
  const known = core.sessionOfJwt(cookieJwt(request.cookie));
  const { jwt } =
    known === null
      ? core.newSession(core.settings.user, [new URL(target).host, new URL(callback).host])
      : { jwt: cookieJwt(request.cookie) ?? "" };
  const code = randomUUID();
  core.codes.set(code, jwt);
  const signed = core.signer.sign(callback, { pomerium_programmatic: "true", pomerium_session_encrypted: code });
  const secure = request.loopback === true ? "" : "; Secure";
  return redirect(throughLoopback(core, request, signed), {
    "set-cookie": `${cookieName}=${jwt}; Path=/; HttpOnly${secure}`,
  });
}

/**
 * With the sign-in page on plain http the browser would still meet the proxy's certificate at the callback page; so
 * the callback is served on loopback too, judged as if the browser had gone to the host that was signed.
 */
function throughLoopback(core: ControlCore, request: PageRequest, signed: string): string {
  if (request.loopback !== true) return signed;
  const url = new URL(signed);
  const usual = core.scheme === "https" ? 443 : 80;
  if (Number(url.port || usual) !== core.place.frontPort) return signed;
  const extra = new URLSearchParams({ stand_in_host: asBrowserWrites(signed) });
  return `${core.place.controlOrigin ?? ""}/.stand-in/${extra.toString()}${signed.slice(signed.indexOf("/.pomerium/callback/"))}`;
}

function signIn(core: ControlCore, request: PageRequest, path: string, query: URLSearchParams): PageAnswer {
  const scheme = request.loopback === true ? "http" : core.scheme;
  const page = "/.pomerium/sign_in";
  const wrong = core.signer.check(`${scheme}://${request.host}`, page + request.target.slice(path.length));
  if (wrong !== null) return htmlError(400, wrong);
  if (path === `${page}/approve`) return approve(core, request, query);
  if (path === `${page}/deny`) return htmlError(403, "The identity provider said: access denied");
  core.countVisit();
  switch (core.settings.signIn) {
    case "hang":
      return "hang";
    case "deny":
      return htmlError(403, "The identity provider said: access denied");
    case "approve":
      return approve(core, request, query);
    case "form": {
      const rest = request.target.slice(path.length);
      const body = signInForm(`${page}/approve${rest}`, `${page}/deny${rest}`);
      return { status: 200, headers: { "content-type": "text/html; charset=UTF-8" }, body };
    }
  }
}

function callback(core: ControlCore, request: PageRequest, query: URLSearchParams): Answer {
  const wrong = core.signer.check(`${core.scheme}://${request.host}`, request.target);
  if (wrong !== null) return htmlError(400, wrong);
  const code = query.get("pomerium_session_encrypted") ?? "";
  const jwt = core.codes.get(code);
  const target = query.get("pomerium_redirect_uri");
  if (jwt === undefined || target === null) return htmlError(400, "unknown session");
  core.codes.delete(code);
  return redirect(withJwt(target, jwt));
}

/** The portal shows only what the user may open. */
function visibleRoutes(core: ControlCore): RouteSpec[] {
  return [...core.routes.values()].filter(({ policy }) => policy !== "deny");
}

function portalEntry(route: RouteSpec): Record<string, string> {
  const type = route.type ?? "tcp";
  const authority = authorityOf(route);
  return {
    id: createHash("sha256").update(authority).digest("hex").slice(0, 16),
    name: route.name ?? route.host.split(".")[0] ?? route.host,
    type,
    from: `${type}+https://${authority}`,
    description: "",
    connect_command: `pomerium-cli ${type} ${authority}`,
    logo_url: "",
  };
}

function userPage(core: ControlCore, request: PageRequest): Answer {
  const session = core.sessionOf(request.authorization) ?? core.sessionOfJwt(cookieJwt(request.cookie));
  if (session === null) return signedOut(core, request);
  const data = {
    page: "UserInfo",
    session: {
      id: session.id,
      userId: session.user.sub,
      audience: session.audience,
      issuedAt: new Date(session.issuedAt).toISOString(),
      ...(core.settings.tellsEnd ? { expiresAt: new Date(session.expiresAt).toISOString() } : {}),
    },
    user: { id: session.user.sub, name: session.user.name, email: session.user.email },
  };
  const script = `<div id="root"></div><script>window.POMERIUM_DATA = ${JSON.stringify(data)};</script>`;
  return { status: 200, headers: { "content-type": "text/html; charset=UTF-8" }, body: htmlPage("User info", script) };
}

function signedOut(core: ControlCore, request: PageRequest): Answer {
  if (wantsJson(request.accept)) return policyError(401, "Unauthenticated", request.requestId);
  return redirect(
    core.signer.sign(`${core.authenticateOrigin()}/.pomerium/sign_in`, {
      pomerium_redirect_uri: `${core.scheme}://${request.host}${request.target}`,
    }),
    { "x-pomerium-intercepted-response": "true" },
  );
}

function signOut(core: ControlCore, request: PageRequest): Answer {
  const session = core.sessionOf(request.authorization) ?? core.sessionOfJwt(cookieJwt(request.cookie));
  if (session !== null) core.endSession(session);
  const clear = `${cookieName}=; Path=/; Expires=${new Date(0).toUTCString()}; Max-Age=0; HttpOnly; Secure`;
  const headers = { "set-cookie": clear, "x-pomerium-intercepted-response": "true", vary: "Accept-Encoding" };
  const authenticate = core.authenticateOrigin();
  if (new URL(authenticate).host === request.host) {
    const body = htmlPage("You are signed out");
    return { status: 200, headers: { ...headers, "content-type": "text/html; charset=UTF-8" }, body };
  }
  const location = core.signer.sign(`${authenticate}/.pomerium/sign_out`, { pomerium_traceparent: traceparent() });
  return redirect(location, { ...headers, "content-type": "text/html; charset=utf-8" });
}

function wellKnown(core: ControlCore, request: PageRequest): Answer {
  const own = `${core.scheme}://${request.host}`;
  const answer = json(200, {
    issuer: `${own}/`,
    authentication_callback_endpoint: `${core.authenticateOrigin()}/oauth2/callback`,
    jwks_uri: `${own}/.well-known/pomerium/jwks.json`,
    frontchannel_logout_uri: `${own}/.pomerium/sign_out`,
  });
  return {
    ...answer,
    headers: { ...answer.headers, vary: "Accept-Encoding,Origin", "x-content-type-options": "nosniff" },
  };
}

/** Answers one of Pomerium's own pages; anything else is 404. */
export function answerPage(core: ControlCore, given: PageRequest): PageAnswer {
  const request = unwrapLoopback(given);
  const mark = request.target.indexOf("?");
  const path = mark < 0 ? request.target : request.target.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? "" : request.target.slice(mark + 1));
  if (path.startsWith("/.pomerium/sign_in")) return signIn(core, request, path, query);
  switch (path) {
    case "/.pomerium/api/v1/login":
      return login(core, request, query);
    case "/.pomerium/callback/":
      return callback(core, request, query);
    case "/.pomerium/sign_out":
      return signOut(core, request);
    case "/.well-known/pomerium":
      return wellKnown(core, request);
    case "/.pomerium/":
      return userPage(core, request);
    case "/.pomerium/user": {
      const session = core.sessionOf(request.authorization);
      if (session === null) return policyError(401, "Unauthenticated", request.requestId);
      const { sub, email, name } = session.user;
      return json(200, { email, groups: [], name, sid: session.id, sub, user: sub });
    }
    case "/.pomerium/api/v1/routes":
      if (!core.settings.routesPortal) return htmlError(404, "Not Found");
      if (core.sessionOf(request.authorization) === null) return signedOut(core, request);
      return json(200, { routes: visibleRoutes(core).map(portalEntry) });
    default:
      return htmlError(404, "Not Found");
  }
}

/** Undoes `throughLoopback`: the callback page sees the host that a browser would have sent. */
function unwrapLoopback(request: PageRequest): PageRequest {
  if (request.loopback !== true) return request;
  const match = /^\/\.stand-in\/([^/]*)(\/\.pomerium\/callback\/.*)$/.exec(request.target);
  const host = new URLSearchParams(match?.[1] ?? "").get("stand_in_host");
  return host === null ? request : { ...request, host, target: match?.[2] ?? "/" };
}
