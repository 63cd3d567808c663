import os from "node:os";
import { readOptions, type Options } from "./options.ts";
import { table } from "./report.ts";
import { besideBulk } from "./scenarios/beside-bulk.ts";
import { bulkDown, bulkUp } from "./scenarios/bulk.ts";
import { firstByte } from "./scenarios/first-byte.ts";
import { launch } from "./scenarios/launch.ts";
import { memory } from "./scenarios/memory.ts";
import { roundTrip } from "./scenarios/round-trip.ts";
import { tunnels } from "./scenarios/tunnels.ts";
import { udpFirst } from "./scenarios/udp-first.ts";
import { udpRate } from "./scenarios/udp-rate.ts";
import { udpRoundTrip } from "./scenarios/udp-round-trip.ts";
import { World } from "./world.ts";

const scenarios = [
  launch,
  firstByte,
  roundTrip,
  bulkDown,
  bulkUp,
  besideBulk,
  tunnels,
  memory,
  udpRoundTrip,
  udpRate,
  udpFirst,
];

function facts(world: World, options: Options): string {
  const [cpu] = os.cpus();
  const front = world.front === "envoy" ? "Envoy, one worker thread" : "Node (Envoy is not installed)";
  return [
    `${os.availableParallelism()} cores (${cpu?.model.trim() ?? "unknown"}), ${os.platform()} ${os.arch()}, load ${os.loadavg()[0]?.toFixed(2)}`,
    `Node ${process.version}; front: ${front}; ${options.quick ? "quick: too few rounds for conclusions" : "full"}`,
    "h2: over HTTP/2; h1: the proxy offers HTTP/1.1 only; direct: a relay without TLS and proxy",
    "UDP: h1 is an upgrade as Pomerium takes it; h2 is extended CONNECT, which only the Node front offers",
  ].join("\n");
}

/** Runs what was asked for. Resolves to the exit code: figures never fail, only a scenario that could not be run does. */
async function main(options: Options): Promise<number> {
  const startedAt = performance.now();
  const seconds = (): string => `${((performance.now() - startedAt) / 1_000).toFixed(0)} s`;
  const world = await World.start(options.profileFolder);
  let exitCode = 0;
  try {
    console.log(facts(world, options));
    for (const scenario of scenarios.filter(({ name }) => options.names.includes(name))) {
      console.log(`\n${scenario.name}: ${scenario.about} (at ${seconds()})`);
      if (performance.now() - startedAt > options.effort.budgetMs) {
        console.log(`  left out: ${seconds()} have been used up`);
        continue;
      }
      try {
        for (const measurement of await scenario.run(world, options.effort)) console.log(table(measurement));
      } catch (error) {
        console.log(`  failed: ${error instanceof Error ? error.message : String(error)}`);
        exitCode = 1;
      }
    }
  } finally {
    await world.close();
  }
  console.log(`\n${seconds()}`);
  return exitCode;
}

let options: Options;
try {
  options = readOptions(
    process.argv.slice(2),
    scenarios.map(({ name }) => name),
  );
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(2);
}
// The exit ends every process that is left: the tunnels by force, the workers because their channel closes.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
process.exitCode = await main(options);
