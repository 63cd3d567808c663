import { inTurn } from "../report.ts";
import type { Scenario } from "./scenario.ts";
import { udpRatios, withUdpTunnels } from "./udp.ts";

const bytes = 64;

/** What every variant takes longer than the relay did in the same round. */
function added(samples: ReadonlyMap<string, readonly number[]>): Map<string, number[]> {
  const relay = samples.get("direct") ?? [];
  const others = [...samples].filter(([variant]) => variant !== "direct");
  return new Map(
    others.map(([variant, values]) => [variant, values.map((value, round) => value - (relay[round] ?? Number.NaN))]),
  );
}

export const udpRoundTrip: Scenario = {
  name: "udp-round-trip",
  about: `a datagram of ${bytes} bytes there and back on an open path, nothing else going on`,
  run: async (world, effort) => {
    const udp = await world.udp();
    return withUdpTunnels(udp, async (tunnels) => {
      const measure = (port: number) => () => udp.load.call("roundTrips", { port, ms: effort.turnMs / 2, bytes });
      for (const { port } of tunnels) await udp.load.call("roundTrips", { port, ms: 200, bytes });
      const of = await inTurn(
        effort.rounds,
        new Map([
          ...tunnels.map(({ way, port }) => [way as string, measure(port)] as const),
          ["direct", measure(udp.direct)],
        ]),
      );
      const ratios = udpRatios(udp.ways);
      return [
        { title: "p50 µs", samples: of("p50"), ratios },
        { title: "added to the relay's p50, µs", samples: added(of("p50")) },
        { title: "p99 µs", samples: of("p99"), ratios },
        { title: "added to the relay's p99, µs", samples: added(of("p99")) },
      ];
    });
  },
};
