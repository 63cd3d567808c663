import type { FlagSpec } from "../arguments/spec.ts";
import { valueKindOf, type CompletedCommand } from "./words.ts";

const quoted = (text: string): string => `'${text.replace(/[\\']/g, "\\$&")}'`;

const values = { none: "", file: " -r -F", command: " -x -a '(__fish_complete_command)'", other: " -x" } as const;

function flagLine(commands: readonly string[], flag: FlagSpec): string {
  const short = flag.short === undefined ? "" : ` -s ${flag.short}`;
  const value = values[valueKindOf(flag)];
  return `complete -c culvert -n ${quoted(`__culvert_is ${commands.join(" ")}`)}${short} -l ${flag.name}${value} -d ${quoted(flag.about)}`;
}

/** One line for each flag, whichever commands have it. */
function flagLines(commands: readonly CompletedCommand[]): string[] {
  const users = new Map<string, { flag: FlagSpec; names: string[] }>();
  for (const { name, flags } of commands) {
    for (const flag of flags) {
      const key = `${flag.name}\n${flag.about}`;
      const known = users.get(key);
      if (known === undefined) users.set(key, { flag, names: [name] });
      else known.names.push(name);
    }
  }
  return [...users.values()].map(({ flag, names }) => flagLine(names, flag));
}

/** For fish from 3.0 on. */
export function fishCompletion(commands: readonly CompletedCommand[]): string {
  const first = quoted("test (count (commandline -opc)) -eq 1");
  return `# fish completion for culvert
function __culvert_is
    set -l words (commandline -opc)
    test (count $words) -ge 2; and contains -- $words[2] $argv
end
complete -c culvert -f
${[
  ...commands.map(({ name, about }) => `complete -c culvert -n ${first} -a ${name} -d ${quoted(about)}`),
  ...commands
    .filter((command) => command.values.length > 0)
    .map(({ name, values: words }) => {
      const when = quoted(`__culvert_is ${name}; and test (count (commandline -opc)) -eq 2`);
      return `complete -c culvert -n ${when} -a ${quoted(words.join(" "))}`;
    }),
  ...flagLines(commands),
].join("\n")}
`;
}
