import { setTimeout as delay } from "node:timers/promises";
import { inTurn } from "../report.ts";
import type { Protocol } from "../world.ts";
import type { Scenario } from "./scenario.ts";

/** What an idle client costs the tunnel process. Each turn is a process of its own. */
export const memory: Scenario = {
  name: "memory",
  about: "resident memory of the tunnel process for each of many idle clients",
  run: async (world, effort) => {
    const measure = (protocol: Protocol) => async () => {
      const tunnel = await world.tunnel(protocol);
      try {
        await world.load.call("hold", { port: tunnel.echo, count: 1 });
        await delay(300);
        const before = tunnel.culvert.rss();
        await world.load.call("hold", { port: tunnel.echo, count: effort.idleClients });
        await delay(effort.settleMs);
        const after = tunnel.culvert.rss();
        const open = await world.load.call("release", null);
        if (open !== effort.idleClients + 1) throw new Error(`${open} of ${effort.idleClients + 1} clients were left`);
        return { each: (after - before) / 1_024 / effort.idleClients, before: before / 1_048_576 };
      } finally {
        await world.stop(tunnel);
      }
    };
    const of = await inTurn(
      effort.heavyRounds,
      new Map([
        ["h2", measure("h2")],
        ["h1", measure("h1")],
      ]),
    );
    return [
      { title: `KB a client (of ${effort.idleClients})`, samples: of("each"), ratios: [["h2", "h1"]] },
      { title: "MB with one client", samples: of("before") },
    ];
  },
};
