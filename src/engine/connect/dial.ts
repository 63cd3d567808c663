import net, { type LookupFunction } from "node:net";
import tls from "node:tls";
import type { ProxyAddress } from "../../shared/address.ts";
import type { AppError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import { cancelled, throwIfAborted } from "../aborts.ts";
import type { TlsIdentity } from "../tls/identity.ts";
import type { RemoteTlsSocket } from "../tls/remote-key/remote-key.ts";
import { dialRemote } from "./dial-remote.ts";
import { networkError, noAnswer } from "./network-errors.ts";
import type { OwnCertificate } from "./tls-errors.ts";

/** A socket, or what stands for one where TLS is done elsewhere. */
export type ProxySocket = RemoteTlsSocket;

/** An open connection to a proxy, before any HTTP. */
export interface Dialed {
  /** TLS, or the plain socket for `http://`. */
  readonly socket: ProxySocket;
  /** What ALPN chose; a plain connection speaks HTTP/1.1. */
  readonly alpn: "h2" | "http/1.1";
  /** Ends it with a TCP RST: `resetAndDestroy()` of a TLSSocket throws, so the socket beneath is reset. */
  readonly reset: () => void;
  /** Maps an error of this connection to what the user is told. */
  readonly explain: (error: unknown) => AppError;
  /** The client certificate that it has to show; left out where there is none. */
  readonly own?: OwnCertificate | undefined;
}

export interface DialOptions {
  readonly proxy: ProxyAddress;
  readonly identity: TlsIdentity;
  readonly alpn: readonly ("h2" | "http/1.1")[];
  readonly limits: Limits;
  readonly lookup?: LookupFunction | undefined;
  /** Ticket of an earlier connection, for TLS resumption. */
  readonly ticket?: Buffer | undefined;
  readonly onTicket?: ((ticket: Buffer) => void) | undefined;
}

/**
 * Connects to a proxy: DNS, TCP with happy eyeballs (RFC 8305), TLS. Both steps have their limit.
 * @throws AppError of the failed step.
 */
export async function dial(options: DialOptions, signal: AbortSignal): Promise<Dialed> {
  // Before the dial, so that settings TLS does not take cost no connection.
  const { remote } = options.identity;
  if (options.proxy.tls && !remote) options.identity.context();
  const raw = await dialTcp(options, signal);
  if (!options.proxy.tls) {
    const explain = (error: unknown): AppError =>
      networkError(error, { proxy: options.proxy, hasClientCertificate: false });
    return { socket: raw, alpn: "http/1.1", reset: () => raw.resetAndDestroy(), explain };
  }
  return remote ? dialRemote(raw, remote, options, signal) : dialTls(raw, options, signal);
}

/** Connects to a proxy without TLS. @throws AppError of the failed step. */
export async function dialTcp(
  { proxy, limits, lookup }: Pick<DialOptions, "proxy" | "limits" | "lookup">,
  signal: AbortSignal,
): Promise<net.Socket> {
  throwIfAborted(signal);
  const raw = net.connect({
    host: proxy.host,
    port: proxy.port,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: limits.nextAddressMs,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: limits.keepAliveMs,
    // FIN of the proxy must not close our side (half-close); only `allowHalfOpen` says so.
    allowHalfOpen: true,
    ...(lookup ? { lookup } : {}),
  });
  const explain = (error: unknown): AppError => networkError(error, { proxy, hasClientCertificate: false });
  const limit = { ms: limits.dialMs, error: () => noAnswer(proxy, limits.dialMs) };
  await settled(raw, "connect", limit, explain, () => raw.destroy(), signal);
  return raw;
}

async function dialTls(raw: net.Socket, options: DialOptions, signal: AbortSignal): Promise<Dialed> {
  const { proxy, identity, limits } = options;
  const secure = tls.connect({
    socket: raw,
    host: proxy.host,
    // RFC 6066 §3: no literal addresses in SNI.
    ...(net.isIP(proxy.host) === 0 ? { servername: proxy.host } : {}),
    ALPNProtocols: [...options.alpn],
    secureContext: identity.context(),
    rejectUnauthorized: identity.verify,
    allowHalfOpen: true,
    highWaterMark: limits.pipeBuffer,
    ...(options.ticket ? { session: options.ticket } : {}),
  } as tls.ConnectionOptions);
  // An error of the socket beneath surfaces on the TLSSocket; without a listener here it would end the process as well.
  raw.on("error", () => undefined);
  secure.once("close", () => raw.destroy());
  const { onTicket } = options;
  if (onTicket) secure.on("session", onTicket);
  let peer: tls.PeerCertificate | undefined;
  // By the time the error of an untrusted chain is emitted the certificate is gone; only before Node judges it can the
  // message learn who signed it. A resumed connection was judged before.
  if (!options.ticket) secure.prependOnceListener("secure", () => (peer = secure.getPeerCertificate(true)));
  // Node forgets it with the connection.
  const own = identity.hasClientCertificate
    ? ((secure.getCertificate() as tls.PeerCertificate | null) ?? undefined)
    : undefined;
  const explain = (error: unknown): AppError =>
    networkError(error, {
      proxy,
      hasClientCertificate: identity.hasClientCertificate,
      peer,
      own,
      givenCas: () => identity.givenCas?.() ?? [],
    });
  const end = (): void => {
    raw.resetAndDestroy();
    secure.destroy();
  };
  // Whoever waits for the handshake goes on within OpenSSL's read, in which freeing the connection would crash the process.
  let isReading = false;
  const reset = (): void => {
    if (isReading) setImmediate(end);
    else end();
  };
  const limit = {
    ms: limits.tlsMs,
    error: () => noAnswer(proxy, limits.tlsMs, undefined, "finish the TLS handshake"),
  };
  await settled(secure, "secureConnect", limit, explain, reset, signal);
  isReading = true;
  setImmediate(() => (isReading = false));
  return { socket: secure, alpn: secure.alpnProtocol === "h2" ? "h2" : "http/1.1", reset, explain, own };
}

/** Waits for `event`; abandons the socket on every other outcome. Leaves an error listener, so that no late error is uncaught. */
function settled(
  socket: net.Socket,
  event: "connect" | "secureConnect",
  limit: { ms: number; error: () => AppError },
  explain: (error: unknown) => AppError,
  abandon: () => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    let over = false;
    const finish = (error: AppError | null): void => {
      // Later news is for whoever has the socket by then; but after the handshake Node does not end it on a TLS alert.
      if (over) return void (error && socket.destroy());
      over = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      socket.off(event, onReady);
      if (error) {
        reject(error);
        abandon();
      } else {
        resolve();
      }
    };
    const onReady = (): void => finish(null);
    const onAbort = (): void => finish(cancelled(signal));
    const timer = setTimeout(() => finish(limit.error()), limit.ms);
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once(event, onReady);
    socket.on("error", (error) => finish(explain(error)));
    socket.once("close", () => finish(explain({ code: "" })));
  });
}
