import { randomUUID } from "node:crypto";
import type { Readable, Writable } from "node:stream";
import { originOf, parsePomeriumUrl, type LocalAddress, type ProxyAddress, type Target } from "../shared/address.ts";
import { AppError } from "../shared/errors.ts";
import type { EventSink } from "../shared/events.ts";
import { limits as defaultLimits, type Limits } from "../shared/limits.ts";
import type { ClientInfo } from "../shared/model/activity.ts";
import { checkAllowed, everythingAllowed, type PolicyRules, type Wanted } from "../shared/model/policy.ts";
import { throwIfAborted } from "./aborts.ts";
import { CertificateSearches } from "./certstore/search.ts";
import { askForCas } from "./connect/ask-for-cas.ts";
import { Connector } from "./connect/connector.ts";
import type { EnginePorts, ProxyApi, Session } from "./ports.ts";
import { Sessions, type SignedOut } from "./session/sessions.ts";
import { TlsIdentities, type IdentityLease } from "./tls/identities.ts";
import type { TlsIdentity } from "./tls/identity.ts";
import type { TlsSettings } from "./tls/settings.ts";
import type { ConnectRequest, OpenPath, Outcome } from "./connect/path.ts";
import type { UdpPath } from "./connect/udp-path.ts";
import { Opener, type AuthSettings, type OpenRequest } from "./tunnel/opener.ts";
import { Peer } from "./tunnel/peer.ts";
import { TcpTunnel, type Totals } from "./tunnel/tunnel.ts";
import { UdpTunnel } from "./tunnel/udp-tunnel.ts";

export interface TunnelSettings {
  /** Unique among the engine's tunnels; names the tunnel in events. */
  readonly id: string;
  readonly target: Target;
  readonly listen: LocalAddress;
  readonly tls: TlsSettings;
  readonly auth: AuthSettings;
  /**
   * Clients wait while the destination cannot be reached for now, and it is tried again and again; without it they are
   * reset.
   */
  readonly retry?: true;
  /** UDP: silence after which a client is forgotten; milliseconds, `limits.udpIdleMs` where it is not set. */
  readonly udpIdleMs?: number;
}

export interface Tunnel {
  readonly id: string;
  /** Where it listens. */
  readonly address: { host: string; port: number };
  /** Clients now. */
  readonly peers: number;
  /** Clients now, oldest first. */
  clients(): ClientInfo[];
  /** Cuts one client off. Returns false when there is no such client. */
  disconnect(peer: number): boolean;
  /** Bytes of all clients so far, those that have left included: exact, and never less than before. */
  totals(): Totals;
  /** UDP: datagrams that were lost here so far, for want of room or of a path; never less than before. */
  dropped(): number;
  /** Ends the wait for the next attempt; tests anew an error that stays. Only where `retry` is set. */
  tryNow(): void;
  /** Stops accepting, lets clients finish for `graceMs`, then cuts them off. Idempotent. */
  close(options: { graceMs: number }): Promise<void>;
  /** Settles when nothing of the tunnel is left; never rejects. */
  readonly closed: Promise<void>;
}

/** The tunnel engine: owner of every tunnel, connection and sign-in. Knows no Electron and no command line. */
export class Engine {
  readonly #ports: EnginePorts;
  readonly #limits: Limits;
  readonly #connector: Connector;
  readonly #sessions: Sessions;
  readonly #opener: Opener<OpenPath>;
  readonly #udpOpener: Opener<UdpPath>;
  readonly #tunnels = new Set<TcpTunnel | UdpTunnel>();
  readonly #peers = new Set<Peer>();
  readonly #identities: TlsIdentities;
  readonly #searches: CertificateSearches;
  readonly #saidHeldEnd = new Set<string>();
  #closing: Promise<void> | null = null;

