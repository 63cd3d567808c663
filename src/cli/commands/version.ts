import type { CommandSpec } from "../arguments/spec.ts";
import type { Command } from "../command.ts";
import { versionOfCulvert } from "../version.ts";

const spec: CommandSpec = {
  name: "version",
  summary: "print the version",
  usage: ["version"],
  positionals: { min: 0, max: 0, name: "" },
  flags: [],
};

/** `culvert version`. */
export const version: Command = {
  spec,
  async run(context) {
    await context.print(`culvert ${versionOfCulvert()}\n`);
    return 0;
  },
};
