import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { makeCliFolder } from "./executable.ts";
import { targetOf } from "./executable/target.ts";
import { runSteps } from "./steps.ts";

/**
 * `npm run test:executable`: makes the single executable and runs every test that starts the command line on it, but for
 * `no-telemetry`, which watches from within the process: the executable lets nobody in. Where `CULVERT_PROGRAM` names
 * one, for example an installed one, that is tested.
 */
const files = [
  ...["cli", "certificate-search", "examples", "executable", "guides", "managed-settings"],
  ...["secrets", "services", "unverified-tls"],
];

/** Tests in these files that do not start the command line; `npm test` runs them, and once is enough. */
const withoutIt = ["a client certificate that was given", "a certificate of a real NSS database", "the database"];

const folder = mkdtempSync(path.join(os.tmpdir(), "culvert-executable-test-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

if ((process.env["CULVERT_PROGRAM"] ?? "") === "") {
  const { program } = await makeCliFolder(targetOf(process.platform, process.arch), folder);
  process.env["CULVERT_PROGRAM"] = program;
}
await runSteps([
  {
    name: "the command line's tests on the executable",
    live: true,
    command: [
      "vitest",
      "run",
      "--project",
      "integration",
      ...files.map((name) => `test/integration/${name}`),
      "--testNamePattern",
      `^(?!${withoutIt.join("|")})`,
      ...process.argv.slice(2),
    ],
  },
]);
