import { startAccessProxy, type AccessProxy } from "../../support/access-proxy/index.ts";
import type { UpstreamPorts } from "./upstream.ts";

/** The routes of the stand-in, by what is behind them. */
export const destinations = {
  echo: "echo.corp.test:7",
  once: "once.corp.test:8",
  bulk: "bulk.corp.test:9",
} as const;

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

/** A stand-in Pomerium whose routes are open to everybody. */
export const proxyCalls = {
  start: async ({
    front,
    alpn,
    small,
    bulk,
  }: ProxyArguments): Promise<{ origin: string; port: number; ca: string }> => {
    const ports = { echo: small.echo, once: small.once, bulk: bulk.bulk };
    const routes = (["echo", "once", "bulk"] as const).map((name) => {
      const [host = "", port] = destinations[name].split(":");
      const upstream = { host: "127.0.0.1", port: ports[name] };
      return { host, port: Number(port), upstream, policy: "public" as const };
    });
    const proxy = await startAccessProxy({ front, alpn, routes });
    started.push(proxy);
    return { origin: proxy.origin, port: proxy.port, ca: proxy.caFile };
  },
};
