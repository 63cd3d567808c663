import { randomBytes, randomUUID } from "node:crypto";
import { htmlError, policyError, redirect, type Answer } from "./answers.ts";
import { jwtFromAuthorization, sessionIdOf, signJwt } from "./jwt.ts";
import { createUrlSigner, traceparent, type UrlSigner } from "./sign-in.ts";
import type {
  AccessProxyOptions,
  ConnectRecord,
  ControlPlane,
  LoginApi,
  Policy,
  RouteSpec,
  SignInScript,
  User,
} from "./types.ts";

/** A session at the stand-in. */
export interface Session {
  readonly id: string;
  readonly user: User;
  readonly audience: readonly string[];
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** How a client certificate fared in the handshake. */
export type CertificateState = "none" | "valid" | "invalid";

/** What a front tells the policy about a CONNECT. */
export interface AuthorizeRequest {
  readonly authority: string;
  readonly authorization: string | undefined;
  readonly accept: string | undefined;
  readonly requestId: string;
  readonly certificate: CertificateState;
  readonly alpn: string | undefined;
}

/** The state behind the pages and the policy; the fronts use it directly or through the control server. */
export interface ControlCore {
  readonly plane: ControlPlane;
  readonly signer: UrlSigner;
  readonly domain: string;
  readonly scheme: "http" | "https";
  readonly settings: { signIn: SignInScript; loginApi: LoginApi; routesPortal: boolean; user: User; tellsEnd: boolean };
  readonly routes: Map<string, RouteSpec>;
  /** Set by whoever starts the fronts, once the ports are known. */
  readonly place: { frontPort: number; controlOrigin: string | null };
  /** Where the browser signs in. */
  authenticateOrigin(): string;
  countLogin(): void;
  countVisit(): void;
  newSession(user: User, audience: readonly string[]): { session: Session; jwt: string };
  sessionOfJwt(jwt: string | null): Session | null;
  sessionOf(authorization: string | undefined): Session | null;
  endSession(session: Session): void;
  /** Null lets the request through. A destination without a route is let through: the front says 404 then. */
  authorize(request: AuthorizeRequest): Answer | null;
  /** Sign-in codes that the callback page exchanges for a JWT, once. */
  readonly codes: Map<string, string>;
}

/** The user everything signs in as unless told otherwise. */
export const alice: User = { sub: "alice", email: "alice@corp.test", name: "Alice" };

const fourteenHours = 14 * 3600_000;

/** `host:port` of a route, with an IPv6 literal in brackets. */
export function authorityOf(route: Pick<RouteSpec, "host" | "port">): string {
  return `${route.host.includes(":") ? `[${route.host}]` : route.host}:${route.port}`;
}

/** Whether errors go out as JSON. */
export function wantsJson(accept: string | undefined): boolean {
  return accept?.includes("application/json") ?? false;
}

/** Makes the state of one stand-in. */
export function createControlCore(options: AccessProxyOptions): ControlCore {
  const secret = randomBytes(32).toString("hex");
  const idp = randomBytes(16).toString("base64url");
  const domain = options.domain ?? "corp.test";
  const scheme = options.plain === true ? "http" : "https";
  const sessions = new Map<string, Session>();
  const routes = new Map<string, RouteSpec>(options.routes.map((route) => [authorityOf(route).toLowerCase(), route]));
  const connects: ConnectRecord[] = [];
  const signer = createUrlSigner(secret, options.signInUrlLifetimeMs ?? 5 * 60_000);
  const settings = {
    signIn: options.signIn ?? "approve",
    loginApi: "ok" as LoginApi,
    routesPortal: options.routesPortal ?? true,
    user: alice,
    tellsEnd: options.tellsSessionEnd ?? true,
  };
  const place: ControlCore["place"] = { frontPort: 0, controlOrigin: null };
  let loginRequests = 0;
  let browserVisits = 0;

  const frontOrigin = (host: string): string => {
    const usual = scheme === "https" ? 443 : 80;
    return `${scheme}://${host}${place.frontPort === usual ? "" : `:${place.frontPort}`}`;
  };
  const authenticateOrigin = (): string =>
    options.authenticateOverHttp === true && place.controlOrigin !== null
      ? place.controlOrigin
      : frontOrigin(`authenticate.${domain}`);

  const newSession: ControlCore["newSession"] = (user, audience) => {
    const now = Date.now();
    const session: Session = {
      id: randomUUID(),
      user,
      audience: [`authenticate.${domain}`, ...audience],
      issuedAt: now,
      expiresAt: now + (options.sessionLifetimeMs ?? fourteenHours),
    };
    sessions.set(session.id, session);
    const jwt = signJwt(
      {
        aud: session.audience,
        databroker_record_version: 4,
        databroker_server_version: 17179571499697617000,
        iat: Math.floor(now / 1000),
        idp_id: idp,
        iss: `authenticate.${domain}`,
        jti: session.id,
        sub: user.sub,
      },
      secret,
    );
    return { session, jwt };
  };

  const sessionOfJwt = (jwt: string | null): Session | null => {
    const id = jwt === null ? null : sessionIdOf(jwt, secret);
    const session = id === null ? undefined : sessions.get(id);
    return session !== undefined && session.expiresAt > Date.now() ? session : null;
  };
  const sessionOf = (authorization: string | undefined): Session | null =>
    sessionOfJwt(jwtFromAuthorization(authorization));

  const unauthenticated = (request: AuthorizeRequest): Answer => {
    if (wantsJson(request.accept)) return policyError(401, "Unauthenticated", request.requestId);
    const location = signer.sign(`${frontOrigin(`authenticate.${domain}`)}/.pomerium/sign_in`, {
      pomerium_idp_id: idp,
      pomerium_redirect_uri: `https://${request.authority}`,
      pomerium_traceparent: traceparent(),
    });
    return redirect(location, { "x-pomerium-intercepted-response": "true" });
  };
  const refuse = (request: AuthorizeRequest, status: number, error: string): Answer =>
    wantsJson(request.accept) ? policyError(status, error, request.requestId) : htmlError(status, error);

  const authorize: ControlCore["authorize"] = (request) => {
    connects.push({
      authority: request.authority,
      ...(request.alpn === undefined ? {} : { alpn: request.alpn }),
      hadJwt: jwtFromAuthorization(request.authorization) !== null,
      at: Date.now(),
    });
    const route = routes.get(request.authority.toLowerCase());
    if (route === undefined) return null;
    const policy = route.policy ?? "allow";
    const needsCertificate = options.clientCertificates === "policy" || policy === "client-certificate";
    if (needsCertificate && request.certificate !== "valid") {
      return refuse(request, 495, "a valid client certificate is required to access this page");
    }
    if (policy === "public") return null;
    if (sessionOf(request.authorization) === null) return unauthenticated(request);
    if (policy === "deny") return refuse(request, 403, "Forbidden");
    if (policy === "device") return refuse(request, 450, "Device Not Authorized");
    return null;
  };

  const plane: ControlPlane = {
    loginRequests: () => loginRequests,
    browserVisits: () => browserVisits,
    issueJwt: (user = settings.user) => newSession(user, []).jwt,
    revoke(jwt) {
      const id = sessionIdOf(jwt, secret);
      if (id !== null) sessions.delete(id);
    },
    revokeAll: () => {
      sessions.clear();
    },
    setPolicy(authority: string, policy: Policy) {
      const route = routes.get(authority.toLowerCase());
      if (route === undefined) throw new Error(`The stand-in has no route ${authority}`);
      routes.set(authority.toLowerCase(), { ...route, policy });
    },
    setRoute(route) {
      routes.set(authorityOf(route).toLowerCase(), route);
    },
    setSignIn(script) {
      settings.signIn = script;
    },
    setLoginApi(mode) {
      settings.loginApi = mode;
    },
    setRoutesPortal(on) {
      settings.routesPortal = on;
    },
    setUser(user) {
      settings.user = user;
    },
    connects: () => connects,
    sessions: () => sessions.size,
  };

  return {
    plane,
    signer,
    domain,
    scheme,
    settings,
    routes,
    place,
    authenticateOrigin,
    countLogin: () => {
      loginRequests += 1;
    },
    countVisit: () => {
      browserVisits += 1;
    },
    newSession,
    sessionOfJwt,
    sessionOf,
    endSession: (session) => {
      sessions.delete(session.id);
    },
    authorize,
    codes: new Map(),
  };
}
