import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { build, format, lint, runSteps, types, type Step } from "./steps.ts";

/** `npm test`: everything that can run on this machine. What is missing for a test is said, and skipped. */
const folder = mkdtempSync(path.join(os.tmpdir(), "culvert-test-"));
const report = path.join(folder, "report.json");
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const chosen = process.argv.slice(2);
const isCi = (process.env["CI"] ?? "") !== "";
const executable: Step = {
  name: "tests on the executable",
  live: true,
  command: ["node", "scripts/test-executable.ts"],
};

await runSteps([
  format,
  lint,
  types,
  build,
  { name: "native helper", live: true, command: ["node", "scripts/native.ts", ...(isCi ? [] : ["--if-possible"])] },
  {
    name: "tests",
    live: true,
    command: ["vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...chosen],
  },
  // What people get: no Node, no sources. Not where only some tests are asked for.
  ...(chosen.length > 0 ? [] : [executable]),
]);

const counts = JSON.parse(readFileSync(report, "utf8")) as {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
};
console.log(`${counts.numPassedTests} passed, ${counts.numFailedTests} failed, ${counts.numPendingTests} skipped`);
