import type { LookupFunction } from "node:net";
import { authorityOf, originOf, type ProxyAddress, type Target } from "../../shared/address.ts";
import { AppError, asAppError } from "../../shared/errors.ts";
import type { EventSink } from "../../shared/events.ts";
import type { Limits } from "../../shared/limits.ts";
import type { ApiAnswer } from "../ports.ts";
import type { TlsIdentity } from "../tls/identity.ts";
import type { Answer } from "./answers.ts";
import { getHttp1 } from "./http1-get.ts";
import { connectUdpHttp1 } from "./http1-udp.ts";
import { connectHttp1 } from "./http1.ts";
import { connectUdpHttp2 } from "./http2-udp.ts";
import {
  Http2Unusable,
  requestFields,
  Unanswered,
  type ConnectOutcome,
  type ConnectRequest,
  type UdpOutcome,
} from "./path.ts";
import { SecondLooks } from "./second-look.ts";
import { ProxyPool, type Carrier, type UdpCarrier, type Wanted } from "./proxy-pool.ts";
import { udpNotOffered } from "./udp-path.ts";

/** Attempts for one client before the failure is shown; each but the first replaces a connection that had died. */
const attempts = 3;

/** Answers to a CONNECT on HTTP/2 by which servers show that they do not do that; HTTP/1.1 is worth a try. */
const doubtsHttp2 = new Set([400, 405, 501, 505]);

/** Answers to a CONNECT-UDP by servers that do not know it: they ignore the upgrade, or the method, or the path. */
const doubtsUdp = new Set([400, 405, 426, 501, 505]);

/** RFC 9110 §15.5.20 and §15.5.9: the connection was the wrong one, or had stood idle for too long. */
const wantsAnother = (status: number, stale: boolean): boolean => status === 421 || (stale && status === 408);

export interface ConnectorOptions {
  readonly limits: Limits;
  readonly events: EventSink;
  readonly lookup?: LookupFunction | undefined;
}

/**
 * Opens ways to destinations: chooses HTTP/2 or HTTP/1.1, pools what can be shared, repeats what is safe to repeat.
 * Owner of every connection to a proxy; `close()` ends them all.
 */
export class Connector {
  readonly #options: ConnectorOptions;
  readonly #pools = new Map<string, ProxyPool>();
  readonly #secondLooks: SecondLooks;
  #closed = false;

  constructor(options: ConnectorOptions) {
    this.#options = options;
    this.#secondLooks = new SecondLooks(options);
  }

  #pool(proxy: ProxyAddress, identity: TlsIdentity): ProxyPool {
    if (this.#closed) throw new AppError("closed", "Culvert is shutting down.");
    const key = `${originOf(proxy)} ${identity.key}`;
    let pool = this.#pools.get(key);
    if (pool) {
      // Map order is age of use, so that the bound below forgets what was not used for longest.
      this.#pools.delete(key);
    } else {
      pool = new ProxyPool({ proxy, identity, ...this.#options });
      this.#forgetOldest();
    }
    this.#pools.set(key, pool);
    return pool;
  }

  #forgetOldest(): void {
    if (this.#pools.size < this.#options.limits.rememberedProxies) return;
    for (const [key, pool] of this.#pools) {
      if (pool.inUse) continue;
      pool.close();
      this.#pools.delete(key);
      return;
    }
  }

  /** Does something with a proxy; where that fails, the error says what more can be found out. */
  async #explained<T>(
    proxy: ProxyAddress,
    identity: TlsIdentity,
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      const { hasClientCertificate } = identity;
      throw await this.#secondLooks.explain(asAppError(thrown), { proxy, hasClientCertificate }, signal);
    }
  }

  /**
   * Sends one CONNECT and returns what the proxy said. A refusal is an outcome, not an error.
   * @throws AppError when there was no answer to be had.
   */
  async open(request: ConnectRequest, identity: TlsIdentity, signal: AbortSignal): Promise<ConnectOutcome> {
    const { proxy } = request.target;
    const outcome = await this.#explained(proxy, identity, signal, () => this.#open(request, identity, signal));
    if (outcome.kind === "answered") await this.#secondLooks.checkClearText(proxy, outcome.answer.status, signal);
    return outcome;
  }

