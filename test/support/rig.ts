import type { LookupFunction } from "node:net";
import {
  Engine,
  MemorySessionStore,
  type AuthSettings,
  type CertificateStore,
  type SignInBrowser,
  type Tunnel,
} from "../../src/engine/index.ts";
import type { SessionStore, SignInPage, TlsSettings } from "../../src/engine/index.ts";
import { parseLocalAddress, parseTarget } from "../../src/shared/address.ts";
import type { EngineEvent } from "../../src/shared/events.ts";
import type { Limits } from "../../src/shared/limits.ts";
import { headlessSignIn, startAccessProxy, type AccessProxy, type AccessProxyOptions } from "./access-proxy/index.ts";

/** Every name is this computer. */
export const loopbackLookup: LookupFunction = (_host, options, callback) => {
  if (options.all === true) callback(null, [{ address: "127.0.0.1", family: 4 }]);
  else callback(null, "127.0.0.1", 4);
};

/** A browser that signs in by itself, and remembers what it was shown. */
export class TestBrowser implements SignInBrowser {
  readonly pages: SignInPage[] = [];
  readonly #caPem: () => string;
  /** What happens when a page is shown; the default signs in. */
  onShow: (page: SignInPage, signal: AbortSignal) => Promise<void>;

  constructor(caPem: () => string) {
    this.#caPem = caPem;
    this.onShow = (page, signal) => this.signIn(page, signal);
  }

  async signIn(page: SignInPage, signal: AbortSignal): Promise<void> {
    const result = await headlessSignIn(page.url, { caPem: this.#caPem(), signal });
    if (result.status !== 200) throw new Error(`the sign-in ended with ${result.status}`);
  }

  async show(page: SignInPage, signal: AbortSignal): Promise<void> {
    this.pages.push(page);
    await this.onShow(page, signal);
  }
}

export interface RigOptions extends AccessProxyOptions {
  readonly limits?: Partial<Limits>;
  readonly store?: SessionStore;
  readonly shareSessions?: boolean;
  readonly certificates?: CertificateStore;
}

/** A stand-in Pomerium with an engine in front of it. */
export class Rig {
  readonly proxy: AccessProxy;
  readonly engine: Engine;
  readonly browser: TestBrowser;
  readonly store: SessionStore;
  readonly events: EngineEvent[] = [];
  readonly #waiting = new Set<() => void>();

  private constructor(proxy: AccessProxy, options: RigOptions) {
    this.proxy = proxy;
    this.browser = new TestBrowser(() => proxy.caPem);
    this.store = options.store ?? new MemorySessionStore();
    this.engine = new Engine({
      sessions: this.store,
      browser: this.browser,
      events: (event) => {
        this.events.push(event);
        for (const check of [...this.#waiting]) check();
      },
      lookup: loopbackLookup,
      ...(options.certificates ? { certificates: options.certificates } : {}),
      ...(options.limits ? { limits: options.limits } : {}),
      ...(options.shareSessions === undefined ? {} : { shareSessions: options.shareSessions }),
    });
  }

  static async start(options: RigOptions): Promise<Rig> {
    return new Rig(await startAccessProxy(options), options);
  }

  get tls(): TlsSettings {
    return { verify: true, ca: [this.proxy.caPem] };
  }

  /** Opens a tunnel on a random loopback port. */
  open(
    destination: string,
    options: { tls?: TlsSettings; auth?: AuthSettings; pomeriumUrl?: string; listen?: string; retry?: true } = {},
  ): Promise<Tunnel> {
    return this.engine.openTunnel(
      {
        id: destination,
        target: parseTarget(destination, options.pomeriumUrl ?? this.proxy.origin),
        listen: parseLocalAddress(options.listen ?? ""),
        tls: options.tls ?? this.tls,
        auth: options.auth ?? { kind: "browser" },
        ...(options.retry ? { retry: true } : {}),
      },
      new AbortController().signal,
    );
  }

  /** The URL of the proxy under another of its names. */
  urlOf(host: string): string {
    return `https://${host}:${this.proxy.port}`;
  }

  /** The events of one type so far. */
  seen<T extends EngineEvent["type"]>(type: T): Extract<EngineEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<EngineEvent, { type: T }> => event.type === type);
  }

  /** Waits until `count` events of the type have been seen; the newest of them. */
  async event<T extends EngineEvent["type"]>(type: T, count = 1): Promise<Extract<EngineEvent, { type: T }>> {
    await this.until(() => this.seen(type).length >= count);
    return this.seen(type)[count - 1] as Extract<EngineEvent, { type: T }>;
  }

  /** How the peer behind a client's local port ended. */
  async endOfPeer(clientPort: number): Promise<Extract<EngineEvent, { type: "peer-closed" | "peer-failed" }>> {
    const find = (): Extract<EngineEvent, { type: "peer-closed" | "peer-failed" }> | undefined => {
      const opened = this.seen("peer-opened").findLast((event) => event.from.endsWith(`:${clientPort}`));
      return this.events.find(
        (event) =>
          (event.type === "peer-closed" || event.type === "peer-failed") &&
          event.tunnel === opened?.tunnel &&
          event.peer === opened.peer,
      ) as Extract<EngineEvent, { type: "peer-closed" | "peer-failed" }> | undefined;
    };
    await this.until(() => find() !== undefined);
    return find() as Extract<EngineEvent, { type: "peer-closed" | "peer-failed" }>;
  }

  /** Waits until a condition on the events holds. */
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
    await this.engine.close({ graceMs: 0 });
    await this.proxy.close();
  }
}
