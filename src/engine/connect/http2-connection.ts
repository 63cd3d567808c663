import http2, {
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from "node:http2";
import { authorityOf, hostHeaderOf, originOf, type ProxyAddress, type Target } from "../../shared/address.ts";
import type { AppError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import { cancelled, throwIfAborted, waitFor } from "../aborts.ts";
import type { ApiAnswer } from "../ports.ts";
import { isPage, notHttp } from "./answers.ts";
import { AnswerBytes } from "./answer-bytes.ts";
import type { Dialed } from "./dial.ts";
import { plainHeaders } from "./http2-headers.ts";
import type { Http2Opened } from "./http2-opened.ts";
import { codeOf, noAnswer } from "./network-errors.ts";
import { Http2Unusable, requestFields, Unanswered, type ConnectOutcome, type ConnectRequest } from "./path.ts";

/** Stream errors by which a server says that it did not act on the request (RFC 9113 §8.7). */
const notProcessed = new Set<number>([constants.NGHTTP2_REFUSED_STREAM]);
/** Stream errors by which middleboxes answer a CONNECT they do not know (RFC 9113 §8.5, §7). */
const notSpoken = new Set<number>([
  constants.NGHTTP2_HTTP_1_1_REQUIRED,
  constants.NGHTTP2_PROTOCOL_ERROR,
  constants.NGHTTP2_CONNECT_ERROR,
]);

/** A request whose head has been answered. */
interface Exchange {
  readonly stream: ClientHttp2Stream;
  readonly abort: () => void;
  readonly response: IncomingHttpHeaders & { ":status"?: number };
  readonly early: AnswerBytes;
}

/**
 * One HTTP/2 connection to a proxy, which carries many tunnels (RFC 9113 §8.5). Owned by the pool that made it;
 * `onGone` is called once when it takes no more requests, `onClosed` once when its last tunnel has ended.
 */
export class Http2Connection {
  readonly #session: ClientHttp2Session;
  readonly #dialed: Dialed;
  readonly #proxy: ProxyAddress;
  readonly #limits: Limits;
  #streams = 0;
  #everAnswered = false;
  /** When an answer last proved that the peer lives. */
  #heardAt = performance.now();
  #bytesSeen = 0;
  #suspect = false;
  #pinging: Promise<void> | null = null;
  #pingTimer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #gone = false;
  #failure: AppError | null = null;
  /** Called once: the connection takes no further requests, though its tunnels may live on. */
  onGone: () => void = () => undefined;
  /** Called once: nothing of the connection is left. */
  onClosed: () => void = () => undefined;

  private constructor(dialed: Dialed, proxy: ProxyAddress, limits: Limits) {
    this.#dialed = dialed;
    this.#proxy = proxy;
    this.#limits = limits;
    // One-way ends travel in frames here: a FIN of the proxy is the end of the connection, which Node would not notice.
    dialed.socket.allowHalfOpen = false;
    this.#session = http2.connect(originOf(proxy), {
      createConnection: () => dialed.socket,
      settings: { initialWindowSize: limits.http2StreamWindow, enablePush: false },
      // Megabytes; Node's 10 would refuse streams while a few uploads wait for the proxy. The pipes bound what waits.
      maxSessionMemory: 512,
    });
    this.#session.on("error", (error) => (this.#failure ??= dialed.explain(error)));
    // After a GOAWAY(NO_ERROR) Node takes a reset of the connection for its orderly end, and ends the streams as if the
    // proxy had. This listener comes before Node's own.
    dialed.socket.prependListener("error", (error) => this.#session.destroy(error, constants.NGHTTP2_CANCEL));
    this.#session.on("goaway", () => this.#retire());
    this.#session.on("close", () => this.#closed());
  }

  /**
   * Starts HTTP/2 on a fresh connection and waits for the peer's SETTINGS, since they say how many streams it takes.
   * @throws Http2Unusable when the peer ends the connection first or takes no streams at all.
   */
  static async open(
    dialed: Dialed,
    proxy: ProxyAddress,
    limits: Limits,
    signal: AbortSignal,
  ): Promise<Http2Connection> {
    const connection = new Http2Connection(dialed, proxy, limits);
    const session = connection.#session;
    const unusable = (reason: string, certain: boolean): Http2Unusable =>
      new Http2Unusable(reason, connection.#failure ?? dialed.explain({ code: "" }), certain);
    const settings = new Promise<void>((resolve, reject) => {
      session.once("remoteSettings", () => resolve());
      session.once("close", () =>
        reject(connection.#lateAlert() ?? unusable("it closed the HTTP/2 connection at once", false)),
      );
    });
    try {
      const limit = { ms: limits.tlsMs, error: () => noAnswer(proxy, limits.tlsMs, undefined, "start HTTP/2") };
      await waitFor(settings, signal, limit);
      if (connection.#streamLimit() === 0) throw unusable("it takes no HTTP/2 streams", true);
    } catch (error) {
      connection.destroy();
      throw error;
    }
    // `initialWindowSize` concerns streams; the window of the whole connection is a call of its own (RFC 9113 §6.9).
    session.setLocalWindowSize(limits.http2SessionWindow);
    connection.#watch();
    return connection;
  }

  /** With TLS 1.3 a refused client certificate is told after the handshake (protocol.md): that is no fault of HTTP/2. */
  #lateAlert(): AppError | null {
    const code = this.#failure?.code;
    return code === "client-certificate-needed" || code === "client-certificate-refused" ? this.#failure : null;
  }

  /** The peer's SETTINGS_MAX_CONCURRENT_STREAMS (RFC 9113 §6.5.2); beyond it Node would queue silently. */
  #streamLimit(): number {
    return this.#session.remoteSettings?.maxConcurrentStreams ?? 100;
  }

  get streams(): number {
    return this.#streams;
  }

  /** True where the next request can go out at once. */
  get hasRoom(): boolean {
    // A session that has failed says so some turns later.
    return !this.#gone && !this.#suspect && !this.#session.destroyed && this.#streams < this.#streamLimit();
  }

  /**
   * CONNECT on a stream of its own (RFC 9113 §8.5). Call only while `hasRoom`.
   * @throws Unanswered, Http2Unusable, or AppError.
   */
  async connect(request: ConnectRequest, signal: AbortSignal): Promise<ConnectOutcome> {
    const headers = {
      ":method": "CONNECT",
      ":authority": authorityOf(request.target.destination),
      ...requestFields(request.jwt),
    };
    const opened = await this.open(headers, request.target, signal);
    if (opened.kind === "answered") return opened;
    const { stream, abort, explain } = opened;
    // A lost connection and RST_STREAM(CANCEL) make Node emit 'end', without an error.
    const endIsClean = (): boolean => (stream.rstCode ?? 0) === constants.NGHTTP2_NO_ERROR;
    const wasCutShort = (): boolean => stream.rstCode === constants.NGHTTP2_INTERNAL_ERROR;
    return {
      kind: "open",
      path: { stream, via: "h2", carriesHalfClose: true, reset: abort, endIsClean, wasCutShort, explain },
    };
  }

  /** The peer takes extended CONNECT (RFC 8441 §3). Without this setting it must never be sent. */
  get offersExtendedConnect(): boolean {
    return this.#session.remoteSettings?.enableConnectProtocol === true;
  }

  /**
   * Sends one CONNECT of either kind. Call only while `hasRoom`.
   * @returns the stream, paused, from its first byte; or the answer where the proxy refused.
   * @throws Unanswered, Http2Unusable, or AppError.
   */
  async open(headers: http2.OutgoingHttpHeaders, target: Target, signal: AbortSignal): Promise<Http2Opened> {
    const { stream, abort, response, early } = await this.#request(
      headers,
      false,
      this.#limits.connectAnswerMs,
      signal,
    );
    const status = response[":status"] ?? 0;
    if (status >= 200 && status < 300) {
      if (isPage(plainHeaders(response))) {
        abort();
        throw notHttp(target, "it sent a web page");
      }
      stream.pause();
      const bytes = early.take();
      if (bytes.length > 0) stream.unshift(bytes);
      const explain = (error: unknown): AppError => this.#failure ?? this.#dialed.explain(error);
      return { kind: "open", stream, abort, explain };
    }
    const body = await early.body(this.#limits.refusalBodyBytes, this.#limits.refusalBodyMs, signal);
    abort();
    return { kind: "answered", answer: { status, headers: plainHeaders(response), body, own: this.#dialed.own } };
  }

  /** GET of one of the proxy's own pages. @throws Unanswered, Http2Unusable or AppError; every status resolves. */
  async get(path: string, jwt: string | null, signal: AbortSignal): Promise<ApiAnswer> {
    const headers = {
      ":method": "GET",
      ":scheme": "https",
      ":authority": hostHeaderOf(this.#proxy),
      ":path": path,
      ...requestFields(jwt),
    };
    const { abort, response, early } = await this.#request(headers, true, this.#limits.apiCallMs, signal);
    const body = await early.body(this.#limits.apiBodyBytes, this.#limits.apiCallMs, signal);
    abort();
    return { status: response[":status"] ?? 0, headers: plainHeaders(response), body };
  }

  async #request(
    headers: http2.OutgoingHttpHeaders,
    endStream: boolean,
    ms: number,
    signal: AbortSignal,
  ): Promise<Exchange> {
    throwIfAborted(signal);
    // `stream.close(code)` would send END_STREAM first, which the far side takes for a clean end; only a stream made
    // with a signal can be ended by RST_STREAM(CANCEL) alone.
    const aborter = new AbortController();
    const abort = (): void => aborter.abort();
    let stream: ClientHttp2Stream;
    try {
      stream = this.#session.request(headers, { endStream, signal: aborter.signal });
    } catch (error) {
      throw this.#unanswered(null, error);
    }
    this.#began(stream);
    const early = new AnswerBytes(stream);
    let stopWatching = (): void => undefined;
    try {
      const response = await new Promise<IncomingHttpHeaders>((resolve, reject) => {
        const timer = setTimeout(() => reject(noAnswer(this.#proxy, ms)), ms);
        const onAbort = (): void => reject(cancelled(signal));
        signal.addEventListener("abort", onAbort, { once: true });
        stopWatching = this.#watchLife(reject);
        stream.once("response", resolve);
        stream.once("error", (error) => reject(this.#unanswered(stream, error)));
        stream.once("close", () => {
          clearTimeout(timer);
          signal.removeEventListener("abort", onAbort);
          reject(this.#unanswered(stream, { code: "" }));
        });
        stream.once("response", () => {
          clearTimeout(timer);
          signal.removeEventListener("abort", onAbort);
        });
      });
      this.#everAnswered = true;
      this.#heardAt = performance.now();
      return { stream, abort, response, early };
    } catch (error) {
      abort();
      throw error;
    } finally {
      stopWatching();
    }
  }

  /** Why a request got no answer, as what the connector can act on. @param stream null where it could not even begin. */
  #unanswered(stream: ClientHttp2Stream | null, error: unknown): Error {
    const failure = this.#failure ?? this.#dialed.explain(error);
    const late = this.#lateAlert();
    if (late) return late;
    const code = stream?.rstCode ?? 0;
    const ended = !stream || this.#session.destroyed || this.#gone;
    if (ended || notProcessed.has(code)) return new Unanswered(failure, ended && !this.#everAnswered);
    if (notSpoken.has(code) && !this.#everAnswered)
      return new Http2Unusable("it refuses CONNECT on HTTP/2", failure, true);
    return codeOf(error) === "ABORT_ERR" ? cancelled() : failure;
  }

  /** Set where the connection takes no more requests: why a request that was meant for it got no answer. */
  get lost(): Error | null {
    return this.#gone ? this.#unanswered(null, { code: "" }) : null;
  }

  #began(stream: ClientHttp2Stream): void {
    this.#streams += 1;
    clearTimeout(this.#idleTimer);
    // Late errors are news of a stream that its user has already left.
    stream.on("error", () => undefined);
    stream.once("close", () => {
      this.#streams -= 1;
      if (this.#streams === 0) this.#armIdle();
    });
  }

  #armIdle(): void {
    clearTimeout(this.#idleTimer);
    if (this.#gone) return this.#session.close();
    this.#idleTimer = setTimeout(() => {
      this.#retire();
      this.#session.close();
    }, this.#limits.http2IdleMs);
    // An idle connection is no reason for the process to stay.
    this.#idleTimer.unref();
  }

  /**
   * After a silence the connection may have died unnoticed (sleep, another network). The request goes out all the
   * same, with a PING beside it, or behind it when the answer is late; `onDeath` is told when the PING finds nobody.
   */
  #watchLife(onDeath: (error: Error) => void): () => void {
    const ask = (): void => void this.#ping().catch(onDeath);
    const timer = setTimeout(ask, this.#limits.http2QuietMs);
    if (this.#pinging || performance.now() - this.#heardAt >= this.#limits.http2QuietMs) ask();
    return () => clearTimeout(timer);
  }

  #ping(): Promise<void> {
    this.#pinging ??= new Promise<void>((resolve, reject) => {
      let bytes = this.#dialed.socket.bytesRead;
      // An answer that queues behind bulk data on a slow line is late, not missing: what arrives proves life.
      const moved = (): boolean => {
        const before = bytes;
        bytes = this.#dialed.socket.bytesRead;
        return bytes !== before;
      };
      const suspect = setTimeout(() => {
        if (moved()) return void suspect.refresh();
        // The connection's tunnels stay: a train tunnel outlasts this. But new clients take another connection.
        this.#suspect = true;
        reject(new Unanswered(noAnswer(this.#proxy, this.#limits.http2SuspectMs)));
        if (this.#streams === 0) this.destroy();
      }, this.#limits.http2SuspectMs);
      const dead = setTimeout(() => {
        if (moved()) return void dead.refresh();
        this.#failure ??= noAnswer(this.#proxy, this.#limits.http2PingAnswerMs);
        this.destroy();
      }, this.#limits.http2PingAnswerMs);
      const over = (): void => {
        clearTimeout(suspect);
        clearTimeout(dead);
        this.#session.off("close", over);
        this.#pinging = null;
      };
      this.#session.once("close", over);
      try {
        this.#session.ping((error) => {
          over();
          if (error) return reject(new Unanswered(this.#failure ?? this.#dialed.explain(error)));
          this.#suspect = false;
          this.#heardAt = performance.now();
          resolve();
        });
      } catch (error) {
        over();
        reject(new Unanswered(this.#failure ?? this.#dialed.explain(error)));
      }
    });
    this.#pinging.catch(() => undefined);
    return this.#pinging;
  }

  /** Asks a silent connection with tunnels on it whether it lives, so that their clients learn of its death. */
  #watch(): void {
    this.#armIdle();
    this.#pingTimer = setInterval(() => {
      const bytes = this.#dialed.socket.bytesRead;
      if (this.#streams > 0 && bytes === this.#bytesSeen) void this.#ping();
      this.#bytesSeen = bytes;
    }, this.#limits.http2PingEveryMs);
    this.#pingTimer.unref();
  }

  /** No further requests: GOAWAY (RFC 9113 §6.8), idle, or closed. */
  #retire(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.onGone();
  }

  #closed(): void {
    clearInterval(this.#pingTimer);
    clearTimeout(this.#idleTimer);
    this.#dialed.socket.destroy();
    this.#retire();
    this.onClosed();
  }

  /** Takes no more requests and closes when its streams have ended. */
  retire(): void {
    this.#retire();
    this.#session.close();
  }

  /** Ends the connection and every tunnel on it. Idempotent. */
  destroy(): void {
    this.#retire();
    // With an error, since without one Node ends the streams as if the proxy had ended them.
    this.#session.destroy(this.#failure ?? this.#dialed.explain({ code: "" }), constants.NGHTTP2_CANCEL);
    this.#closed();
  }
}
