import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { build, format, lint, runSteps, types } from "./steps.ts";

/** `npm test`: everything that can run on this machine. What is missing for a test is said, and skipped. */
const folder = mkdtempSync(path.join(os.tmpdir(), "culvert-test-"));
const report = path.join(folder, "report.json");
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

await runSteps([
  format,
  lint,
  types,
  build,
  {
    name: "tests",
    live: true,
    command: [
      "vitest",
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
      ...process.argv.slice(2),
    ],
  },
]);

const counts = JSON.parse(readFileSync(report, "utf8")) as {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
};
console.log(`${counts.numPassedTests} passed, ${counts.numFailedTests} failed, ${counts.numPendingTests} skipped`);
