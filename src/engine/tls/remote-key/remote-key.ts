import type net from "node:net";
import type { Duplex } from "node:stream";
import type { AppError } from "../../../shared/errors.ts";
import type { Limits } from "../../../shared/limits.ts";

/** The bounds of what is done with a program that uses keys (docs/decisions/010). */
export type RemoteKeyLimits = Pick<
  Limits,
  | "tlsMs"
  | "storageMs"
  | "drainMs"
  | "pipeBuffer"
  | "keyProgramStartMs"
  | "keyUseMs"
  | "keyProgramLineBytes"
  | "keyProgramSilentMs"
>;

/** What a TLS connection is that somebody else than this process makes. */
export interface RemoteTlsRequest {
  /** Host of the proxy, to which the certificate must belong. */
  readonly host: string;
  readonly alpn: readonly string[];
  /** False accepts any certificate. */
  readonly verify: boolean;
  /** PEM texts whose certificates are trusted besides the system's. */
  readonly ca: readonly string[];
  /** DER: the client certificate, then its issuers. */
  readonly chain: readonly Buffer[];
  readonly limits: RemoteKeyLimits;
  /** The error for a proxy that is silent for `limits.tlsMs` when it is its turn. */
  readonly silent: () => AppError;
}

/** A connection as those of this process are: half-open, with what `Dialed` is made of. */
export interface RemoteTlsSocket extends Duplex {
  /** Of the connection beneath, which proves that the proxy lives. */
  readonly bytesRead: number;
  /** The address of this computer that it goes out from. */
  readonly localAddress?: string | undefined;
  ref(): this;
  unref(): this;
}

export interface RemoteTls {
  readonly socket: RemoteTlsSocket;
  /** What ALPN chose; null for nothing. */
  readonly alpn: string | null;
}

/** A private key that may not leave its store: TLS with it is done by the platform, outside this process. */
export interface RemoteKey {
  /** Equal ids are the same certificate in the same store. Holds no secret. */
  readonly id: string;
  /** Where it is, in words for people. */
  readonly where: string;
  /**
   * Does TLS on an open connection, which it takes over.
   * @throws AppError of the store, of a limit, or `cancelled`; RemoteTlsError for what TLS said.
   */
  connect(raw: net.Socket, request: RemoteTlsRequest, signal: AbortSignal): Promise<RemoteTls>;
}

/** What the program says of a failure. Its `code` is one of Node's and OpenSSL's, or begins with `CULVERT_`. */
export class RemoteTlsError extends Error {
  override readonly name = "RemoteTlsError";
  readonly code: string;
  /** DER: the certificates of the server, its own first, where they are at fault. */
  readonly chain: readonly Buffer[];

  constructor(code: string, message: string, chain: readonly Buffer[] = []) {
    super(message);
    this.code = code;
    this.chain = chain;
  }
}
