import { AppError, asAppError } from "../../shared/errors.ts";
import type { DropReason, PeerEnd } from "../../shared/events.ts";
import type { Limits } from "../../shared/limits.ts";
import type { PeerState } from "../../shared/states.ts";
import type { UdpPath } from "../connect/udp-path.ts";
import type { OpenRequest } from "./opener.ts";
import { PeerLife, type PeerLifeOptions } from "./peer-life.ts";
import { UdpQueue } from "./udp-queue.ts";

export interface UdpPeerOptions extends PeerLifeOptions<UdpPath> {
  readonly limits: Limits;
  /** Silence after which it ends; milliseconds. */
  readonly idleMs: number;
  /** Sends an answer to the client. */
  readonly deliver: (payload: Buffer) => void;
  /** Told of each datagram of this client that was lost here. */
  readonly dropped: (reason: DropReason, count: number) => void;
  /** A path was found. */
  readonly opened: () => void;
}

/** One local source address of a UDP tunnel, from its first datagram to its end. Owns its path. */
export class UdpPeer {
  readonly #options: UdpPeerOptions;
  readonly #aborter = new AbortController();
  readonly #life: PeerLife<UdpPath>;
  readonly #queue: UdpQueue;
  #openedAt = Infinity;
  /** Looks in a row at which the address that its path goes out from was missing; null before it was seen once. */
  #missed: number | null = null;
  #path: UdpPath | null = null;
  #finish: (how: PeerEnd | AppError) => void = () => undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  /** When a datagram last went either way; monotonic milliseconds. */
  heardAt = performance.now();
  /** Bytes from the client that went to the proxy. */
  sent = 0;
  /** Bytes to the client. */
  received = 0;
  /** Datagrams of this client that were lost here. */
  dropped = 0;
  #datagramsSent = 0;
  #datagramsReceived = 0;
  /** What says that others had better not try now, null where nothing does. Settles when nothing of it is left; never rejects. */
  readonly closed: Promise<AppError | null>;

  constructor(options: UdpPeerOptions) {
    this.#options = options;
    this.#life = new PeerLife(options);
    this.#queue = new UdpQueue(options.limits);
    this.closed = this.#run();
  }

  get state(): PeerState {
    return this.#life.state;
  }

  /** A path was found, whatever came of it. */
  get wasOpen(): boolean {
    return this.#life.step === "transfer";
  }

  /** Takes a datagram of the client; never waits. */
  take(payload: Buffer): void {
    this.heardAt = performance.now();
    if (this.#path) this.#send(payload);
    else if (this.state.kind === "closed" || !this.#queue.add(payload)) this.drop("no-path-yet", 1);
  }

  /** Counts datagrams of this client that were lost here. */
  drop(reason: DropReason, count: number): void {
    this.dropped += count;
    this.#options.dropped(reason, count);
  }

  /** Ends the peer, whatever it is doing. Idempotent. */
  stop(reason = new AppError("closed", "The tunnel was closed."), how: PeerEnd = "stopped"): void {
    this.#aborter.abort(reason);
    this.#finish(how);
  }

  /**
   * Ends the peer when the address that its path goes out from has left this computer, twice in a row since networks
   * flap. TCP would try on for a quarter of an hour, and a program that keeps its port would never get another path.
   * @param own every address of this computer.
   */
  checkAddress(own: ReadonlySet<string>): void {
    const address = this.#path?.localAddress;
    if (typeof address !== "string") return;
    if (own.has(address)) this.#missed = 0;
    else if (this.#missed !== null && (this.#missed += 1) === 2) this.#finish(addressGone());
  }

  #send(payload: Buffer): void {
    const result = this.#path?.send(payload) ?? "full";
    if (result !== "sent") return this.drop(result === "full" ? "proxy-slow" : "too-large", 1);
    this.sent += payload.length;
    this.#datagramsSent += 1;
  }

  async #run(): Promise<AppError | null> {
    const { signal } = this.#aborter;
    const life = this.#life;
    try {
      const on = {
        // A person may take longer.
        signingIn: () => clearTimeout(this.#idleTimer),
        waiting: () => this.#armIdle(),
      };
      const path = await life.open(on, signal);
      if (signal.aborted) {
        path.close();
        throw asAppError(signal.reason);
      }
      this.#options.opened();
      this.#openedAt = performance.now();
      life.opened(path);
      const how = await this.#transfer(path);
      const { sent, received } = this;
      const datagrams = { sent: this.#datagramsSent, received: this.#datagramsReceived, dropped: this.dropped };
      life.closed(how, { clientEnded: false, sent, received, datagrams });
      return how === "ended-by-proxy" && this.#brokeAtOnce() ? endedAtOnce(this.#options.request) : null;
    } catch (thrown) {
      clearTimeout(this.#idleTimer);
      const error = asAppError(thrown);
      if (this.#queue.length > 0) this.drop("no-path-yet", this.#queue.take().length);
      life.failed(error);
      return this.#isNews() ? error : null;
    }
  }

  /** Ended by the far side before it was of any use: to ask again at once would only bring the same. */
  #brokeAtOnce(): boolean {
    return this.#datagramsReceived === 0 && performance.now() - this.#openedAt < this.#options.limits.udpPauseFirstMs;
  }

  /** Whether its failure says something about the next attempt. */
  #isNews(): boolean {
    if (this.#life.step === "transfer") return this.#brokeAtOnce();
    // Sent away, or fallen silent; but whoever is in the middle of a sign-in would only get the next page.
    return !this.#aborter.signal.aborted || this.#life.step === "sign-in";
  }

  /** Resolves with how it ended; its first datagrams go out before any that come from now on. */
  #transfer(path: UdpPath): Promise<PeerEnd> {
    return new Promise((resolve, reject) => {
      this.#finish = (how) => {
        this.#finish = () => undefined;
        clearTimeout(this.#idleTimer);
        this.#path = null;
        path.close();
        if (how instanceof AppError) reject(how);
        else resolve(how);
      };
      this.#path = path;
      for (const payload of this.#queue.take()) this.#send(payload);
      this.heardAt = performance.now();
      this.#armIdle();
      path.start({
        datagram: (payload) => {
          this.heardAt = performance.now();
          this.received += payload.length;
          this.#datagramsReceived += 1;
          this.#options.deliver(payload);
        },
        ended: (error) => this.#finish(error ?? "ended-by-proxy"),
      });
    });
  }

  #armIdle(): void {
    clearTimeout(this.#idleTimer);
    const { idleMs } = this.#options;
    const left = this.heardAt + idleMs - performance.now();
    if (left <= 0) return this.#path ? this.#finish("idle") : this.stop(fellSilent());
    this.#idleTimer = setTimeout(() => this.#armIdle(), Math.ceil(left));
  }
}

const fellSilent = (): AppError => new AppError("cancelled", "The client fell silent while it was waiting.");

const addressGone = (): AppError =>
  new AppError("connection-lost", "The connection was lost: this computer is on another network now.", {
    retryable: true,
  });

const endedAtOnce = ({ target }: OpenRequest): AppError =>
  new AppError("connection-lost", `${target.proxy.host} ended the way at once.`, { retryable: true });
