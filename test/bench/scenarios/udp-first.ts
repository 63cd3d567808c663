import { setTimeout as delay } from "node:timers/promises";
import { inTurn } from "../report.ts";
import { median } from "../statistics.ts";
import type { UdpWay } from "../udp-world.ts";
import type { Scenario } from "./scenario.ts";

const roundTripMs = 50;
const bytes = 64;

/** How many round trips to the proxy a new UDP client waits for. Each turn is a process of its own. */
export const udpFirst: Scenario = {
  name: "udp-first",
  about: `a new UDP client's first answer, with a network of ${roundTripMs} ms between tunnel and proxy`,
  run: async (world, effort) => {
    const udp = await world.udp();
    const slow = await udp.slowDirect(roundTripMs);
    const measure = (way: UdpWay) => async () => {
      const tunnel = await udp.tunnel(way, roundTripMs);
      const next = (): Promise<number> => udp.load.call("firstAnswer", { port: tunnel.port, bytes });
      try {
        await delay(200);
        const cold = await next();
        await delay(300);
        await udp.warm(tunnel);
        const later = [];
        for (let i = 0; i < 3; i += 1) {
          later.push(await next());
          // The next connection is opened ahead behind this one's answer, and takes two round trips.
          await delay(4 * roundTripMs);
        }
        return { cold, later: median(later) };
      } finally {
        await udp.stop(tunnel);
      }
    };
    const direct = async (): Promise<{ cold: number; later: number }> => {
      const ms = await udp.load.call("firstAnswer", { port: slow, bytes });
      return { cold: ms, later: ms };
    };
    // Which front it is makes no difference here.
    const ways = udp.ways.filter((way) => way !== "h1 node" || !udp.ways.includes("h1 envoy"));
    const of = await inTurn(
      effort.heavyRounds,
      new Map([...ways.map((way) => [way as string, measure(way)] as const), ["direct", direct]]),
    );
    const ratios = ways.map((way) => [way, "direct"] as const);
    return [
      { title: "first client, ms", samples: of("cold"), ratios },
      { title: "later clients, ms", samples: of("later"), ratios },
    ];
  },
};
