import net from "node:net";
import { authorityOf, formatHostPort, originOf, type LocalAddress } from "../../shared/address.ts";
import { AppError } from "../../shared/errors.ts";
import type { EventSink } from "../../shared/events.ts";
import type { Limits } from "../../shared/limits.ts";
import type { ClientInfo } from "../../shared/model/activity.ts";
import { nextTunnelState, type TunnelInput, type TunnelState } from "../../shared/states.ts";
import { cancelled, waitFor } from "../aborts.ts";
import { listenError } from "./listen-error.ts";
import { localAddressOf } from "./local-host.ts";
import type { OpenPath } from "../connect/path.ts";
import type { Opener, OpenRequest } from "./opener.ts";
import { Peer } from "./peer.ts";
import type { PipeSide } from "./pipe.ts";
import { newRetryGate, type RetryGate } from "./retry-gate.ts";

export interface TunnelOptions {
  readonly id: string;
  readonly listen: LocalAddress;
  readonly request: OpenRequest;
  readonly opener: Opener<OpenPath>;
  readonly limits: Limits;
  readonly events: EventSink;
  /** Says, once per proxy, that a way cannot carry one-way ends. */
  readonly onHeldEnd: (proxy: string) => void;
  /** A transfer to the destination was cut short on HTTP/2 because its client was slow. */
  readonly onCutShort: (request: OpenRequest) => void;
  /** Clients wait while the destination cannot be reached for now, rather than being reset. */
  readonly retry: boolean;
}

/** A client, and what only its listener knows of it. */
interface Client {
  readonly peer: Peer;
  readonly from: string;
  readonly since: number;
}

/** Bytes of all clients of a tunnel, those that have left included. Never falls. */
export interface Totals {
  readonly sent: number;
  readonly received: number;
}

/** A local TCP listener whose every client is carried to one destination. Owns its socket and its peers. */
export class TcpTunnel {
  readonly #options: TunnelOptions;
  readonly #server: net.Server;
  /** By number, and so in the order in which they came. */
  readonly #clients = new Map<number, Client>();
  readonly #gate: RetryGate | undefined;
  /** Bytes of clients that have left. */
  #left: Totals = { sent: 0, received: 0 };
  #state: TunnelState = { kind: "off" };
  #nextPeer = 1;
  #address: { host: string; port: number } | null = null;
  #closing: Promise<void> | null = null;
  #resolveClosed: () => void = () => undefined;
  /** Settles when nothing of the tunnel is left; never rejects. */
  readonly closed = new Promise<void>((resolve) => (this.#resolveClosed = resolve));

  private constructor(options: TunnelOptions) {
    this.#options = options;
    const { id, request, opener, limits, events } = options;
    this.#gate = options.retry ? newRetryGate({ tunnel: id, request, opener, limits, events }) : undefined;
    this.#server = net.createServer(
      {
        // The rules of pipe.ts need both: a FIN that does not close our side, and no read before there is a listener.
        allowHalfOpen: true,
        pauseOnConnect: true,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: options.limits.keepAliveMs,
        highWaterMark: options.limits.pipeBuffer,
      },
      (socket) => this.#accept(socket),
    );
    this.#server.maxConnections = options.limits.peersPerTunnel;
    this.#server.on("drop", () => this.#tooMany());
  }

  /**
   * Starts to listen, on the address asked for and on nothing else.
   * @throws AppError `port-in-use`, `port-needs-rights`, `address-not-here`, `listen-failed`, `cancelled`.
   */
  static async open(options: TunnelOptions, signal: AbortSignal): Promise<TcpTunnel> {
    const tunnel = new TcpTunnel(options);
    try {
      await tunnel.#listen(signal);
    } catch (thrown) {
      const error = thrown instanceof AppError ? thrown : await listenError(thrown, options.listen, "tcp");
      tunnel.#next({ type: "failed", error: error.toData() });
      const destination = authorityOf(options.request.target.destination);
      options.events({ type: "tunnel-failed", tunnel: options.id, destination, error: error.toData() });
      tunnel.#resolveClosed();
      throw error;
    }
    return tunnel;
  }

  get id(): string {
    return this.#options.id;
  }

  get state(): TunnelState {
    return this.#state;
  }

  get peers(): number {
    return this.#clients.size;
  }

  /** Its clients, oldest first. */
  clients(): ClientInfo[] {
    return [...this.#clients].flatMap(([number, { peer, from, since }]) => {
      const { state, sent, received } = peer;
      // Said to be gone already, though its end is still on its way here.
      return state.kind === "closed" ? [] : { peer: number, from, since, state: state.kind, sent, received };
    });
  }

