import { authorityOf, originOf, type LocalAddress, type Target } from "../../shared/address.ts";
import { AppError, asAppError, type AppErrorData } from "../../shared/errors.ts";
import type { EngineEvent } from "../../shared/events.ts";
import type { Limits } from "../../shared/limits.ts";
import { logEntriesKept, type Activity, type LogEntry, type TrafficSample } from "../../shared/model/activity.ts";
import type { ConnectionStatus } from "../../shared/model/status.ts";
import { waitFor } from "../aborts.ts";
import type { Engine, Tunnel } from "../engine.ts";
import type { TlsSettings } from "../tls/settings.ts";
import type { AuthSettings } from "../tunnel/opener.ts";
import { draftOf, notedEntry, startFailure, type LogDraft, type NotedEvent } from "./log-entries.ts";
import { LogRing } from "./log-ring.ts";
import { RunState, type TunnelEvent } from "./run-state.ts";
import { TrafficMeter } from "./traffic-meter.ts";

/** What the manager needs of the engine. */
export type ManagedEngine = Pick<Engine, "openTunnel">;

/** All that a connection needs to run. */
export interface ManagedSettings {
  readonly target: Target;
  readonly listen: LocalAddress;
  readonly tls: TlsSettings;
  readonly auth: AuthSettings;
  /** See TunnelSettings. */
  readonly udpIdleMs?: number;
}

export interface ManagedConnectionOptions {
  readonly id: string;
  readonly engine: () => ManagedEngine;
  readonly settingsOf: (id: string, signal: AbortSignal) => Promise<ManagedSettings>;
  readonly changed: (id: string) => void;
  readonly logged: (id: string, entries: readonly LogEntry[]) => void;
  readonly limits: Pick<Limits, "settingsMs">;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Where to sign in for a proxy: at itself, or at another one of the same Pomerium whose sign-in runs. */
  readonly signInAt: (proxy: string) => string;
  /** Number of the last sample of traffic. */
  readonly tick: () => number;
}

/** A tunnel that stands, the run that it was opened for, and where its bytes are counted. */
interface Running {
  readonly run: number;
  readonly tunnel: Tunnel;
  readonly meter: TrafficMeter;
}

const noBytes: TrafficSample = { received: 0, sent: 0 };

const superseded = (): AppError => new AppError("cancelled", "It was turned off before it had started.");

/** Errors that a new session may cure. */
const aboutSession = new Set([
  "access-denied",
  "sign-in-failed",
  "sign-in-needed",
  "sign-in-refused",
  "sign-in-timeout",
]);

/**
 * One connection: what is wanted of it, and the tunnel that follows. Wishes are only noted; one loop at a time makes
 * true whatever is wanted by then, so that no order of wishes can leave it in between.
 */
export class ManagedConnection {
  readonly #options: ManagedConnectionOptions;
  readonly #log = new LogRing(logEntriesKept);
  /** Of the time since it was turned on; the tunnel of an earlier time may still be closing. */
  #meter = new TrafficMeter(0);
  /** Datagrams that were lost in tunnels that have closed since it was turned on. */
  #droppedBefore = 0;
  /** The run that is wanted; null for off. Every turning on, and every restart, is a new run. */
  #wanted: number | null = null;
  #lastRun = 0;
  /** The run whose events count for the status. */
  #live: number | null = null;
  /** The run that could not be started, or has lost its port: it is not started again by itself. */
  #failed: number | null = null;
  #running: Running | null = null;
  #state: RunState;
  #starting: AbortController | null = null;
  #settling: Promise<void> | null = null;
  #graceMs = 0;
  #saidFailure = false;
  /** Ports of clients as the log names them, by number. */
  readonly #clients = new Map<number, string>();

  constructor(options: ManagedConnectionOptions) {
    this.#options = options;
    this.#state = new RunState(options.now);
  }

  get isOn(): boolean {
    return this.#wanted !== null;
  }

