import { Engine, MemorySessionStore, type Tunnel } from "../../../../src/engine/index.ts";
import { parseLocalAddress, parseTarget } from "../../../../src/shared/address.ts";
import type { EngineEvent } from "../../../../src/shared/events.ts";
import type { Limits } from "../../../../src/shared/limits.ts";
import { loopbackLookup } from "../../../support/rig.ts";
import { UdpClient } from "../../../support/udp.ts";
import { OddProxy, type OddProxyOptions } from "../connect/odd-proxy.ts";

/** An engine with UDP clients before an odd proxy. */
export class OddUdp {
  readonly proxy: OddProxy;
  readonly engine: Engine;
  readonly events: EngineEvent[] = [];
  readonly #clients: UdpClient[] = [];

  readonly #scheme: string;

  private constructor(proxy: OddProxy, scheme: string, limits: Partial<Limits>) {
    this.proxy = proxy;
    this.#scheme = scheme;
    this.engine = new Engine({
      sessions: new MemorySessionStore(),
      browser: { show: () => Promise.resolve() },
      events: (event) => this.events.push(event),
      lookup: loopbackLookup,
      limits,
    });
  }

  static async start(options: OddProxyOptions = {}, limits: Partial<Limits> = {}): Promise<OddUdp> {
    return new OddUdp(await OddProxy.start(options), options.plain ? "http" : "https", limits);
  }

  tunnel(
    options: { readonly retry?: true; readonly listen?: string; readonly udpIdleMs?: number } = {},
  ): Promise<Tunnel> {
    const { listen = "", ...rest } = options;
    return this.engine.openTunnel(
      {
        id: "odd",
        target: parseTarget("udp+https://echo.corp.test:7001", `${this.#scheme}://odd.corp.test:${this.proxy.port}`),
        listen: parseLocalAddress(listen),
        tls: { verify: true, ca: [this.proxy.pki.caPem] },
        auth: { kind: "browser" },
        ...rest,
      },
      new AbortController().signal,
    );
  }

  async client(tunnel: Tunnel): Promise<UdpClient> {
    const client = await UdpClient.open(tunnel.address);
    this.#clients.push(client);
    return client;
  }

  /** The events of one type so far. */
  seen<T extends EngineEvent["type"]>(type: T): Extract<EngineEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<EngineEvent, { type: T }> => event.type === type);
  }

  async close(): Promise<void> {
    for (const client of this.#clients.splice(0)) client.close();
    await this.engine.close({ graceMs: 0 });
    await this.proxy.close();
  }
}
