import { spawn } from "node:child_process";
import { once } from "node:events";
import { builtProgram, sourceProgram } from "../culvert-process.ts";
import { inTurn, type Turn } from "../report.ts";
import type { Scenario } from "./scenario.ts";

async function bareNode(): Promise<Turn> {
  const startedAt = performance.now();
  await once(spawn(process.execPath, ["-e", "0"], { stdio: "ignore" }), "exit");
  return { ms: performance.now() - startedAt };
}

export const launch: Scenario = {
  name: "launch",
  about: "from the start of the process until it says that it listens; bare Node until it has ended",
  run: async (world, effort) => {
    const built = builtProgram();
    const measure = (program: string) => async () => ({ ms: await world.launch(program) });
    const variants = new Map([
      ...(built === null ? [] : [["built", measure(built)] as const]),
      ["source", measure(sourceProgram)] as const,
      ["bare node", bareNode] as const,
    ]);
    const of = await inTurn(effort.launches, variants);
    const ratios = [...variants.keys()].slice(0, -1).map((name) => [name, "bare node"] as const);
    return [{ title: "ms", samples: of("ms"), ratios }];
  },
};
