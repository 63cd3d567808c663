import path from "node:path";
import { makeCliFolder } from "./executable.ts";
import { targetOf } from "./executable/target.ts";
import { build, runSteps } from "./steps.ts";

/**
 * `npm run package:check`: makes and inspects every package that needs neither Electron's binary nor a download (docs/packaging.md has
 * the table), with the command line that was really made in those for Linux. What is missing for a part is said, and skipped.
 */
const root = path.join(import.meta.dirname, "..");

await runSteps([build]);
if (process.platform === "linux" && process.arch === "x64") {
  const { program } = await makeCliFolder(targetOf("linux", "x64"), path.join(root, "dist/cli"));
  process.env["CULVERT_CLI_FOLDER"] = path.dirname(program);
}
await runSteps([
  {
    name: "packages",
    live: true,
    command: ["vitest", "run", "--project", "integration", "test/integration/packaging"],
  },
]);
