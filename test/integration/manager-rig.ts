import {
  ConnectionManager,
  Engine,
  MemorySessionStore,
  type ManagedSettings,
  type TlsSettings,
} from "../../src/engine/index.ts";
import { parseLocalAddress, parseTarget } from "../../src/shared/address.ts";
import type { EngineEvent } from "../../src/shared/events.ts";
import type { Limits } from "../../src/shared/limits.ts";
import type { LogEntry } from "../../src/shared/model/activity.ts";
import type { ConnectionStatus, StatusKind } from "../../src/shared/model/status.ts";
import { startAccessProxy, type AccessProxy, type AccessProxyOptions } from "../support/access-proxy/index.ts";
import { loopbackLookup, TestBrowser } from "../support/rig.ts";

type StatusOf<K extends StatusKind> = Extract<ConnectionStatus, { kind: K }>;

export interface ManagerRigOptions extends AccessProxyOptions {
  readonly limits?: Partial<Limits>;
}

/** A stand-in Pomerium, the real engine in front of it, and a manager that runs connections on it. */
export class ManagerRig {
  readonly proxy: AccessProxy;
  readonly engine: Engine;
  readonly manager: ConnectionManager;
  readonly browser: TestBrowser;
  readonly events: EngineEvent[] = [];
  readonly logged: LogEntry[] = [];
  /** What each connection runs with; may be changed, and made to fail or to hang. */
  readonly settings = new Map<string, (signal: AbortSignal) => Promise<ManagedSettings>>();
  /** Ids in the order in which their settings were asked for. */
  readonly asked: string[] = [];
  readonly #waiting = new Set<() => void>();

  private constructor(proxy: AccessProxy, limits: Partial<Limits>) {
    this.proxy = proxy;
    this.browser = new TestBrowser(() => proxy.caPem);
    this.manager = new ConnectionManager({
      settingsOf: (id, signal) => {
        this.asked.push(id);
        return this.settings.get(id)?.(signal) ?? Promise.reject(new Error("no such connection"));
      },
      changed: () => this.#look(),
      logged: (_, entries) => {
        this.logged.push(...entries);
        this.#look();
      },
      ticked: () => this.#look(),
      limits,
    });
    this.engine = new Engine({
      sessions: new MemorySessionStore(),
      browser: this.browser,
      events: (event) => {
        this.events.push(event);
        this.manager.events(event);
        this.#look();
      },
      lookup: loopbackLookup,
      limits,
    });
    this.manager.attach(this.engine);
  }

  static async start({ limits = {}, ...options }: ManagerRigOptions): Promise<ManagerRig> {
    const proxy = await startAccessProxy(options);
    return new ManagerRig(proxy, { retryFirstMs: 40, retryMostMs: 160, sampleMs: 50, ...limits });
  }

  /** Adds a connection, or changes what it runs with. */
  add(
    id: string,
    destination: string,
    options: { listen?: string; tls?: TlsSettings; pomeriumUrl?: string } = {},
  ): void {
    const settings: ManagedSettings = {
      target: parseTarget(destination, options.pomeriumUrl ?? this.proxy.origin),
      listen: parseLocalAddress(options.listen ?? ""),
      tls: options.tls ?? { verify: true, ca: [this.proxy.caPem] },
      auth: { kind: "browser" },
    };
    this.settings.set(id, () => Promise.resolve(settings));
  }

  /** Turns it on and waits until it listens. */
  async turnOn(id: string): Promise<{ host: string; port: number }> {
    this.manager.turnOn(id);
    return hostPort((await this.status(id, "listening")).address);
  }

  /** Waits until the connection has a status of this kind, and, if given, one that fits. */
  async status<K extends StatusKind>(
    id: string,
    kind: K,
    fits: (status: StatusOf<K>) => boolean = () => true,
  ): Promise<StatusOf<K>> {
    const holds = (): boolean => {
      const status = this.manager.status(id);
      return status.kind === kind && fits(status as StatusOf<K>);
    };
    await this.until(holds);
    return this.manager.status(id) as StatusOf<K>;
  }

  /** The log of a connection, without times. */
  messages(id: string): string[] {
    return this.manager.activity(id).log.map(({ message }) => message);
  }

  seen<T extends EngineEvent["type"]>(type: T): Extract<EngineEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<EngineEvent, { type: T }> => event.type === type);
  }

  /** Waits until a condition on what the manager or the engine has said holds. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => {
      const check = (): void => {
        if (!holds()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
    });
  }

  async close(): Promise<void> {
    await this.manager.close({ graceMs: 0 });
    await this.engine.close({ graceMs: 0 });
    await this.proxy.close();
  }

  #look(): void {
    for (const check of [...this.#waiting]) check();
  }
}

/** "127.0.0.1:5432" in two parts. */
export function hostPort(address: string): { host: string; port: number } {
  const at = address.lastIndexOf(":");
  return { host: address.slice(0, at), port: Number(address.slice(at + 1)) };
}
