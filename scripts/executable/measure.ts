import { execFileSync } from "node:child_process";
import path from "node:path";

const rounds = 10;

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/**
 * Times from the start of a command to its end, taken in turns with the built command line, so that a busy machine
 * slows both. One line a command; needs `npm run build`.
 */
export function medianStarts(program: string, root: string): string[] {
  const built = path.join(root, "out/cli/index.js");
  // The second one reads the engine, to judge a certificate that is none; nothing is dialled.
  const broken = Buffer.from("-----BEGIN CERTIFICATE-----").toString("base64");
  const commands = [["version"], ["tcp", "a.example.com:1", "--ca-cert", broken]];
  return commands.map((args) => {
    const ways = [
      { name: "executable", file: program, args, took: [] as number[] },
      { name: "node out/cli/index.js", file: process.execPath, args: [built, ...args], took: [] as number[] },
    ];
    for (let round = -1; round < rounds; round++) {
      for (const way of ways) {
        const began = performance.now();
        try {
          execFileSync(way.file, way.args, { stdio: "ignore" });
        } catch {
          // The second command ends with 2.
        }
        // The first round fills the system's file cache.
        if (round >= 0) way.took.push(performance.now() - began);
      }
    }
    const told = ways.map(({ name, took }) => `${name} ${median(took).toFixed(0)} ms`);
    return `culvert ${args.slice(0, 2).join(" ")}: ${told.join(", ")} (median of ${rounds})`;
  });
}
