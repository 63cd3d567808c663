import { AppError, type AppErrorData } from "../../shared/errors.ts";
import type { EngineEvent, EventSink } from "../../shared/events.ts";
import { limits as defaultLimits, type Limits } from "../../shared/limits.ts";
import { trafficSamplesKept, type Activity, type LogEntry, type TrafficSample } from "../../shared/model/activity.ts";
import { offStatus, type ConnectionStatus } from "../../shared/model/status.ts";
import type { OutsideEvent } from "./log-entries.ts";
import { ManagedConnection, type ManagedEngine, type ManagedSettings } from "./managed-connection.ts";

export interface ManagerOptions {
  /** Reads what a connection needs to run (files, secrets); called at every turn-on. Rejects with AppError. */
  readonly settingsOf: (id: string, signal: AbortSignal) => Promise<ManagedSettings>;
  /** The status or the clients of a connection have changed. May come often. */
  readonly changed: (id: string) => void;
  /** New entries in the log of a connection. */
  readonly logged: (id: string, entries: readonly LogEntry[]) => void;
  /** Traffic was sampled; also once after the last tunnel has closed, when every rate is 0. */
  readonly ticked?: () => void;
  readonly limits?: Partial<Limits>;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

const noRate: TrafficSample = { received: 0, sent: 0 };

/**
 * Decides what should run: takes wishes for connections and keeps one tunnel for each that is on. Knows nothing of
 * files; what a connection needs comes from `settingsOf`.
 */
export class ConnectionManager {
  readonly #options: ManagerOptions;
  readonly #limits: Limits;
  readonly #now: () => number;
  readonly #connections = new Map<string, ManagedConnection>();
  /** By proxy: the other one of its Pomerium whose sign-in it waits for. Emptied as sign-ins end. */
  readonly #signInAt = new Map<string, string>();
  #engine: ManagedEngine | null = null;
  #timer: NodeJS.Timeout | undefined;
  #tick = 0;
  #tickedAt = 0;
  #rates = noRate;
  #closed = false;

  constructor(options: ManagerOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#now = options.now ?? Date.now;
  }

  /** Takes the engine, which can only be made with `events` of this manager. To be called once, before any wish. */
  attach(engine: ManagedEngine): void {
    this.#engine = engine;
  }

  /** For the engine, as its event sink or as a part of it. */
  readonly events: EventSink = (event) => {
    if ("tunnel" in event) this.#connections.get(event.tunnel)?.apply(event);
    else if ("proxy" in event) this.#aboutProxy(event);
  };

