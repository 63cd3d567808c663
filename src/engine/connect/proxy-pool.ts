import type { LookupFunction } from "node:net";
import { originOf, type ProxyAddress } from "../../shared/address.ts";
import { AppError } from "../../shared/errors.ts";
import type { EventSink } from "../../shared/events.ts";
import type { Limits } from "../../shared/limits.ts";
import { throwIfAborted, waitFor } from "../aborts.ts";
import type { TlsIdentity } from "../tls/identity.ts";
import { dial, type Dialed } from "./dial.ts";
import { Http2Connection } from "./http2-connection.ts";
import { SpareConnections } from "./spare-connections.ts";

/** A connection on which one request may go out now. */
export type Carrier =
  | { readonly kind: "h2"; readonly connection: Http2Connection }
  | { readonly kind: "http/1.1"; readonly dialed: Dialed };

/** What a UDP client may have now: a connection that takes extended CONNECT, one that was opened ahead, or a new one. */
export type UdpCarrier = Carrier & {
  /** It has stood idle, and may have died unnoticed. */
  readonly stale: boolean;
};

/** Which connections a request may have: any, a new one (421), or HTTP/1.1 only. */
export type Wanted = "any" | "fresh" | "http/1.1";

export interface ProxyPoolOptions {
  readonly proxy: ProxyAddress;
  readonly identity: TlsIdentity;
  readonly limits: Limits;
  readonly events: EventSink;
  readonly lookup?: LookupFunction | undefined;
}

/** Clients in a row that got through on HTTP/1.1 alone, until that is taken for a rule. */
const doubtsUntilLearned = 3;

/** What a dial that offered both protocols brought: an HTTP/2 connection in the pool, or an HTTP/1.1 one for whoever takes it. */
interface Probe {
  readonly connection: Http2Connection | null;
  spare: Dialed | null;
}

/**
 * The connections to one proxy with one TLS identity, and what was learned about that proxy. On HTTP/2 requests share
 * connections within the peer's stream limit; on HTTP/1.1 each gets its own, with TLS resumption.
 */
export class ProxyPool {
  readonly #options: ProxyPoolOptions;
  /** Those that take requests; one that only finishes its tunnels is in #all alone. */
  readonly #connections = new Set<Http2Connection>();
  readonly #all = new Set<Http2Connection>();
  readonly #http1 = new Set<Dialed>();
  readonly #closing = new AbortController();
  readonly #spares: SpareConnections;
  /** Until when it is known whether this proxy takes extended CONNECT; monotonic milliseconds. */
  #askedUntil = 0;
  /** One dial at a time may bring an HTTP/2 connection that all waiting requests can use. */
  #probing: Promise<Probe> | null = null;
  #http1Until = 0;
  readonly #http1For = new Map<string, number>();
  #doubts = 0;
  #ticket: Buffer | undefined;
  /** The client certificate that the connections show; see TlsIdentity.renewals. */
  #renewals: number;

  constructor(options: ProxyPoolOptions) {
    this.#options = options;
    this.#renewals = options.identity.renewals;
    this.#spares = new SpareConnections((signal) => this.#dialHttp1(signal), options.limits);
  }

  /** False where forgetting the pool would lose nothing but what was learned. */
  get inUse(): boolean {
    return this.#all.size > 0 || this.#http1.size > 0 || this.#probing !== null;
  }