  constructor(ports: EnginePorts) {
    this.#ports = ports;
    this.#limits = { ...defaultLimits, ...ports.limits };
    this.#identities = new TlsIdentities(ports.events);
    this.#connector = new Connector({ limits: this.#limits, events: ports.events, lookup: ports.lookup });
    const { lookup, certificates: store, events } = ports;
    this.#searches = new CertificateSearches({
      store,
      events,
      limits: this.#limits,
      announced: (proxy, signal) => askForCas(proxy, { limits: this.#limits, lookup }, signal),
    });
    const api: ProxyApi = {
      get: (proxy, tls, path, jwt, signal) =>
        this.#searches.using(proxy, this.#identities.of(tls), signal, (found) =>
          this.#connector.get(proxy, found, path, jwt, signal),
        ),
    };
    this.#sessions = new Sessions({
      api,
      store: ports.sessions,
      browser: ports.browser,
      events: ports.events,
      limits: this.#limits,
      share: ports.shareSessions ?? true,
    });
    const connector = this.#connector;
    this.#opener = new Opener(
      {
        open: (request, identity, signal) =>
          this.#withCertificate(request, identity, signal, (found) => connector.open(request, found, signal)),
        discard: (path) => path.reset(),
      },
      this.#sessions,
    );
    this.#udpOpener = new Opener(
      {
        open: (request, identity, signal) =>
          this.#withCertificate(request, identity, signal, (found) => connector.openUdp(request, found, signal)),
        discard: (path) => path.close(),
      },
      this.#sessions,
    );
  }

  #withCertificate<P>(
    { target }: ConnectRequest,
    identity: TlsIdentity,
    signal: AbortSignal,
    open: (found: TlsIdentity) => Promise<Outcome<P>>,
  ): Promise<Outcome<P>> {
    const refused = (outcome: Outcome<P>): boolean => outcome.kind === "answered" && outcome.answer.status === 495;
    return this.#searches.using(target.proxy, identity, signal, open, refused);
  }

  /** @throws AppError of the settings, or `not-available-yet` where they want a search that cannot be made here. */
  #lease(settings: TlsSettings): IdentityLease {
    const lease = this.#identities.lease(settings);
    try {
      this.#searches.check(lease.identity);
    } catch (thrown) {
      lease.release();
      throw thrown;
    }
    return lease;
  }

  #preferHttp1({ target, identity }: OpenRequest): void {
    this.#connector.preferHttp1(target, this.#searches.lastFor(target.proxy, identity));
  }

  #checkOpen(signal: AbortSignal): void {
    throwIfAborted(signal);
    if (this.#closing) throw new AppError("closed", "Culvert is shutting down.");
  }

  #rules(): PolicyRules {
    return this.#ports.rules?.() ?? everythingAllowed;
  }

  /** @throws AppError `managed` where the administrators of this computer do not allow it. */
  #checkAllowed(wanted: Wanted): void {
    checkAllowed(this.#rules(), wanted);
  }

  #common(): { readonly limits: Limits; readonly events: EventSink } {
    return { limits: this.#limits, events: this.#ports.events };
  }

  #heldEnd(proxy: string): void {
    if (this.#saidHeldEnd.has(proxy) || this.#saidHeldEnd.size >= this.#limits.rememberedProxies) return;
    this.#saidHeldEnd.add(proxy);
    this.#ports.events({ type: "half-close-not-carried", proxy });
  }

  /**
   * Opens a local port that leads to the target. Nothing is sent to the proxy before the first client comes.
   * @throws AppError of the settings (`setting-invalid`, `client-certificate-invalid`, `managed`) or of listening
   * (`port-in-use`, …).
   */
  async openTunnel(settings: TunnelSettings, signal: AbortSignal): Promise<Tunnel> {
    this.#checkOpen(signal);
    const { id, target, listen, auth, retry = false, udpIdleMs = this.#limits.udpIdleMs } = settings;
    this.#checkAllowed(wantedOf(settings, listen));
    const { identity, release } = this.#lease(settings.tls);
    const options = {
      ...this.#common(),
      id,
      listen,
      request: { target, identity, auth },
      retry,
    };
    const opening =
      target.destination.protocol === "udp"
        ? UdpTunnel.open({ ...options, opener: this.#udpOpener, idleMs: udpIdleMs }, signal)
        : TcpTunnel.open(
            {
              ...options,
              opener: this.#opener,
              onHeldEnd: (proxy) => this.#heldEnd(proxy),
              onCutShort: (request) => this.#preferHttp1(request),
            },
            signal,
          );
    const tunnel = await opening.catch((thrown: unknown) => {
      release();
      throw thrown;
    });
    void tunnel.closed.then(release);
    if (this.#closing) {
      await tunnel.close({ graceMs: 0 });
      throw new AppError("closed", "Culvert is shutting down.");
    }
    this.#tunnels.add(tunnel);
    void tunnel.closed.then(() => this.#tunnels.delete(tunnel));
    // The system's roots are read now rather than while the first client waits for them.
    if (target.proxy.tls) setImmediate(() => warm(identity));
    return tunnel;
  }

  /**
   * Carries one pair of streams, such as standard input and output, to the target. Resolves when both have ended.
   * @throws AppError when no way could be opened or it was cut off.
   */
  async splice(
    settings: Omit<TunnelSettings, "listen">,
    local: { readable: Readable; writable: Writable },
    signal: AbortSignal,
  ): Promise<void> {
    this.#checkOpen(signal);
    checkTcp(settings.target);
    const reset = (): void => {
      local.readable.destroy();
      local.writable.destroy();
    };
    const { id, target, auth } = settings;
    this.#checkAllowed(wantedOf(settings));
    const { identity, release } = this.#lease(settings.tls);
    const request: OpenRequest = { target, identity, auth };
    const peer = new Peer({
      ...this.#common(),
      tunnel: id,
      id: 1,
      local: { ...local, reset },
      request,
      opener: this.#opener,
      onHeldEnd: () => this.#heldEnd(originOf(target.proxy)),
      onCutShort: () => this.#preferHttp1(request),
      endsWithRemote: true,
    });
    this.#peers.add(peer);
    const stop = (): void => peer.stop();
    signal.addEventListener("abort", stop, { once: true });
    const error = await peer.closed;
    signal.removeEventListener("abort", stop);
    this.#peers.delete(peer);
    release();
    if (error) throw error;
    const { state } = peer;
    if (state.kind === "closed" && state.how === "reset-by-proxy") {
      throw new AppError(
        "connection-lost",
        `The connection to ${target.destination.host} was reset by the other side.`,
        { retryable: true },
      );
    }
  }

  /** Signs in at a proxy; keeps an existing session that the proxy still knows. @throws AppError of the sign-in. */
  login(proxy: ProxyAddress, tls: TlsSettings, signal: AbortSignal): Promise<Session> {
    this.#checkOpen(signal);
    this.#checkAllowed({ proxy, verify: tls.verify });
    const { identity, release } = this.#lease(tls);
    return this.#sessions.login({ proxy, tls: identity }, signal).finally(release);
  }

  /** Ends and forgets the session of one proxy (its origin), or all of them (null). */
  logout(proxyOrigin: string | null, tls: TlsSettings, signal: AbortSignal): Promise<SignedOut[]> {
    this.#checkOpen(signal);
    // A session may end at a proxy that is allowed no more, but is not shown to whoever says to be that proxy.
    const { allowUnverifiedTls } = this.#rules();
    checkAllowed({ ...everythingAllowed, allowUnverifiedTls }, { verify: tls.verify });
    const origin = proxyOrigin && originOf(parsePomeriumUrl(proxyOrigin));
    const { identity, release } = this.#lease(tls);
    return this.#sessions.signOut(origin, () => identity, signal).finally(release);
  }

  /** The sessions that are kept, newest first. */
  sessions(): Promise<Session[]> {
    return this.#sessions.list();
  }

  /** Ends a sign-in that waits for a person; its clients are told `cancelled`. */
  cancelSignIn(proxyOrigin: string): void {
    this.#sessions.cancelSignIn(proxyOrigin);
  }

  /** Closes everything: tunnels within `graceMs` (default `limits.drainMs`), then sign-ins, the certificate store, connections. Idempotent. */
  close({ graceMs = this.#limits.drainMs }: { graceMs?: number } = {}): Promise<void> {
    if (this.#closing) this.#hurry(graceMs);
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  /** A later call with a shorter grace shortens it, so that clients are reset rather than left to the end of the process. */
  #hurry(graceMs: number): void {
    for (const tunnel of this.#tunnels) void tunnel.close({ graceMs });
    if (graceMs === 0) for (const peer of this.#peers) peer.stop();
  }

  async #close(graceMs: number): Promise<void> {
    const spliced = [...this.#peers];
    for (const peer of spliced) peer.stopWaiting();
    const cut = setTimeout(() => spliced.forEach((peer) => peer.stop()), graceMs);
    await Promise.all([
      ...[...this.#tunnels].map((tunnel) => tunnel.close({ graceMs })),
      ...spliced.map((peer) => peer.closed),
    ]);
    clearTimeout(cut);
    await this.#sessions.close();
    this.#searches.close();
    this.#ports.certificates?.close?.();
    this.#connector.close();
  }
}

const wantedOf = ({ target, tls, auth }: Omit<TunnelSettings, "listen">, listen?: LocalAddress): Wanted => ({
  proxy: target.proxy,
  verify: tls.verify,
  token: auth.kind === "service-account",
  ...(listen && { listen }),
});

function warm(identity: TlsIdentity): void {
  try {
    identity.context();
  } catch {
    // The first client meets the same error, and is told.
  }
}

function checkTcp(target: Target): void {
  if (target.destination.protocol === "udp") {
    throw new AppError("setting-invalid", "Standard input and output carry a TCP stream, not UDP datagrams.", {
      userAction: "Give a local address for a UDP destination.",
    });
  }
}

/** A new id for a tunnel that no one names. */
export const newTunnelId = (): string => randomUUID();
