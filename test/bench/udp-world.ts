import { setTimeout as delay } from "node:timers/promises";
import { CulvertProcess } from "./culvert-process.ts";
import { udpDestination, type ProxyPlace } from "./roles/proxy.ts";
import { Worker } from "./workers.ts";

/**
 * How datagrams get to the proxy: by an HTTP/1.1 upgrade, as with Pomerium, or by extended CONNECT on HTTP/2, which of
 * the fronts only Node's offers. Its HTTP/1.1 stands beside that, since the two fronts do not compare.
 */
export type UdpWay = "h1 envoy" | "h1 node" | "h2 node";

/** A UDP tunnel under test. */
export interface UdpTunnel {
  readonly way: UdpWay;
  readonly culvert: CulvertProcess;
  readonly port: number;
}

interface UdpWorldOptions {
  readonly front: "envoy" | "node";
  readonly home: string;
  readonly profileFolder: string | null;
}

/** New clients are tried for so long until one goes over HTTP/2; milliseconds. */
const sharedWithinMs = 5_000;
/** Clients of earlier turns are soon gone. */
const idle = ["--idle-timeout", "5s"] as const;

/** Every process that the UDP scenarios need. Owner of them all. */
export class UdpWorld {
  readonly #options: UdpWorldOptions;
  readonly #upstream = new Worker("upstream");
  readonly #relay = new Worker("relay");
  readonly #delay = new Worker("delay");
  readonly load = new Worker("udpLoad");
  readonly #workers: Worker<"proxy">[] = [];
  readonly #proxies = new Map<UdpWay, { readonly worker: Worker<"proxy">; readonly place: ProxyPlace }>();
  readonly #tunnels = new Set<CulvertProcess>();
  #echo = 0;
  #direct = 0;

  private constructor(options: UdpWorldOptions) {
    this.#options = options;
  }

  static async start(options: UdpWorldOptions): Promise<UdpWorld> {
    const world = new UdpWorld(options);
    try {
      await world.#start();
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  async #start(): Promise<void> {
    this.#echo = await this.#upstream.call("startUdp", null);
    this.#direct = await this.#relay.call("openUdp", { port: this.#echo });
    const ways: readonly UdpWay[] = [
      ...(this.#options.front === "envoy" ? ["h1 envoy" as const] : []),
      "h1 node",
      "h2 node",
    ];
    const places = await Promise.all(
      ways.map((way) => {
        const worker = new Worker("proxy");
        this.#workers.push(worker);
        const front = way === "h1 envoy" ? "envoy" : "node";
        const place = worker.call("startUdp", { front, extendedConnect: way === "h2 node", port: this.#echo });
        return place.then((found) => [way, { worker, place: found }] as const);
      }),
    );
    for (const [way, proxy] of places) this.#proxies.set(way, proxy);
  }

  /** The ways that this machine has. */
  get ways(): readonly UdpWay[] {
    return [...this.#proxies.keys()];
  }

  /** The local port of the plain relay. */
  get direct(): number {
    return this.#direct;
  }

  #proxy(way: UdpWay): { readonly worker: Worker<"proxy">; readonly place: ProxyPlace } {
    const proxy = this.#proxies.get(way);
    if (proxy === undefined) throw new Error(`there is no proxy for ${way}`);
    return proxy;
  }

  /** Starts a tunnel; `roundTripMs` puts a slow network between it and the proxy. */
  async tunnel(way: UdpWay, roundTripMs = 0): Promise<UdpTunnel> {
    const { origin, port, ca } = this.#proxy(way).place;
    const reached = roundTripMs === 0 ? port : await this.#delay.call("open", { port, roundTripMs });
    const culvert = await CulvertProcess.start({
      command: "udp",
      destinations: [udpDestination],
      origin: origin.replace(/\d+$/, String(reached)),
      ca,
      flags: idle,
      home: this.#options.home,
      profileFolder: this.#options.profileFolder,
    });
    this.#tunnels.add(culvert);
    return { way, culvert, port: culvert.ports[0] ?? 0 };
  }

  /**
   * Resolves when new clients are served as later ones are: over HTTP/2 where the proxy offers it, which the tunnel
   * learns behind its first client, else on a connection that was opened ahead.
   * @throws Error when no client goes over HTTP/2.
   */
  async warm({ way, port }: UdpTunnel): Promise<void> {
    const until = performance.now() + sharedWithinMs;
    for (;;) {
      await this.load.call("firstAnswer", { port, bytes: 1 });
      await delay(300);
      if (way !== "h2 node") return;
      if ((await this.#proxy(way).worker.call("lastProtocol", null)) === "h2") return;
      if (performance.now() > until) throw new Error("no UDP client goes over HTTP/2");
    }
  }

  async stop({ culvert }: UdpTunnel): Promise<void> {
    this.#tunnels.delete(culvert);
    await culvert.stop();
  }

  /** A way to the echo with a slow network and nothing else in it. */
  slowDirect(roundTripMs: number): Promise<number> {
    return this.#delay.call("openUdp", { port: this.#echo, roundTripMs });
  }

  /** Ends every process. */
  async close(): Promise<void> {
    await Promise.all([...this.#tunnels].map((culvert) => culvert.stop()));
    const workers = [this.#upstream, this.#relay, this.#delay, this.load, ...this.#workers];
    await Promise.all(workers.map((worker) => worker.close()));
  }
}
