import { inTurn, type Measurement } from "../report.ts";
import { withTunnels, type Scenario } from "./scenario.ts";

/** Clients that come, exchange one byte and go. */
export const tunnels: Scenario = {
  name: "tunnels",
  about: "new tunnels a second: connect, one byte there and back, end from the upstream's side",
  run: (world, effort) =>
    withTunnels(world, async (h2, h1) => {
      const found: Measurement[] = [];
      for (const workers of [16, 1]) {
        const measure = (port: number) => async () => ({
          rate: await world.load.call("tunnels", { port, workers, ms: effort.turnMs }),
        });
        // Both connections and code are warm before the first turn counts.
        for (const port of [h2.once, h1.once]) await world.load.call("tunnels", { port, workers, ms: 200 });
        const of = await inTurn(
          effort.rounds,
          new Map([
            ["h2", measure(h2.once)],
            ["h1", measure(h1.once)],
          ]),
        );
        const title = workers === 1 ? "one at a time, 1/s" : `${workers} at once, 1/s`;
        found.push({ title, samples: of("rate"), ratios: [["h2", "h1"]] });
      }
      return found;
    }),
};
