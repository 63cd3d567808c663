import { inTurn, type Measurement } from "../report.ts";
import type { Ways } from "../world.ts";
import { usualRatios, withTunnels, type Scenario } from "./scenario.ts";

const streams = 4;
/** Several, since one alone makes too few round trips for a p99. */
const clients = 8;

/** Over HTTP/2 all share one connection to the proxy; over HTTP/1.1 and directly each has its own. */
export const besideBulk: Scenario = {
  name: "beside-bulk",
  about: `one byte there and back by ${clients} clients beside ${streams} bulk clients of the same tunnel process`,
  run: (world, effort) =>
    withTunnels(world, async (h2, h1) => {
      const found: Measurement[] = [];
      for (const direction of ["down", "up"] as const) {
        const measure = (ways: Ways) => async () => {
          await world.backgroundLoad.call("startBulk", { port: ways.bulk, direction, streams });
          const { p50, p99 } = await world.load.call("roundTrips", { port: ways.echo, ms: effort.turnMs, clients });
          return { p50: p50 / 1_000, p99: p99 / 1_000, rate: await world.backgroundLoad.call("stopBulk", null) };
        };
        const of = await inTurn(
          effort.rounds,
          new Map([
            ["h2", measure(h2)],
            ["h1", measure(h1)],
            ["direct", measure(world.direct)],
          ]),
        );
        found.push(
          { title: `bulk ${direction}: p50 ms`, samples: of("p50"), ratios: usualRatios },
          { title: `bulk ${direction}: p99 ms`, samples: of("p99"), ratios: usualRatios },
          { title: `bulk ${direction}: MB/s`, samples: of("rate"), ratios: usualRatios },
        );
      }
      return found;
    }),
};
