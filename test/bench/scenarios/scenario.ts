import type { Effort } from "../options.ts";
import type { Measurement } from "../report.ts";
import type { Tunnel, World } from "../world.ts";

/** One thing that is measured. */
export interface Scenario {
  readonly name: string;
  /** What it shows, in one line. */
  readonly about: string;
  run(world: World, effort: Effort): Promise<readonly Measurement[]>;
}

/** Runs with one tunnel of each protocol, fresh ones, and ends them. */
export async function withTunnels<T>(world: World, use: (h2: Tunnel, h1: Tunnel) => Promise<T>): Promise<T> {
  const h2 = await world.tunnel("h2");
  try {
    const h1 = await world.tunnel("h1");
    try {
      return await use(h2, h1);
    } finally {
      await world.stop(h1);
    }
  } finally {
    await world.stop(h2);
  }
}

/** The comparisons of most scenarios. */
export const usualRatios = [
  ["h2", "h1"],
  ["h2", "direct"],
] as const;
