import { setTimeout as delay } from "node:timers/promises";
import type { Effort } from "../options.ts";
import { inTurn, type Measurement } from "../report.ts";
import type { Protocol, Tunnel, World } from "../world.ts";
import { withTunnels, type Scenario } from "./scenario.ts";

/** Over HTTP/1.1 a client's end is held back for a second; those tunnels must not fall into the next turn. */
const tailMs = { h2: 100, h1: 1_300 } as const;

async function rates(
  world: World,
  effort: Effort,
  tunnels: Record<Protocol, Tunnel>,
  workers: number,
): Promise<Measurement> {
  const turn = async (protocol: Protocol): Promise<{ rate: number }> => {
    const rate = await world.load.call("tunnels", { port: tunnels[protocol].echo, workers, ms: effort.turnMs });
    await delay(tailMs[protocol]);
    return { rate };
  };
  const of = await inTurn(
    effort.rounds,
    new Map([
      ["h2", () => turn("h2")],
      ["h1", () => turn("h1")],
    ]),
  );
  const title = workers === 1 ? "one at a time, 1/s" : `${workers} at once, 1/s`;
  return { title, samples: of("rate"), ratios: [["h2", "h1"]] };
}

/** Clients that come, exchange one byte and go. */
export const tunnels: Scenario = {
  name: "tunnels",
  about: "new tunnels a second: connect, one byte there and back, and the client's end behind it",
  run: (world, effort) =>
    withTunnels(world, async (h2, h1) => {
      // Connections and code are warm before the first turn counts.
      for (const { echo } of [h2, h1]) await world.load.call("tunnels", { port: echo, workers: 16, ms: 300 });
      await delay(tailMs.h1);
      const many = await rates(world, effort, { h2, h1 }, 16);
      const single = await rates(world, effort, { h2, h1 }, 1);
      const end = (port: number) => async () => ({ ms: await world.load.call("endAfterByte", { port }) });
      const of = await inTurn(
        effort.heavyRounds,
        new Map([
          ["h2", end(h2.once)],
          ["h1", end(h1.once)],
          ["direct", end(world.direct.once)],
        ]),
      );
      return [many, single, { title: "upstream's end seen after, ms", samples: of("ms") }];
    }),
};
