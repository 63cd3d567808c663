import type { LookupFunction } from "node:net";
import type { ProxyAddress } from "../shared/address.ts";
import type { EventSink } from "../shared/events.ts";
import type { Limits } from "../shared/limits.ts";
import type { PolicyRules } from "../shared/model/policy.ts";
import type { CertificateStore } from "./certstore/store.ts";

/** A sign-in at a Pomerium. The JWT is opaque: it usually holds no expiry and no name (protocol.md, Login). */
export interface Session {
  /** Origin of the proxy that issued it. */
  readonly proxy: string;
  readonly jwt: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Origin of the authentication endpoint that the proxy named in its well-known document; null when it named none. */
  readonly pomerium: string | null;
  /** False when it came over a connection whose certificate was not verified; such a session is never shared. */
  readonly verified: boolean;
  /** For display only, as the proxy's user endpoint told. */
  readonly user?: { readonly email?: string; readonly name?: string };
  /** For display and warnings only; milliseconds since 1970. */
  readonly expiresAt?: number;
}

/**
 * Where sessions are kept. Several processes may use one store at once, so nothing may be assumed
 * to stay as it was read. Implementations throw AppError `storage-failed`.
 */
export interface SessionStore {
  /** Every readable session, newest first. What cannot be read is left where it is and left out. */
  list(): Promise<Session[]>;
  /** Keeps the session and forgets older ones of the same proxy. */
  put(session: Session): Promise<void>;
  /** Forgets exactly this session (same proxy, same JWT), never a newer one. */
  remove(session: Session): Promise<void>;
  /**
   * Runs `work` while no other process runs `exclusive` with the same name. Waits for its turn;
   * a turn whose process died is taken over. Rejects with AppError `cancelled` when aborted while waiting.
   */
  exclusive<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

/** One sign-in that waits for a person. */
export interface SignInPage {
  /** Origin of the proxy. */
  readonly proxy: string;
  /** The page to open; a secret of the user, never to be logged. Good for 5 minutes. */
  readonly url: string;
  /** Asks the proxy for a page that is good for 5 minutes again. */
  freshUrl(signal: AbortSignal): Promise<string>;
  /**
   * Takes the callback URL as a person pasted it from the address bar of a browser on another machine.
   * Returns false when it is not a callback of this sign-in.
   */
  submit(pastedUrl: string): boolean;
}

/** Shows the sign-in page to the person at the machine. */
export interface SignInBrowser {
  /**
   * Opens the page, or tells the person where it is. Resolves when that is done, which is not when the
   * person has signed in. Rejects with AppError when the browser could not be opened; the sign-in goes on.
   * `signal` aborts when the sign-in is over, whatever its end: then everything shown for it is taken back.
   */
  show(page: SignInPage, signal: AbortSignal): Promise<void>;
}

/** An answer of the proxy's own pages. */
export interface ApiAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Cut off at `limits.apiBodyBytes`. */
  readonly body: string;
}

/** What selects how TLS is done with a proxy; made by `tls/`, opaque elsewhere. */
export interface TlsChoice {
  /** Equal keys mean that connections may be shared. Holds no secret. */
  readonly key: string;
  /** False when the proxy's certificate is not verified. */
  readonly verify: boolean;
}

/** Calls the proxy's own pages with the TLS settings of a tunnel; made by `connect/`. */
export interface ProxyApi {
  /**
   * GET on the proxy with `Accept: application/json` and, if given, the JWT. Redirects are not followed.
   * Every status resolves; rejects with AppError when there was no HTTP answer.
   * @param path begins with "/".
   */
  get(proxy: ProxyAddress, tls: TlsChoice, path: string, jwt: string | null, signal: AbortSignal): Promise<ApiAnswer>;
}

/** What the engine needs from outside. */
export interface EnginePorts {
  readonly sessions: SessionStore;
  readonly browser: SignInBrowser;
  readonly events: EventSink;
  /** Where client certificates are searched for; without it none can be. The engine closes it. */
  readonly certificates?: CertificateStore;
  /** Replaces the system's name resolution. */
  readonly lookup?: LookupFunction;
  /** Overrides of shared/limits.ts, for a command line option or a test. */
  readonly limits?: Partial<Limits>;
  /** One sign-in for all hosts of one Pomerium (docs/security.md). Default true. */
  readonly shareSessions?: boolean;
  /** What the administrators of this computer allow, asked for whenever something is opened. Default everything. */
  readonly rules?: () => PolicyRules;
}
