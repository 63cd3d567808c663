import { setTimeout as delay } from "node:timers/promises";
import { inTurn } from "../report.ts";
import { median } from "../statistics.ts";
import type { Protocol } from "../world.ts";
import type { Scenario } from "./scenario.ts";

const roundTripMs = 50;

/** How many round trips to the proxy a new client waits for. Each turn is a process of its own. */
export const firstByte: Scenario = {
  name: "first-byte",
  about: `a new client's first echoed byte, with a network of ${roundTripMs} ms between tunnel and proxy`,
  run: async (world, effort) => {
    const slow = await world.slowDirect(roundTripMs);
    const measure = (protocol: Protocol) => async () => {
      const tunnel = await world.tunnel(protocol, roundTripMs);
      try {
        await delay(200);
        const next = (): Promise<number> => world.load.call("firstByte", { port: tunnel.echo });
        const cold = await next();
        const later = [];
        for (let i = 0; i < 3; i += 1) {
          await delay(60);
          later.push(await next());
        }
        return { cold, later: median(later) };
      } finally {
        await world.stop(tunnel);
      }
    };
    const direct = async (): Promise<{ cold: number; later: number }> => {
      const ms = await world.load.call("firstByte", { port: slow });
      return { cold: ms, later: ms };
    };
    const of = await inTurn(
      effort.heavyRounds,
      new Map([
        ["h2", measure("h2")],
        ["h1", measure("h1")],
        ["direct", direct],
      ]),
    );
    const ratios = [
      ["h2", "h1"],
      ["h2", "direct"],
    ] as const;
    return [
      { title: "first client, ms", samples: of("cold"), ratios },
      { title: "later clients, ms", samples: of("later"), ratios },
    ];
  },
};