  /** A tunnel stands, and with it a socket. */
  get hasTunnel(): boolean {
    return this.#running !== null;
  }

  get status(): ConnectionStatus {
    return this.#state.status(this.isOn, this.#options.signInAt(this.#state.proxy));
  }

  turnOn(): void {
    if (this.isOn) return this.#failed === this.#wanted ? this.#wish(this.#newRun()) : undefined;
    this.#meter = new TrafficMeter(this.#options.tick());
    this.#droppedBefore = 0;
    this.note("turned-on");
    this.#wish(this.#newRun());
  }

  turnOff(graceMs = 0): void {
    // A later call may shorten the grace of one that is closing.
    if (!this.isOn) return void this.#running?.tunnel.close({ graceMs });
    this.#graceMs = graceMs;
    this.note("turned-off");
    this.#wish(null);
  }

  /** Closes it and opens it with what the settings are by then; does nothing while it is off. */
  async restart(): Promise<void> {
    if (!this.isOn) return;
    this.#wish(this.#newRun());
    await this.settled();
  }

  /** Ends the wait for the next attempt, tests an error again, or starts again what could not start. */
  tryAgain(): void {
    if (!this.isOn) return;
    if (this.#failed === this.#wanted) this.#wish(this.#newRun());
    else this.#running?.tunnel.tryNow();
  }

  disconnect(peer: number): boolean {
    return this.#running?.tunnel.disconnect(peer) ?? false;
  }

  /** Resolves when what is wanted is true, or has failed. Never rejects. */
  async settled(): Promise<void> {
    while (this.#settling !== null) await this.#settling;
  }

  activity(): Activity {
    const { id, tick } = this.#options;
    const clients = this.#running?.run === this.#wanted ? this.#running?.tunnel.clients() : undefined;
    const dropped = this.#droppedBefore + (this.#running?.meter === this.#meter ? this.#running.tunnel.dropped() : 0);
    return {
      id,
      clients: clients ?? [],
      traffic: this.#meter.traffic(this.#bytes(), tick()),
      ...(dropped === 0 ? {} : { dropped }),
      log: this.#log.all(),
    };
  }

  /** Takes a sample of the traffic. @returns bytes in one tick. */
  sample(tick: number, ticks: number): TrafficSample {
    return this.#meter.sample(this.#bytes(), tick, ticks);
  }

  /** Of the tunnel that stands. */
  #bytes(): TrafficSample {
    return this.#running?.meter === this.#meter ? this.#running.tunnel.totals() : noBytes;
  }

  /** It is on and goes through this proxy. @param destination only if it leads there as well. */
  uses(proxy: string, destination?: string): boolean {
    const { proxy: own, destination: ownDestination } = this.#state;
    return this.isOn && own === proxy && (destination ?? ownDestination) === ownDestination;
  }

  /** Its clients wait for a sign-in whose page is of this proxy. */
  waitsFor(proxy: string): boolean {
    return this.isOn && this.#state.waitsForSignIn && this.#options.signInAt(this.#state.proxy) === proxy;
  }

  note(event: NotedEvent, error?: AppErrorData): void {
    this.#add(notedEntry(event, error), null);
  }

  /** Somebody has signed in at its proxy: what failed for want of that is tested again. */
  signedIn(): void {
    if (aboutSession.has(this.#state.trouble?.error.code ?? "")) this.tryAgain();
  }

  /** Takes an event that concerns its proxy. */
  logEvent(event: EngineEvent): void {
    const draft = draftOf(event);
    if (draft !== null) this.#add(draft, null);
    if (this.#state.waitsForSignIn) this.#changed();
  }

  /** Takes an event of its own tunnel. */
  apply(event: TunnelEvent): void {
    if (event.type === "peer-opened") this.#clients.set(event.peer, event.from.slice(event.from.lastIndexOf(":")));
    if (event.type === "tunnel-failed") this.#saidFailure = true;
    const draft = draftOf(event);
    if (draft !== null) this.#add(draft, "peer" in event ? (this.#clients.get(event.peer) ?? null) : null);
    if (event.type === "peer-closed" || event.type === "peer-failed") this.#clients.delete(event.peer);
    // The tunnel of an earlier run may still be closing.
    if (this.#live === null || this.#live !== this.#wanted) return;
    this.#state.apply(event);
    this.#changed();
  }

  #newRun(): number {
    this.#lastRun += 1;
    return this.#lastRun;
  }

  #wish(run: number | null): void {
    this.#wanted = run;
    this.#live = null;
    this.#state = new RunState(this.#options.now);
    this.#starting?.abort(superseded());
    this.#changed();
    this.#settling ??= this.#settle();
  }

  async #settle(): Promise<void> {
    // A turn later, so that the wishes of one moment are one wish.
    await Promise.resolve();
    for (;;) {
      const running = this.#running;
      if (running !== null && running.run !== this.#wanted) {
        await this.#stop(running.tunnel);
      } else if (running === null && this.#wanted !== null && this.#failed !== this.#wanted) {
        await this.#start(this.#wanted);
      } else {
        // In the same turn as the look at what is wanted, or a wish in between would find nobody.
        this.#settling = null;
        return;
      }
    }
  }

  async #stop(tunnel: Tunnel): Promise<void> {
    await tunnel.close({ graceMs: this.#graceMs });
    this.#forgetTunnel(tunnel);
    this.#changed();
  }

  #forgetTunnel(tunnel: Tunnel): void {
    if (this.#running?.tunnel !== tunnel) return;
    this.#running.meter.carry(tunnel.totals());
    if (this.#running.meter === this.#meter) this.#droppedBefore += tunnel.dropped();
    this.#running = null;
    this.#clients.clear();
  }

  async #start(run: number): Promise<void> {
    const { id, settingsOf, engine, limits } = this.#options;
    const starting = new AbortController();
    const { signal } = starting;
    const meter = this.#meter;
    this.#starting = starting;
    this.#saidFailure = false;
    const late = (): AppError =>
      new AppError("file-unreadable", "The files of this connection could not be read in time.", {
        userAction: "Check where they are, then try again.",
      });
    try {
      const reading = Promise.resolve().then(() => settingsOf(id, signal));
      const settings = await waitFor(reading, signal, { ms: limits.settingsMs, error: late });
      this.#state.proxy = originOf(settings.target.proxy);
      this.#state.destination = authorityOf(settings.target.destination);
      this.#live = run;
      const tunnel = await engine().openTunnel({ id, ...settings, retry: true }, signal);
      this.#running = { run, tunnel, meter };
      void tunnel.closed.then(() => this.#lost(tunnel, run));
    } catch (thrown) {
      if (this.#wanted !== run) return;
      const error = asAppError(thrown).toData();
      this.#fail(run, error);
    } finally {
      this.#starting = null;
    }
  }

  #fail(run: number, error: ReturnType<AppError["toData"]>): void {
    this.#failed = run;
    this.#state.failed(error);
    if (!this.#saidFailure) this.#add(startFailure(error), null);
    this.#changed();
  }

  /** Its tunnel has closed though nobody here wanted that. */
  #lost(tunnel: Tunnel, run: number): void {
    if (this.#running?.tunnel !== tunnel || this.#wanted !== run) return;
    this.#forgetTunnel(tunnel);
    this.#saidFailure = false;
    const error = new AppError("listen-failed", "The local port was closed.", { userAction: "Try again." });
    this.#fail(run, error.toData());
  }

  #add(draft: LogDraft, client: string | null): void {
    const entry = this.#log.add({ at: this.#options.now(), client, ...draft });
    this.#options.logged(this.#options.id, [entry]);
  }

  #changed(): void {
    this.#options.changed(this.#options.id);
  }
}
