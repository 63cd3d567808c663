import { startAccessProxy, type AccessProxy } from "../../support/access-proxy/index.ts";
import type { UpstreamPorts } from "./upstream.ts";

/** The routes of the stand-in, by what is behind them. */
export const destinations = {
  echo: "echo.corp.test:7",
  once: "once.corp.test:8",
  bulk: "bulk.corp.test:9",
} as const;

/** The route of the stand-in for datagrams. */
export const udpDestination = "datagrams.corp.test:10";

export interface ProxyArguments {
  readonly front: "envoy" | "node";
  readonly alpn: readonly ("h2" | "http/1.1")[];
  /** For small exchanges. */
  readonly small: UpstreamPorts;
  /** For bulk: a process of its own, so that it does not hold up the small exchanges. */
  readonly bulk: UpstreamPorts;
}

const started: AccessProxy[] = [];

/** Ends what this process has started, with Envoy and the files of the certificates. */
export async function closeProxies(): Promise<void> {
  await Promise.all(started.map((proxy) => proxy.close()));
}

export interface UdpProxyArguments {
  readonly front: "envoy" | "node";
  /** Offer extended CONNECT on HTTP/2, as Pomerium does not; Node front only. */
  readonly extendedConnect: boolean;
  /** Of the UDP service. */
  readonly port: number;
}

/** Where a stand-in is. */
export interface ProxyPlace {
  readonly origin: string;
  readonly port: number;
  readonly ca: string;
}

const placeOf = (proxy: AccessProxy): ProxyPlace => ({ origin: proxy.origin, port: proxy.port, ca: proxy.caFile });

/** A stand-in Pomerium whose routes are open to everybody. */
export const proxyCalls = {
  start: async ({ front, alpn, small, bulk }: ProxyArguments): Promise<ProxyPlace> => {
    const ports = { echo: small.echo, once: small.once, bulk: bulk.bulk };
    const routes = (["echo", "once", "bulk"] as const).map((name) => {
      const [host = "", port] = destinations[name].split(":");
      const upstream = { host: "127.0.0.1", port: ports[name] };
      return { host, port: Number(port), upstream, policy: "public" as const };
    });
    const proxy = await startAccessProxy({ front, alpn, routes });
    started.push(proxy);
    return placeOf(proxy);
  },
  startUdp: async ({ front, extendedConnect, port }: UdpProxyArguments): Promise<ProxyPlace> => {
    const [host = "", routePort] = udpDestination.split(":");
    const upstream = { host: "127.0.0.1", port };
    const route = { host, port: Number(routePort), upstream, policy: "public", type: "udp" } as const;
    const proxy = await startAccessProxy({ front, routes: [route] });
    started.push(proxy);
    if (extendedConnect) proxy.faults.set({ extendedConnect });
    return placeOf(proxy);
  },
  /** The protocol that the last client's request came by; null before any. Node front only. */
  lastProtocol: (_: null): Promise<string | null> =>
    Promise.resolve(started.at(-1)?.control.connects().at(-1)?.alpn ?? null),
};