  /** Cuts one client off. Returns false when there is no such client. */
  disconnect(number: number): boolean {
    const client = this.#clients.get(number);
    client?.peer.stop(new AppError("cancelled", "The client was disconnected."));
    return client !== undefined;
  }

  /** Exact at any time; costs nothing where no client is connected. */
  totals(): Totals {
    let { sent, received } = this.#left;
    for (const { peer } of this.#clients.values()) {
      sent += peer.sent;
      received += peer.received;
    }
    return { sent, received };
  }

  /** Bytes are never dropped. */
  dropped(): number {
    return 0;
  }

  /** Ends the wait for the next attempt; tests anew an error that stays. Does nothing where nothing is wrong. */
  tryNow(): void {
    this.#gate?.tryNow();
  }

  /** Where it really listens. */
  get address(): { host: string; port: number } {
    return this.#address ?? { host: "", port: 0 };
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { listen, id, request, events } = this.#options;
    this.#next({ type: "start" });
    const host = listen.host === null ? {} : { host: await waitFor(localAddressOf(listen.host), signal) };
    return new Promise<void>((resolve, reject) => {
      if (signal.aborted) return reject(cancelled(signal));
      this.#server.once("error", reject);
      this.#server.listen({ port: listen.port, ...host }, () => {
        this.#server.off("error", reject);
        // Running out of file descriptors is reported here; the listener lives on and the next accept may work.
        this.#server.on("error", () => undefined);
        const bound = this.#server.address();
        if (bound === null || typeof bound === "string") return reject(new Error("no address"));
        this.#address = { host: bound.address, port: bound.port };
        const address = formatHostPort(bound.address, bound.port);
        this.#next({ type: "bound", address });
        events({ type: "tunnel-listening", tunnel: id, address, destination: authorityOf(request.target.destination) });
        resolve();
      });
    });
  }

  #tooMany(): void {
    const { id, request, limits, events } = this.#options;
    const error = new AppError("too-many-connections", `${limits.peersPerTunnel} clients are connected already.`, {
      retryable: true,
      userAction: "Close some of them.",
    });
    const destination = authorityOf(request.target.destination);
    events({
      type: "peer-failed",
      tunnel: id,
      peer: this.#nextPeer++,
      destination,
      step: "connect",
      ms: 0,
      error: error.toData(),
    });
  }

  #accept(socket: net.Socket): void {
    const { id, request, opener, limits, events, onHeldEnd, onCutShort } = this.#options;
    const from = formatHostPort(socket.remoteAddress ?? "?", socket.remotePort ?? 0);
    const local: PipeSide = { readable: socket, writable: socket, reset: () => socket.resetAndDestroy() };
    const number = this.#nextPeer++;
    events({ type: "peer-opened", tunnel: id, peer: number, from });
    const peer = new Peer({
      tunnel: id,
      id: number,
      local,
      request,
      opener,
      limits,
      events,
      onHeldEnd: () => onHeldEnd(originOf(request.target.proxy)),
      onCutShort: () => onCutShort(request),
      gate: this.#gate,
    });
    this.#clients.set(number, { peer, from, since: Date.now() });
    void peer.closed.then(() => this.#leave(number, peer));
  }

  #leave(number: number, peer: Peer): void {
    const { sent, received } = this.#left;
    this.#clients.delete(number);
    this.#left = { sent: sent + peer.sent, received: received + peer.received };
  }

  /**
   * Stops accepting at once, gives up clients that wait for a sign-in or for the next attempt, lets the others finish
   * for `graceMs`, then cuts them off. Idempotent; a second call with a shorter grace shortens it.
   */
  close({ graceMs }: { graceMs: number }): Promise<void> {
    const cut = setTimeout(() => {
      for (const { peer } of this.#clients.values()) peer.stop();
    }, graceMs);
    this.#closing ??= this.#close();
    return this.#closing.finally(() => clearTimeout(cut));
  }

  async #close(): Promise<void> {
    const { id, events } = this.#options;
    this.#next({ type: "stop" });
    this.#gate?.close(new AppError("closed", "The tunnel was closed."));
    for (const { peer } of this.#clients.values()) peer.stopWaiting();
    const unbound = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await Promise.all([unbound, ...[...this.#clients.values()].map(({ peer }) => peer.closed)]);
    this.#next({ type: "closed" });
    events({ type: "tunnel-stopped", tunnel: id, address: formatHostPort(this.address.host, this.address.port) });
    this.#resolveClosed();
  }

  #next(input: TunnelInput): void {
    this.#state = nextTunnelState(this.#state, input);
  }
}