  async #open(request: ConnectRequest, identity: TlsIdentity, signal: AbortSignal): Promise<ConnectOutcome> {
    // A malformed JWT is found here, before there is a connection to clean up.
    requestFields(request.jwt);
    const pool = this.#pool(request.target.proxy, identity);
    const connect = (carrier: Carrier): Promise<ConnectOutcome> =>
      carrier.kind === "h2"
        ? carrier.connection.connect(request, signal)
        : connectHttp1(carrier.dialed, request, this.#options.limits, signal);
    let via: Carrier["kind"] = "http/1.1";
    const wanted = pool.prefersHttp1(authorityOf(request.target.destination)) ? "http/1.1" : "any";
    const outcome = await this.#attempt(pool, wanted, signal, (carrier) => {
      via = carrier.kind;
      return connect(carrier);
    });
    if (outcome.kind === "open") return outcome;
    const { status } = outcome.answer;
    // RFC 9110 §15.5.20: once more, on a connection made for this request.
    if (status === 421) return this.#attempt(pool, "fresh", signal, connect);
    if ((via as Carrier["kind"]) === "h2" && doubtsHttp2.has(status)) {
      return (await this.#insteadOf(outcome.answer, pool, connect, signal)) ?? outcome;
    }
    return outcome;
  }

  /**
   * Sends one CONNECT-UDP and returns what the proxy said. A refusal is an outcome, not an error.
   * @throws AppError when there was no answer to be had, or `udp-not-offered`.
   */
  openUdp(request: ConnectRequest, identity: TlsIdentity, signal: AbortSignal): Promise<UdpOutcome> {
    return this.#explained(request.target.proxy, identity, signal, () => this.#openUdp(request, identity, signal));
  }

  async #openUdp(request: ConnectRequest, identity: TlsIdentity, signal: AbortSignal): Promise<UdpOutcome> {
    requestFields(request.jwt);
    const { proxy } = request.target;
    const pool = this.#pool(proxy, identity);
    for (let fresh = false; ; fresh = true) {
      const used: { carrier: UdpCarrier | null } = { carrier: null };
      try {
        const outcome = await pool.withUdp(fresh, signal, (carrier) => {
          used.carrier = carrier;
          return this.#openUdpOn(carrier, request, signal);
        });
        const { kind = "http/1.1", stale = false } = used.carrier ?? {};
        if (outcome.kind === "open") pool.udpWorked(kind);
        else if (!fresh && wantsAnother(outcome.answer.status, stale)) continue;
        else if (doubtsUdp.has(outcome.answer.status)) throw udpNotOffered(proxy.host, outcome.answer.status);
        return outcome;
      } catch (error) {
        const isDoubtful = error instanceof Http2Unusable || error instanceof Unanswered;
        const isAnswer = error instanceof AppError && error.code === "udp-not-offered";
        // Nothing of the client's has been sent, and to ask twice is harmless.
        const again = isDoubtful || (used.carrier?.stale === true && !isAnswer);
        if (signal.aborted || fresh || !again) throw isDoubtful ? error.error : asAppError(error);
      }
    }
  }

  #openUdpOn(carrier: UdpCarrier, request: ConnectRequest, signal: AbortSignal): Promise<UdpOutcome> {
    const { limits } = this.#options;
    return carrier.kind === "h2"
      ? connectUdpHttp2(carrier.connection, request, limits, signal)
      : connectUdpHttp1(
          carrier.dialed,
          request,
          limits,
          signal,
          carrier.stale ? limits.udpSpareAnswerMs : limits.connectAnswerMs,
        );
  }

  /** GET of one of the proxy's own pages, on the connections that tunnels use. @throws AppError without an answer. */
  async get(
    proxy: ProxyAddress,
    identity: TlsIdentity,
    path: string,
    jwt: string | null,
    signal: AbortSignal,
  ): Promise<ApiAnswer> {
    requestFields(jwt);
    const get = (carrier: Carrier): Promise<ApiAnswer> =>
      carrier.kind === "h2"
        ? carrier.connection.get(path, jwt, signal)
        : getHttp1(carrier.dialed, proxy, path, jwt, this.#options.limits, signal);
    const answer = await this.#explained(proxy, identity, signal, () =>
      this.#attempt(this.#pool(proxy, identity), "any", signal, get),
    );
    await this.#secondLooks.checkClearText(proxy, answer.status, signal);
    return answer;
  }

  /**
   * Has a destination reached over HTTP/1.1 for a while. Envoy throws away what it still holds for a slow client when
   * the upstream ends first, on HTTP/2 only (decisions/002).
   */
  preferHttp1(target: Target, identity: TlsIdentity): void {
    const destination = authorityOf(target.destination);
    if (!this.#pool(target.proxy, identity).preferHttp1(destination)) return;
    this.#options.events({ type: "transfer-cut-short", proxy: originOf(target.proxy), destination });
  }

  async #attempt<T>(
    pool: ProxyPool,
    first: Wanted,
    signal: AbortSignal,
    use: (carrier: Carrier) => Promise<T>,
  ): Promise<T> {
    let wanted = first;
    let unusable: { readonly reason: string; readonly certain: boolean } | null = null;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const result = await pool.with(wanted, signal, use);
        // Learned only once HTTP/1.1 has worked: a network that drops connections is no fault of HTTP/2.
        if (unusable?.certain) pool.giveUpHttp2(unusable.reason);
        else if (unusable) pool.doubtHttp2(unusable.reason);
        return result;
      } catch (error) {
        if (!(error instanceof Http2Unusable || error instanceof Unanswered)) throw asAppError(error);
        if (attempt === attempts) throw error.error;
        if (error instanceof Http2Unusable) {
          wanted = "http/1.1";
          unusable = { reason: error.message, certain: error.certain };
        } else if (error.neverAnswered && attempt === attempts - 1) {
          // Another new connection that ended before it answered: no accident of the network, perhaps.
          wanted = "http/1.1";
          unusable = { reason: "its HTTP/2 connections end before they answer", certain: false };
        }
      }
    }
  }

  /** Tries HTTP/1.1 after a doubtful answer on HTTP/2; null where HTTP/1.1 does no better. */
  async #insteadOf(
    answer: Answer,
    pool: ProxyPool,
    connect: (carrier: Carrier) => Promise<ConnectOutcome>,
    signal: AbortSignal,
  ): Promise<ConnectOutcome | null> {
    try {
      const outcome = await pool.with("http/1.1", signal, connect);
      if (outcome.kind === "answered" && outcome.answer.status === answer.status) return null;
      pool.giveUpHttp2(`it answered ${answer.status} to CONNECT on HTTP/2`);
      return outcome;
    } catch (error) {
      if (signal.aborted) throw error;
      return null;
    }
  }

  /** Ends every connection and every tunnel on them. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#secondLooks.close();
    for (const pool of this.#pools.values()) pool.close();
    this.#pools.clear();
  }
}
