import type { RemoteInfo, Socket } from "node:dgram";
import { authorityOf, formatHostPort, type LocalAddress } from "../../shared/address.ts";
import { AppError } from "../../shared/errors.ts";
import type { EventSink } from "../../shared/events.ts";
import type { Limits } from "../../shared/limits.ts";
import type { ClientInfo } from "../../shared/model/activity.ts";
import { nextTunnelState, type TunnelInput, type TunnelState } from "../../shared/states.ts";
import { cancelled } from "../aborts.ts";
import type { UdpPath } from "../connect/udp-path.ts";
import { listenError } from "./listen-error.ts";
import type { Opener, OpenRequest } from "./opener.ts";
import { newRetryGate, type RetryGate } from "./retry-gate.ts";
import type { Totals } from "./tunnel.ts";
import { UdpDrops } from "./udp-drops.ts";
import { UdpPause } from "./udp-pause.ts";
import { UdpPeer } from "./udp-peer.ts";
import { ownAddresses, UdpSockets } from "./udp-sockets.ts";

export interface UdpTunnelOptions {
  readonly id: string;
  readonly listen: LocalAddress;
  readonly request: OpenRequest;
  readonly opener: Opener<UdpPath>;
  readonly limits: Limits;
  readonly events: EventSink;
  /** Clients wait while the destination cannot be reached for now. */
  readonly retry: boolean;
  /** Silence after which a client is forgotten; milliseconds. */
  readonly idleMs: number;
}

/** A client, and what only its tunnel knows of it. */
interface Client {
  readonly key: string;
  readonly peer: UdpPeer;
  readonly from: string;
  readonly since: number;
  /** The one that its last datagram came to: a local address may go and come back. */
  socket: Socket;
}

