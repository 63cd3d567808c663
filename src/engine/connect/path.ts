import type { Duplex } from "node:stream";
import type { Target } from "../../shared/address.ts";
import type { AppError } from "../../shared/errors.ts";
import type { Via } from "../../shared/events.ts";
import type { Answer } from "./answers.ts";
import type { UdpPath } from "./udp-path.ts";

/** An open way to a destination: what is written comes out there, byte for byte. */
export interface OpenPath {
  readonly stream: Duplex;
  readonly via: Via;
  /** False on HTTP/1.1: what the upstream answers after our FIN is thrown away by the proxy (protocol.md). */
  readonly carriesHalfClose: boolean;
  /** Ends it so that the far side sees a reset, not an end. */
  readonly reset: () => void;
  /** False where the stream's `end` came of a reset. */
  readonly endIsClean: () => boolean;
  /** True where the proxy has thrown away bytes on their way to us, as Envoy does (decisions/002). */
  readonly wasCutShort: () => boolean;
  /** What an error of the stream means to the user. */
  readonly explain: (error: unknown) => AppError;
}

/** What a proxy said to a request for a path. */
export type Outcome<P> =
  { readonly kind: "open"; readonly path: P } | { readonly kind: "answered"; readonly answer: Answer };

/** What it said to a CONNECT. */
export type ConnectOutcome = Outcome<OpenPath>;

/** What it said to a CONNECT-UDP. */
export type UdpOutcome = Outcome<UdpPath>;

export interface ConnectRequest {
  readonly target: Target;
  /** Sent as `Authorization: Pomerium <jwt>`. */
  readonly jwt: string | null;
}

const tokenShape = /^[A-Za-z0-9._~+/=-]+$/;

/** The fields of every request to the proxy. @throws Error for a JWT that could break out of its header line. */
export function requestFields(jwt: string | null): Record<string, string> {
  if (jwt !== null && !tokenShape.test(jwt)) throw new Error("malformed JWT");
  return { accept: "application/json", ...(jwt === null ? {} : { authorization: `Pomerium ${jwt}` }) };
}

/**
 * The proxy has certainly not acted on the request (GOAWAY below its id, REFUSED_STREAM, a connection that was already
 * dead), or it gave no answer and nothing of the client's has been sent: another connection may carry it.
 */
export class Unanswered extends Error {
  readonly error: AppError;
  /** The connection had just been made and ended before it answered anything: the network's fault, or HTTP/2's. */
  readonly neverAnswered: boolean;
  constructor(error: AppError, neverAnswered = false) {
    super(error.message, { cause: error });
    this.error = error;
    this.neverAnswered = neverAnswered;
  }
}

/** HTTP/2 was negotiated but CONNECT over it does not work at this proxy; HTTP/1.1 may. */
export class Http2Unusable extends Error {
  readonly error: AppError;
  /** False where the connection only ended early, which networks and restarts do as well. */
  readonly certain: boolean;
  constructor(reason: string, error: AppError, certain: boolean) {
    super(reason, { cause: error });
    this.error = error;
    this.certain = certain;
  }
}