  /**
   * Waits for a connection and hands it to `use`, which must send its request before it first awaits: only so is the
   * place on a shared connection still free.
   */
  async with<T>(wanted: Wanted, signal: AbortSignal, use: (carrier: Carrier) => Promise<T>): Promise<T> {
    const overHttp2 = async (connection: Http2Connection): Promise<T> => {
      const result = await use({ kind: "h2", connection });
      this.#doubts = 0;
      return result;
    };
    await this.#showNewest(signal);
    for (;;) {
      throwIfAborted(signal);
      if (this.#closing.signal.aborted) throw new AppError("closed", "Culvert is shutting down.");
      if (!this.#options.proxy.tls || wanted === "http/1.1" || Date.now() < this.#http1Until) {
        return use({ kind: "http/1.1", dialed: await this.#dialHttp1(signal) });
      }
      const connection = wanted === "fresh" ? undefined : this.#withRoom();
      if (connection) return overHttp2(connection);
      if (this.#all.size >= this.#options.limits.http2SessionsPerProxy) {
        return use({ kind: "http/1.1", dialed: await this.#dialHttp1(signal) });
      }
      const probe = await waitFor((this.#probing ??= this.#probe()), signal);
      if (probe.spare) {
        const dialed = probe.spare;
        probe.spare = null;
        return use({ kind: "http/1.1", dialed });
      }
      // The one just made comes last in the pool: a request that may not have an older one must not go looking there.
      if (probe.connection?.hasRoom) return overHttp2(probe.connection);
      // Full is what others made it, and a reason for the next one; ended is a failure, or this would never end.
      const lost = probe.connection?.lost;
      if (lost) throw lost;
    }
  }

  /**
   * Finds a connection for one UDP client and hands it to `use`, which must send its request before it first awaits, as in
   * `with`: extended CONNECT only where the SETTINGS of a connection offer it, HTTP/1.1 else, which waits for no protocol
   * that may not answer.
   * @param fresh not one that was opened ahead.
   */
  async withUdp<T>(fresh: boolean, signal: AbortSignal, use: (carrier: UdpCarrier) => Promise<T>): Promise<T> {
    throwIfAborted(signal);
    await this.#showNewest(signal);
    for (const connection of this.#connections)
      if (!fresh && connection.offersExtendedConnect && connection.hasRoom)
        return use({ kind: "h2", connection, stale: false });
    const spare = fresh ? null : this.#spares.take();
    if (spare) return use({ kind: "http/1.1", dialed: spare, stale: true });
    return use({ kind: "http/1.1", dialed: await this.#dialHttp1(signal), stale: false });
  }

  /** A UDP client got through: the next ones are made ready for. */
  udpWorked(via: Carrier["kind"]): void {
    if (this.#closing.signal.aborted || via === "h2") return;
    this.#spares.fill();
    const { proxy, limits } = this.#options;
    const now = performance.now();
    if (!proxy.tls || now < this.#askedUntil || Date.now() < this.#http1Until) return;
    this.#askedUntil = now + limits.learnedMs;
    // An HTTP/2 connection shows whether later clients can share it. It is good for sign-in calls and TCP as well.
    if (this.#connections.size === 0) (this.#probing ??= this.#probe()).catch(() => undefined);
  }

  /** After a renewal of the client certificate no request goes where the one from before was shown; tunnels stay. */
  async #showNewest(signal: AbortSignal): Promise<void> {
    const { identity } = this.#options;
    if (!identity.renew) return;
    await waitFor(identity.renew(), signal);
    if (identity.renewals === this.#renewals) return;
    this.#renewals = identity.renewals;
    this.#ticket = undefined;
    this.#spares.clear();
    for (const connection of this.#connections) connection.retire();
  }

  #withRoom(): Http2Connection | undefined {
    for (const connection of this.#connections) if (connection.hasRoom) return connection;
    return undefined;
  }

  /** Offers both protocols. Belongs to the pool rather than to the request that began it, since others wait for it too. */
  async #probe(): Promise<Probe> {
    const { proxy, limits } = this.#options;
    const renewals = this.#renewals;
    try {
      const dialed = await this.#dial(["h2", "http/1.1"], this.#closing.signal);
      if (dialed.alpn === "http/1.1") {
        this.#http1Until = Date.now() + limits.learnedMs;
        this.#keepHttp1(dialed);
        const probe: Probe = { connection: null, spare: dialed };
        // Whoever waited has taken it by then, in the microtasks before.
        setImmediate(() => probe.spare?.socket.destroy());
        return probe;
      }
      const connection = await Http2Connection.open(dialed, proxy, limits, this.#closing.signal);
      // One that was dialled with the certificate from before serves those that wait for it, and nobody else.
      if (renewals === this.#renewals) this.#connections.add(connection);
      this.#all.add(connection);
      connection.onGone = () => this.#connections.delete(connection);
      connection.onClosed = () => this.#all.delete(connection);
      return { connection, spare: null };
    } finally {
      this.#probing = null;
    }
  }

  async #dialHttp1(signal: AbortSignal): Promise<Dialed> {
    const dialed = await this.#dial(["http/1.1"], AbortSignal.any([signal, this.#closing.signal]));
    this.#keepHttp1(dialed);
    return dialed;
  }

  #keepHttp1(dialed: Dialed): void {
    this.#http1.add(dialed);
    dialed.socket.once("close", () => this.#http1.delete(dialed));
  }

  #dial(alpn: readonly ("h2" | "http/1.1")[], signal: AbortSignal): Promise<Dialed> {
    const { proxy, identity, limits, lookup } = this.#options;
    const renewals = this.#renewals;
    const onTicket = (ticket: Buffer): void => {
      if (renewals === this.#renewals) this.#ticket = ticket;
    };
    return dial({ proxy, identity, limits, lookup, alpn, ticket: this.#ticket, onTicket }, signal);
  }

  /** One client got through on HTTP/1.1 alone, perhaps by accident: a proxy that restarts looks the same. */
  doubtHttp2(reason: string): void {
    this.#doubts += 1;
    if (this.#doubts >= doubtsUntilLearned) this.giveUpHttp2(reason);
  }

  /** Remembers for a while that HTTP/2 does not work here although it is offered. */
  giveUpHttp2(reason: string): void {
    const { proxy, limits, events } = this.#options;
    const known = Date.now() < this.#http1Until;
    this.#http1Until = Date.now() + limits.learnedMs;
    if (!known) events({ type: "http2-given-up", proxy: originOf(proxy), reason });
    for (const connection of this.#connections) connection.retire();
  }

  /** Whether requests for this authority go over HTTP/1.1 although HTTP/2 works. */
  prefersHttp1(authority: string): boolean {
    const until = this.#http1For.get(authority);
    if (until === undefined) return false;
    if (Date.now() < until) return true;
    this.#http1For.delete(authority);
    return false;
  }

  /** Has requests for this authority go over HTTP/1.1 for a while. Returns false where they do already. */
  preferHttp1(authority: string): boolean {
    if (this.prefersHttp1(authority)) return false;
    const [oldest] = this.#http1For.keys();
    if (oldest !== undefined && this.#http1For.size >= this.#options.limits.rememberedProxies)
      this.#http1For.delete(oldest);
    this.#http1For.set(authority, Date.now() + this.#options.limits.cutShortMs);
    return true;
  }

  /** Ends every connection and the tunnels on them. Idempotent. */
  close(): void {
    this.#closing.abort(new AppError("closed", "Culvert is shutting down."));
    this.#spares.close();
    for (const connection of this.#all) connection.destroy();
    for (const dialed of this.#http1) dialed.reset();
  }
}
