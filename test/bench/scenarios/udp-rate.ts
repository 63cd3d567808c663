import type { CulvertProcess } from "../culvert-process.ts";
import { inTurn, type Measurement } from "../report.ts";
import type { Scenario } from "./scenario.ts";
import { udpRatios, withUdpTunnels } from "./udp.ts";

const bytes = 1_200;
/** Together less than what the smallest buffer of a socket on the way holds, so that none need be lost. */
const loads = [
  { clients: 1, window: 32 },
  { clients: 16, window: 8 },
] as const;

export const udpRate: Scenario = {
  name: "udp-rate",
  about: `datagrams of ${bytes} bytes a second that come back, with a bounded number under way`,
  run: async (world, effort) => {
    const udp = await world.udp();
    return withUdpTunnels(udp, async (tunnels) => {
      const found: Measurement[] = [];
      const lost = new Map<string, number[]>();
      for (const { port } of tunnels) {
        await udp.load.call("open", { port, bytes, clients: 1 });
        await udp.load.call("rate", { ms: 200, bytes, window: 32 });
      }
      for (const { clients, window } of loads) {
        const measure = (port: number, culvert: CulvertProcess | null) => async () => {
          await udp.load.call("open", { port, bytes, clients });
          const before = culvert?.cpuMs() ?? Number.NaN;
          const { rate, lost, answers } = await udp.load.call("rate", { ms: effort.turnMs / 2, bytes, window });
          return { rate, lost, cpu: (((culvert?.cpuMs() ?? Number.NaN) - before) * 1_000) / answers };
        };
        const of = await inTurn(
          effort.rounds,
          new Map([
            ...tunnels.map(({ way, port, culvert }) => [way as string, measure(port, culvert)] as const),
            ["direct", measure(udp.direct, null)],
          ]),
        );
        const who = clients === 1 ? "1 client" : `${clients} clients`;
        found.push(
          { title: `${who}, ${window} under way: 1/s`, samples: of("rate"), ratios: udpRatios(udp.ways) },
          { title: `${who}: CPU µs of culvert each`, samples: of("cpu"), ratios: [["h2 node", "h1 node"]] },
        );
        for (const [variant, values] of of("lost")) lost.set(variant, [...(lost.get(variant) ?? []), ...values]);
      }
      return [...found, { title: "lost of a turn", samples: lost }];
    });
  },
};
