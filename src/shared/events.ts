import type { AppErrorData } from "./errors.ts";

/** How a connection to the proxy speaks. */
export type Via = "h2" | "http/1.1";

/** How a peer's tunnel came to its end. */
export type PeerEnd = "ended" | "reset-by-client" | "reset-by-proxy" | "stopped" | "idle" | "ended-by-proxy";

/** Why datagrams were dropped here rather than at some router on their way. */
export type DropReason =
  /** There is no path yet, or none can be had for now, and no more can wait. */
  | "no-path-yet"
  /** The proxy takes them more slowly than they come. */
  | "proxy-slow"
  /** The local program takes answers more slowly than they come. */
  | "client-slow"
  /** An answer could not be sent to the local program. */
  | "client-gone"
  | "too-large"
  | "too-many-clients";

/** What a peer was doing when it failed. */
export type PeerStep = "connect" | "sign-in" | "transfer";

/**
 * Everything the engine says, as plain data: no secrets (no JWT, no sign-in URL), no live objects.
 * `proxy` is an origin, `destination` a CONNECT authority, times are milliseconds, sizes bytes.
 */
export type EngineEvent =
  | {
      readonly type: "tunnel-listening";
      readonly tunnel: string;
      readonly address: string;
      readonly destination: string;
    }
  | {
      readonly type: "tunnel-failed";
      readonly tunnel: string;
      readonly destination: string;
      readonly error: AppErrorData;
    }
  | { readonly type: "tunnel-stopped"; readonly tunnel: string; readonly address: string }
  /** The destination cannot be reached now; the next attempt is made in `inMs`. */
  | {
      readonly type: "tunnel-retrying";
      readonly tunnel: string;
      readonly destination: string;
      /** Attempts that have failed in a row. */
      readonly attempt: number;
      readonly inMs: number;
      readonly error: AppErrorData;
    }
  /** What `tunnel-retrying` or `tunnel-given-up` said is over. */
  | { readonly type: "tunnel-recovered"; readonly tunnel: string; readonly destination: string }
  /** An attempt has ended with an error that does not go away by itself: no further one is made unless somebody asks. */
  | {
      readonly type: "tunnel-given-up";
      readonly tunnel: string;
      readonly destination: string;
      readonly error: AppErrorData;
    }
  | { readonly type: "peer-opened"; readonly tunnel: string; readonly peer: number; readonly from: string }
  | { readonly type: "peer-signing-in"; readonly tunnel: string; readonly peer: number; readonly proxy: string }
  | {
      readonly type: "peer-connected";
      readonly tunnel: string;
      readonly peer: number;
      readonly destination: string;
      readonly via: Via;
      /** From accept to the open tunnel, a sign-in included. */
      readonly ms: number;
      /** The attempt that succeeded alone, where a sign-in or a wait for a retry came before it. */
      readonly openMs?: number;
    }
  /** The way failed for now: the client waits for the next attempt of its tunnel. Said once for each such wait. */
  | {
      readonly type: "peer-waiting";
      readonly tunnel: string;
      readonly peer: number;
      readonly destination: string;
      readonly error: AppErrorData;
    }
  | {
      readonly type: "peer-failed";
      readonly tunnel: string;
      readonly peer: number;
      readonly destination: string;
      readonly step: PeerStep;
      readonly ms: number;
      readonly error: AppErrorData;
    }
  | {
      readonly type: "peer-closed";
      readonly tunnel: string;
      readonly peer: number;
      readonly how: PeerEnd;
      /** The client had ended its side before; a reset behind that is usual with TLS and loses nothing for it. */
      readonly clientEnded: boolean;
      /** Bytes from the local client to the destination. */
      readonly sent: number;
      /** Bytes from the destination to the local client. */
      readonly received: number;
      /** UDP: the same in datagrams, and those that were lost here. */
      readonly datagrams?: { readonly sent: number; readonly received: number; readonly dropped: number };
      readonly ms: number;
    }
  /** UDP: datagrams were lost here. Said at most every ten seconds for each reason. */
  | {
      readonly type: "datagrams-dropped";
      readonly tunnel: string;
      readonly destination: string;
      readonly reason: DropReason;
      readonly count: number;
    }
  /** The system's certificate store was searched for what this proxy accepts. Said again only when the result changes. */
  | {
      readonly type: "client-certificate-searched";
      readonly proxy: string;
      readonly store: string;
      /** False where the proxy asks for no client certificate; then none is shown. */
      readonly asked: boolean;
      /** `validTo` in milliseconds since 1970. */
      readonly chosen: {
        readonly subject: string;
        readonly issuer: string;
        readonly validTo: number;
        readonly fingerprint: string;
        /** Where its key is that may not leave there; left out for one that is used in this process. */
        readonly keyStaysIn?: string;
      } | null;
      /** Why the others fell out, one sentence each; `more` of them are not told. */
      readonly passedOver: readonly string[];
      readonly more: number;
    }
  | { readonly type: "sign-in-started"; readonly proxy: string }
  /** `proxy` waits for the sign-in that runs at `at`, another host of the same Pomerium. */
  | { readonly type: "sign-in-joined"; readonly proxy: string; readonly at: string }
  | { readonly type: "sign-in-finished"; readonly proxy: string; readonly ms: number }
  | { readonly type: "sign-in-failed"; readonly proxy: string; readonly ms: number; readonly error: AppErrorData }
  /** The browser could not be opened; the sign-in goes on, since a person can still open the page. */
  | { readonly type: "browser-failed"; readonly proxy: string; readonly error: AppErrorData }
  /** The sessions that are kept have changed at this proxy: one came, one went, or more was learned of it. */
  | { readonly type: "session-changed"; readonly proxy: string }
  /** The proxy refused the JWT of a session, which is therefore forgotten. */
  | { readonly type: "session-ended"; readonly proxy: string }
  /** `culvert` uses the session of another host of the same Pomerium. */
  | { readonly type: "session-shared"; readonly proxy: string; readonly from: string }
  /** The proxy offers only HTTP/1.1, on which a one-way end cannot be carried (said once per proxy). */
  | { readonly type: "half-close-not-carried"; readonly proxy: string }
  /** The proxy threw away the rest of a transfer to a slow client; the destination is reached over HTTP/1.1 from now on. */
  | { readonly type: "transfer-cut-short"; readonly proxy: string; readonly destination: string }
  /** HTTP/2 was offered but does not work here; HTTP/1.1 is used for a while. */
  | { readonly type: "http2-given-up"; readonly proxy: string; readonly reason: string }
  /** A client certificate in files was replaced; new connections show it. `validTo`: milliseconds since 1970. */
  | { readonly type: "client-certificate-renewed"; readonly subject: string; readonly validTo: number }
  /** Those files have changed, but cannot be used as they are: the certificate from before stays. */
  | { readonly type: "client-certificate-kept"; readonly error: AppErrorData }
  | { readonly type: "storage-failed"; readonly error: AppErrorData };

export type EventSink = (event: EngineEvent) => void;
