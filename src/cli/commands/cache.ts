import { shown } from "../../shared/address.ts";
import { nearest } from "../arguments/nearest.ts";
import type { ParsedArguments } from "../arguments/parse-arguments.ts";
import type { CommandSpec } from "../arguments/spec.ts";
import { usageError } from "../arguments/usage.ts";
import type { Command, CommandContext } from "../command.ts";

const subcommands = ["location", "clear"] as const;

const spec: CommandSpec = {
  name: "cache",
  summary: "show or empty the folder that sessions are kept in",
  usage: ["cache location", "cache clear"],
  about: [
    '"clear" forgets all sessions on this computer without telling the proxies; "culvert logout" tells them as well.\nCULVERT_HOME names another folder.',
  ],
  positionals: { min: 1, max: 1, name: "subcommand (location or clear)", values: subcommands },
  flags: [],
};

async function run(context: CommandContext, given: ParsedArguments): Promise<number> {
  const word = given.positionals[0] ?? "";
  if (word === "location") {
    await context.print(`${context.home}\n`);
    return 0;
  }
  if (word === "clear") {
    const store = await context.openStore();
    const removed = await store.clear();
    await context.print(`Forgot ${removed === 1 ? "1 session" : `${removed} sessions`}.\n`);
    return 0;
  }
  const near = nearest(word, subcommands);
  const hint = near === null ? "" : ` Did you mean ${near}?`;
  throw usageError(`"culvert cache" has no subcommand ${shown(word)}.${hint}`, spec.name);
}

/** `culvert cache`. */
export const cache: Command = { spec, run };
