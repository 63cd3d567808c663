import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { envoyBinary } from "../support/access-proxy/index.ts";
import { CulvertProcess } from "./culvert-process.ts";
import { destinations, type ProxyPlace } from "./roles/proxy.ts";
import { UdpWorld } from "./udp-world.ts";
import { Worker } from "./workers.ts";

export type Protocol = "h2" | "h1";

/** Local ports that lead to the services of the upstream. */
export interface Ways {
  readonly echo: number;
  readonly once: number;
  readonly bulk: number;
}

/** A tunnel under test with the ways that it opens. */
export interface Tunnel extends Ways {
  readonly culvert: CulvertProcess;
}

/** Every process that the scenarios need besides the tunnel under test. Owner of them all. */
export class World {
  readonly front: "envoy" | "node";
  readonly #profileFolder: string | null;
  readonly #home = mkdtempSync(path.join(tmpdir(), "culvert-bench-"));
  readonly #workers: Worker<"proxy" | "upstream" | "relay" | "delay" | "load">[] = [];
  readonly #tunnels = new Set<CulvertProcess>();
  readonly load: Worker<"load">;
  /** Makes the bulk that small exchanges are measured beside. */
  readonly backgroundLoad: Worker<"load">;
  readonly #delay: Worker<"delay">;
  readonly #proxies = new Map<Protocol, ProxyPlace>();
  #direct: Ways = { echo: 0, once: 0, bulk: 0 };
  #echoPort = 0;
  #udp: Promise<UdpWorld> | null = null;

  private constructor(profileFolder: string | null) {
    process.once("exit", () => rmSync(this.#home, { recursive: true, force: true }));
    this.front = envoyBinary() === null ? "node" : "envoy";
    this.#profileFolder = profileFolder;
    this.load = this.#worker("load");
    this.backgroundLoad = this.#worker("load");
    this.#delay = this.#worker("delay");
  }

  static async start(profileFolder: string | null): Promise<World> {
    const world = new World(profileFolder);
    try {
      await world.#start();
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  #worker<R extends "proxy" | "upstream" | "relay" | "delay" | "load">(role: R): Worker<R> {
    const worker = new Worker(role);
    this.#workers.push(worker);
    return worker;
  }

  async #start(): Promise<void> {
    const upstreams = [this.#worker("upstream"), this.#worker("upstream")] as const;
    const [small, bulk] = await Promise.all([upstreams[0].call("start", null), upstreams[1].call("start", null)]);
    this.#echoPort = small.echo;
    const alpns = { h2: ["h2", "http/1.1"], h1: ["http/1.1"] } as const;
    for (const protocol of ["h2", "h1"] as const) {
      const alpn = alpns[protocol];
      const place = await this.#worker("proxy").call("start", { front: this.front, alpn, small, bulk });
      this.#proxies.set(protocol, place);
    }
    const relay = this.#worker("relay");
    this.#direct = {
      echo: await relay.call("open", { port: small.echo }),
      once: await relay.call("open", { port: small.once }),
      bulk: await relay.call("open", { port: bulk.bulk }),
    };
  }

  /** The ways through the plain relay. */
  get direct(): Ways {
    return this.#direct;
  }

  /** What the UDP scenarios need; started for the first of them. */
  udp(): Promise<UdpWorld> {
    return (this.#udp ??= UdpWorld.start({ front: this.front, home: this.#home, profileFolder: this.#profileFolder }));
  }

  #proxy(protocol: Protocol): ProxyPlace {
    const place = this.#proxies.get(protocol);
    if (place === undefined) throw new Error("the proxy has not been started");
    return place;
  }

  /** Starts a tunnel; `roundTripMs` puts a slow network between it and the proxy. */
  async tunnel(protocol: Protocol, roundTripMs = 0): Promise<Tunnel> {
    const { origin, port, ca } = this.#proxy(protocol);
    const reached = roundTripMs === 0 ? port : await this.#delay.call("open", { port, roundTripMs });
    const culvert = await CulvertProcess.start({
      destinations: [destinations.echo, destinations.once, destinations.bulk],
      origin: origin.replace(/\d+$/, String(reached)),
      ca,
      home: this.#home,
      profileFolder: this.#profileFolder,
    });
    this.#tunnels.add(culvert);
    const [echo = 0, once = 0, bulk = 0] = culvert.ports;
    return { culvert, echo, once, bulk };
  }

  async stop({ culvert }: Tunnel): Promise<void> {
    this.#tunnels.delete(culvert);
    await culvert.stop();
  }

  /** A way to the echo with a slow network and nothing else in it. */
  slowDirect(roundTripMs: number): Promise<number> {
    return this.#delay.call("open", { port: this.#echoPort, roundTripMs });
  }

  /** Starts the program with one tunnel and ends it again; milliseconds from the spawn until it listened. */
  async launch(program: string): Promise<number> {
    const { origin, ca } = this.#proxy("h2");
    const home = this.#home;
    const culvert = await CulvertProcess.start({ program, destinations: [destinations.echo], origin, ca, home });
    await culvert.stop();
    return culvert.launchMs;
  }

  /** Ends every process. */
  async close(): Promise<void> {
    const udp = await this.#udp?.catch(() => null);
    await udp?.close();
    await Promise.all([...this.#tunnels].map((culvert) => culvert.stop()));
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }
}