  /** Turns on; what has failed to start is started again. */
  turnOn(id: string): void {
    if (this.#closed) return;
    this.#connection(id).turnOn();
    this.#schedule();
  }

  /** Turns off at once; its clients are cut off. */
  turnOff(id: string): void {
    this.#connections.get(id)?.turnOff();
  }

  /** Runs it with new settings, which closes its clients; resolves when it runs, or has failed to. Nothing while it is off. */
  async restart(id: string): Promise<void> {
    if (!this.#closed) await this.#connections.get(id)?.restart();
  }

  /** Ends the wait for the next attempt, tests an error again, or starts again what could not start. */
  tryAgain(id: string): void {
    if (!this.#closed) this.#connections.get(id)?.tryAgain();
  }

  /** Ends all waits for a next attempt: for a computer that woke up, or has another network. */
  tryAllNow(): void {
    for (const [id, { status }] of this.#connections) if (status.kind === "retrying") this.tryAgain(id);
  }

  /** Cuts one client off. Returns false when there is no such client. */
  disconnect(id: string, peer: number): boolean {
    return this.#connections.get(id)?.disconnect(peer) ?? false;
  }

  status(id: string): ConnectionStatus {
    return this.#connections.get(id)?.status ?? offStatus;
  }

  /** By id, without those that are off. */
  statuses(): Record<string, ConnectionStatus> {
    return Object.fromEntries(
      [...this.#connections].filter(([, { isOn }]) => isOn).map(([id, { status }]) => [id, status]),
    );
  }

  /** The clients, the traffic since it was turned on, and the log. */
  activity(id: string): Activity {
    return this.#connections.get(id)?.activity() ?? { id, clients: [], traffic: { ...noRate, samples: [] }, log: [] };
  }

  /** Bytes a second over all connections, as of the last sample. */
  rates(): TrafficSample {
    return this.#rates;
  }

  /** Connections whose clients wait for the sign-in at this proxy, also for the sake of another one of its Pomerium. */
  waitingFor(proxyOrigin: string): string[] {
    return [...this.#connections].filter(([, one]) => one.waitsFor(proxyOrigin)).map(([id]) => id);
  }

  /** Connections that are on and go through this proxy, by its origin. */
  using(proxyOrigin: string): string[] {
    return [...this.#connections].filter(([, one]) => one.uses(proxyOrigin)).map(([id]) => id);
  }

  /** Notes in the log that a connection was edited, or what became of its client certificate, and why. Turning on and off is noted by itself. */
  noteLog(id: string, event: OutsideEvent, error?: AppErrorData): void {
    this.#connection(id).note(event, error);
  }

  /** The connection is deleted: turns it off and drops its log. Resolves when nothing of it runs any more. */
  async forget(id: string): Promise<void> {
    const connection = this.#connections.get(id);
    if (!connection) return;
    connection.turnOff();
    await connection.settled();
    // An undo may have turned it on again meanwhile.
    if (!connection.isOn) this.#connections.delete(id);
  }

  /** Ids of the connections whose switch is on. */
  on(): string[] {
    return [...this.#connections].filter(([, { isOn }]) => isOn).map(([id]) => id);
  }

  /** Turns everything off for good: clients have `graceMs` to finish. Idempotent. */
  async close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#closed = true;
    for (const connection of this.#connections.values()) connection.turnOff(graceMs);
    await Promise.all([...this.#connections.values()].map((connection) => connection.settled()));
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #connection(id: string): ManagedConnection {
    const known = this.#connections.get(id);
    if (known) return known;
    const { settingsOf, changed, logged } = this.#options;
    const connection = new ManagedConnection({
      id,
      settingsOf,
      changed,
      logged,
      engine: () => this.#attached(),
      limits: this.#limits,
      now: this.#now,
      signInAt: (proxy) => this.#signInAt.get(proxy) ?? proxy,
      tick: () => this.#tick,
    });
    this.#connections.set(id, connection);
    return connection;
  }

  #attached(): ManagedEngine {
    if (!this.#engine) throw new AppError("internal", "The manager has no engine yet.");
    return this.#engine;
  }

  #aboutProxy(event: Extract<EngineEvent, { readonly proxy: string }>): void {
    this.#noteSignIn(event);
    const destination = event.type === "transfer-cut-short" ? event.destination : undefined;
    for (const connection of this.#connections.values()) {
      if (connection.uses(event.proxy, destination)) connection.logEvent(event);
      // Other hosts of the same Pomerium may share the session.
      if (event.type === "sign-in-finished") connection.signedIn();
    }
  }

  #noteSignIn(event: EngineEvent): void {
    if (event.type === "sign-in-joined") this.#signInAt.set(event.proxy, event.at);
    if (event.type === "sign-in-started") this.#signInAt.delete(event.proxy);
    if (event.type !== "sign-in-finished" && event.type !== "sign-in-failed") return;
    for (const [proxy, at] of this.#signInAt) if (at === event.proxy) this.#signInAt.delete(proxy);
  }

  #schedule(): void {
    if (this.#timer !== undefined) return;
    this.#tickedAt = performance.now();
    this.#timer = setInterval(() => this.#sample(), this.#limits.sampleMs);
    this.#timer.unref();
  }

  #sample(): void {
    const now = performance.now();
    const ticks = Math.max(1, Math.round((now - this.#tickedAt) / this.#limits.sampleMs));
    this.#tickedAt = now;
    this.#tick += Math.min(ticks, trafficSamplesKept);
    let [received, sent, busy] = [0, 0, false];
    for (const connection of this.#connections.values()) {
      if (!connection.isOn && !connection.hasTunnel) continue;
      busy = true;
      const each = connection.sample(this.#tick, ticks);
      received += each.received;
      sent += each.sent;
    }
    this.#rates = { received, sent };
    if (!busy) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    this.#options.ticked?.();
  }
}