/** A local UDP port whose every client, one for each source address, is carried to one destination. Owns sockets and peers. */
export class UdpTunnel {
  readonly #options: UdpTunnelOptions;
  readonly #sockets: UdpSockets;
  /** By number, and so in the order in which they came. */
  readonly #clients = new Map<number, Client>();
  readonly #byAddress = new Map<string, Client>();
  readonly #gate: RetryGate | undefined;
  readonly #drops: UdpDrops;
  readonly #pause: UdpPause;
  #left: Totals = { sent: 0, received: 0 };
  #state: TunnelState = { kind: "off" };
  #nextPeer = 1;
  /** How many clients had a path: without any there is none to look for under a flood. */
  #open = 0;
  #address = { host: "", port: 0 };
  #addressTimer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | null = null;
  #resolveClosed: () => void = () => undefined;
  /** Settles when nothing of the tunnel is left; never rejects. */
  readonly closed = new Promise<void>((resolve) => (this.#resolveClosed = resolve));

  private constructor(options: UdpTunnelOptions) {
    const { id, request, opener, limits, events, listen } = options;
    const destination = authorityOf(request.target.destination);
    this.#options = options;
    this.#gate = options.retry ? newRetryGate({ tunnel: id, request, opener, limits, events }) : undefined;
    this.#drops = new UdpDrops(limits.udpDropsToldMs, (reason, count) =>
      events({ type: "datagrams-dropped", tunnel: id, destination, reason, count }),
    );
    this.#pause = new UdpPause(limits);
    this.#sockets = new UdpSockets({
      listen,
      limits,
      message: (payload, from, socket, local) => this.#take(payload, from, socket, local),
    });
  }

  /**
   * Binds the address asked for and nothing else.
   * @throws AppError `port-in-use`, `port-needs-rights`, `address-not-here`, `listen-failed`, `cancelled`.
   */
  static async open(options: UdpTunnelOptions, signal: AbortSignal): Promise<UdpTunnel> {
    const tunnel = new UdpTunnel(options);
    const destination = authorityOf(options.request.target.destination);
    tunnel.#next({ type: "start" });
    try {
      const host = await tunnel.#sockets.open(signal);
      if (signal.aborted) throw cancelled(signal);
      tunnel.#address = { host, port: tunnel.#sockets.port };
    } catch (thrown) {
      tunnel.#sockets.close();
      const error = thrown instanceof AppError ? thrown : await listenError(thrown, options.listen, "udp");
      tunnel.#next({ type: "failed", error: error.toData() });
      options.events({ type: "tunnel-failed", tunnel: options.id, destination, error: error.toData() });
      tunnel.#resolveClosed();
      throw error;
    }
    const address = formatHostPort(tunnel.#address.host, tunnel.#address.port);
    tunnel.#next({ type: "bound", address });
    tunnel.#addressTimer = setInterval(() => tunnel.#checkAddresses(), options.limits.udpAddressesMs).unref();
    options.events({ type: "tunnel-listening", tunnel: options.id, address, destination });
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

  /** Where it really listens. */
  get address(): { host: string; port: number } {
    return this.#address;
  }

  /** Its clients, oldest first. */
  clients(): ClientInfo[] {
    return [...this.#clients].flatMap(([number, { peer, from, since }]) => {
      const { state, sent, received, dropped } = peer;
      return state.kind === "closed" ? [] : { peer: number, from, since, state: state.kind, sent, received, dropped };
    });
  }

  /** Forgets one client; its next datagram begins anew. Returns false when there is no such client. */
  disconnect(number: number): boolean {
    const client = this.#clients.get(number);
    client?.peer.stop(new AppError("cancelled", "The client was disconnected."));
    return client !== undefined;
  }

  /** Bytes of all clients so far. Exact at any time. */
  totals(): Totals {
    let { sent, received } = this.#left;
    for (const { peer } of this.#clients.values()) {
      sent += peer.sent;
      received += peer.received;
    }
    return { sent, received };
  }

  /** Datagrams that were lost here so far. */
  dropped(): number {
    return this.#drops.total;
  }

  /** Ends the wait for the next attempt; tests anew an error that stays. */
  tryNow(): void {
    this.#pause.end();
    this.#gate?.tryNow();
  }

  #take(payload: Buffer, from: RemoteInfo, socket: Socket, local: string): void {
    if (this.#closing) return;
    const key = `${from.address} ${from.port} ${local}`;
    const client = this.#byAddress.get(key) ?? this.#newClient(key, from, socket);
    if (!client) return;
    client.socket = socket;
    client.peer.take(payload);
  }

  /** Null where there can be none now; the datagram is counted as dropped then. */
  #newClient(key: string, from: RemoteInfo, socket: Socket): Client | null {
    const { id, limits, events, request, opener, idleMs } = this.#options;
    if (this.#pause.holds()) {
      this.#drops.add("no-path-yet", 1);
      return null;
    }
    if (this.#clients.size >= limits.udpPeersPerTunnel && !this.#makeRoom()) {
      this.#drops.add("too-many-clients", 1);
      return null;
    }
    const number = this.#nextPeer++;
    const shown = formatHostPort(from.address, from.port);
    events({ type: "peer-opened", tunnel: id, peer: number, from: shown });
    const peer = new UdpPeer({
      tunnel: id,
      id: number,
      request,
      opener,
      limits,
      events,
      idleMs,
      gate: this.#gate,
      deliver: (payload) => this.#deliver(client, payload, from),
      dropped: (reason, count) => this.#drops.add(reason, count),
      opened: () => {
        this.#open += 1;
        this.#pause.end();
      },
    });
    const client: Client = { key, peer, from: shown, since: Date.now(), socket };
    this.#clients.set(number, client);
    this.#byAddress.set(key, client);
    void peer.closed.then((error) => this.#leave(number, client, error));
    return client;
  }

  /** Lets the client go that was silent for longest, as NATs do (RFC 4787 §4.3). One that still waits for its path stays. */
  #makeRoom(): boolean {
    if (this.#open === 0) return false;
    let oldest: Client | null = null;
    for (const client of this.#clients.values())
      if (client.peer.state.kind === "connected" && client.peer.heardAt < (oldest?.peer.heardAt ?? Infinity))
        oldest = client;
    if (!oldest) return false;
    oldest.peer.stop(undefined, "idle");
    // Its end comes a moment later; its place is free now.
    this.#byAddress.delete(oldest.key);
    return true;
  }

  #checkAddresses(): void {
    if (this.#open === 0) return;
    const own = ownAddresses();
    if (own) for (const { peer } of [...this.#clients.values()]) peer.checkAddress(own);
  }

  /** From the socket that the client sent to, since it takes answers from no other address. */
  #deliver({ peer, socket }: Client, payload: Buffer, to: RemoteInfo): void {
    try {
      if (socket.getSendQueueSize() > this.#options.limits.udpSendBytes) return peer.drop("client-slow", 1);
      socket.send(payload, to.port, to.address, (error) => {
        if (!error) return;
        const tooLarge = (error as NodeJS.ErrnoException).code === "EMSGSIZE";
        if (!this.#closing) peer.drop(tooLarge ? "too-large" : "client-gone", 1);
      });
    } catch {
      // The socket has closed, since its address has left this computer.
      peer.drop("client-gone", 1);
    }
  }

  #leave(number: number, client: Client, error: AppError | null): void {
    const { sent, received } = this.#left;
    this.#clients.delete(number);
    if (this.#byAddress.get(client.key) === client) this.#byAddress.delete(client.key);
    this.#left = { sent: sent + client.peer.sent, received: received + client.peer.received };
    if (client.peer.wasOpen) this.#open -= 1;
    if (error && !this.#closing) this.#pause.failed(error);
  }

  /** Ends at once: a UDP client has no end to wait for. Idempotent. */
  close(_options: { graceMs: number }): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { id, events } = this.#options;
    this.#next({ type: "stop" });
    clearInterval(this.#addressTimer);
    this.#gate?.close(new AppError("closed", "The tunnel was closed."));
    const clients = [...this.#clients.values()];
    for (const { peer } of clients) peer.stop();
    await Promise.all(clients.map(({ peer }) => peer.closed));
    this.#sockets.close();
    this.#drops.close();
    this.#next({ type: "closed" });
    events({ type: "tunnel-stopped", tunnel: id, address: formatHostPort(this.#address.host, this.#address.port) });
    this.#resolveClosed();
  }

  #next(input: TunnelInput): void {
    this.#state = nextTunnelState(this.#state, input);
  }
}
