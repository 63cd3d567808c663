import type { FaultSwitch } from "./faults.ts";
import type { Counters } from "./counters.ts";
import type { Pki, ServerCertificate } from "./pki.ts";

/** What the policy says about a route. */
export type Policy = "allow" | "public" | "deny" | "device" | "client-certificate";

/** One TCP or UDP route of the stand-in. */
export interface RouteSpec {
  readonly host: string;
  readonly port: number;
  /** Where the route leads; null stands for an upstream that refuses connections. */
  readonly upstream: { readonly host: string; readonly port: number } | null;
  readonly policy?: Policy;
  readonly type?: "tcp" | "udp";
  readonly name?: string;
}

/** What happens on the sign-in page; `form` is a page with buttons for a person (or a driven browser). */
export type SignInScript = "approve" | "deny" | "hang" | "form";

/** How the login API answers; everything but `ok` is a fault. */
export type LoginApi = "ok" | "error" | "junk" | "hang";

/** Who signs in. */
export interface User {
  readonly sub: string;
  readonly email: string;
  readonly name: string;
}

export interface AccessProxyOptions {
  readonly front?: "node" | "envoy";
  readonly routes: readonly RouteSpec[];
  /** Default `corp.test`. */
  readonly domain?: string;
  /** Further domains (and all names below them) that the certificate is good for. */
  readonly otherDomains?: readonly string[];
  readonly alpn?: readonly ("h2" | "http/1.1")[];
  /** No TLS: plain HTTP/1.1. */
  readonly plain?: boolean;
  readonly clientCertificates?: "off" | "policy" | "reject-connection";
  /** PEM of the CAs whose client certificates it accepts, in the place of its own. */
  readonly clientCas?: string;
  /** The only version of TLS that it speaks. */
  readonly tlsVersion?: "TLSv1.2" | "TLSv1.3";
  readonly signIn?: SignInScript;
  readonly certificate?: ServerCertificate;
  /** Serves the sign-in page on plain http on loopback, so that a browser needs no CA. */
  readonly authenticateOverHttp?: boolean;
  /** Default 14 hours. */
  readonly sessionLifetimeMs?: number;
  /** Default true; false leaves out of the user page when a session ends, so that only the server knows it. */
  readonly tellsSessionEnd?: boolean;
  /** Default 5 minutes. */
  readonly signInUrlLifetimeMs?: number;
  /** Default true; false answers 404 to `/.pomerium/api/v1/routes`. */
  readonly routesPortal?: boolean;
}

/** One CONNECT (or CONNECT-UDP) that was put before the policy. */
export interface ConnectRecord {
  readonly authority: string;
  readonly alpn?: string;
  readonly hadJwt: boolean;
  readonly at: number;
}

/** The part of a Pomerium behind its front: login, sessions, policy. Works the same behind both fronts. */
export interface ControlPlane {
  /** Calls of the login API so far. */
  loginRequests(): number;
  /** Times a browser opened the sign-in page. */
  browserVisits(): number;
  /** Signs a user in without a browser; the default is Alice. */
  issueJwt(user?: User): string;
  revoke(jwt: string): void;
  revokeAll(): void;
  /** Changes a route's policy, found by `host:port`. */
  setPolicy(authority: string, policy: Policy): void;
  /** Adds or replaces a route. Behind Envoy only its policy and its portal entry take effect. */
  setRoute(route: RouteSpec): void;
  setSignIn(script: SignInScript): void;
  setLoginApi(mode: LoginApi): void;
  setRoutesPortal(on: boolean): void;
  /** The user the sign-in page signs in. */
  setUser(user: User): void;
  /** Every CONNECT that the policy judged, oldest first. */
  connects(): readonly ConnectRecord[];
  /** Live sessions. */
  sessions(): number;
}

export interface AccessProxy {
  readonly front: "node" | "envoy";
  readonly port: number;
  /** `https://localhost:PORT`, or `http://…` when plain. */
  readonly origin: string;
  readonly domain: string;
  readonly caPem: string;
  readonly caFile: string;
  readonly pki: Pki;
  readonly control: ControlPlane;
  /** Node front only: throws on Envoy. */
  readonly faults: FaultSwitch;
  /** Node front only: throws on Envoy. */
  readonly counters: Counters;
  close(): Promise<void>;
}
