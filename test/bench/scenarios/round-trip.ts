import { inTurn } from "../report.ts";
import { usualRatios, withTunnels, type Scenario } from "./scenario.ts";

export const roundTrip: Scenario = {
  name: "round-trip",
  about: "one byte there and back on an open tunnel, nothing else going on",
  run: (world, effort) =>
    withTunnels(world, async (h2, h1) => {
      const measure = (port: number) => () => world.load.call("roundTrips", { port, ms: effort.turnMs, clients: 1 });
      for (const { echo } of [h2, h1]) await world.load.call("roundTrips", { port: echo, ms: 200, clients: 1 });
      const of = await inTurn(
        effort.rounds,
        new Map([
          ["h2", measure(h2.echo)],
          ["h1", measure(h1.echo)],
          ["direct", measure(world.direct.echo)],
        ]),
      );
      return [
        { title: "p50 µs", samples: of("p50"), ratios: usualRatios },
        { title: "p99 µs", samples: of("p99"), ratios: usualRatios },
      ];
    }),
};
