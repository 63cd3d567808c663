import type { UdpTunnel, UdpWay, UdpWorld } from "../udp-world.ts";

/** Runs with a warm tunnel for each way to the proxy, fresh ones, and ends them. */
export async function withUdpTunnels<T>(
  world: UdpWorld,
  use: (tunnels: readonly UdpTunnel[]) => Promise<T>,
): Promise<T> {
  const tunnels: UdpTunnel[] = [];
  try {
    for (const way of world.ways) {
      const tunnel = await world.tunnel(way);
      tunnels.push(tunnel);
      await world.warm(tunnel);
    }
    return await use(tunnels);
  } finally {
    for (const tunnel of tunnels) await world.stop(tunnel);
  }
}

/** The comparisons of the UDP scenarios. */
export const udpRatios = (ways: readonly UdpWay[]): readonly (readonly [string, string])[] => [
  ...ways.map((way) => [way, "direct"] as const),
  ["h2 node", "h1 node"],
];
