import type { ParsedArguments } from "../arguments/parse-arguments.ts";
import { helpFlag, type CommandSpec, type FlagSpec } from "../arguments/spec.ts";
import type { Command, CommandContext } from "../command.ts";
import { commandNames, loadCommand } from "./registry.ts";

const spec: CommandSpec = {
  name: "help",
  summary: "show how a command is used",
  usage: ["help [COMMAND]"],
  positionals: { min: 0, max: 1, name: "command", values: commandNames },
  flags: [],
};

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}   ${right}`);
}

function flagColumn(flag: FlagSpec): string {
  const short = flag.short === undefined ? "    " : `-${flag.short}, `;
  return `${short}--${flag.name}${flag.value === undefined ? "" : ` ${flag.value}`}`;
}

/** The help of one command. */
export function helpOf(command: CommandSpec): string {
  const parts = [
    `${command.summary.charAt(0).toUpperCase()}${command.summary.slice(1)}.`,
    ["Usage:", ...command.usage.map((line) => `  culvert ${line}`)].join("\n"),
    ...(command.about ?? []),
    ...(command.examples === undefined
      ? []
      : [["Examples:", ...command.examples.map((line) => `  ${line}`)].join("\n")]),
    ["Flags:", ...columns([...command.flags, helpFlag].map((flag) => [flagColumn(flag), flag.about] as const))].join(
      "\n",
    ),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** The list of commands. */
export async function overview(): Promise<string> {
  const commands = await Promise.all(commandNames.map(loadCommand));
  return [
    "Culvert carries local TCP and UDP ports through a Pomerium access proxy.",
    "",
    "Usage:",
    "  culvert COMMAND [arguments] [flags]",
    "",
    "Commands:",
    ...columns(commands.map(({ spec: { name, summary } }) => [name, summary] as const)),
    "",
    '"culvert help COMMAND" tells more about each.',
    "",
  ].join("\n");
}

async function run(context: CommandContext, given: ParsedArguments): Promise<number> {
  const name = given.positionals[0];
  await context.print(name === undefined ? await overview() : helpOf((await loadCommand(name)).spec));
  return 0;
}

/** `culvert help`. */
export const help: Command = { spec, run };
