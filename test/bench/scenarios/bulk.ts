import type { CulvertProcess } from "../culvert-process.ts";
import type { Effort } from "../options.ts";
import { inTurn, type Measurement, type Turn } from "../report.ts";
import type { World } from "../world.ts";
import { usualRatios, withTunnels, type Scenario } from "./scenario.ts";

type Direction = "down" | "up";

const warmUpBytes = 32 * 1024 * 1024;
const mostBytes = 4 * 1024 ** 3;

/** A transfer that takes about one turn on this machine, as megabytes a second. */
function transfers(
  world: World,
  effort: Effort,
  direction: Direction,
  port: number,
  culvert: CulvertProcess | null,
): () => Promise<Turn> {
  let bytes = 0;
  return async () => {
    if (bytes === 0) {
      const ms = await world.load.call("bulk", { port, direction, bytes: warmUpBytes });
      bytes = Math.min(mostBytes, Math.max(warmUpBytes, Math.round((warmUpBytes / ms) * effort.turnMs)));
    }
    const before = culvert?.cpuMs() ?? Number.NaN;
    const ms = await world.load.call("bulk", { port, direction, bytes });
    const cpu = ((culvert?.cpuMs() ?? Number.NaN) - before) / (bytes / 1e9);
    return { rate: bytes / 1_000 / ms, cpu };
  };
}

async function run(world: World, effort: Effort, direction: Direction): Promise<readonly Measurement[]> {
  return withTunnels(world, async (h2, h1) => {
    const of = await inTurn(
      effort.rounds,
      new Map([
        ["h2", transfers(world, effort, direction, h2.bulk, h2.culvert)],
        ["h1", transfers(world, effort, direction, h1.bulk, h1.culvert)],
        ["direct", transfers(world, effort, direction, world.direct.bulk, null)],
      ]),
    );
    return [
      { title: "MB/s", samples: of("rate"), ratios: usualRatios },
      { title: "CPU ms of culvert per GB", samples: of("cpu"), ratios: [["h2", "h1"]] },
    ];
  });
}

export const bulkDown: Scenario = {
  name: "bulk-down",
  about: "one client receives from the upstream as fast as it can",
  run: (world, effort) => run(world, effort, "down"),
};

export const bulkUp: Scenario = {
  name: "bulk-up",
  about: "one client sends to the upstream as fast as it can, until all of it has arrived there",
  run: (world, effort) => run(world, effort, "up"),
};
