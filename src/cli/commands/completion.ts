import { shown } from "../../shared/address.ts";
import { nearest } from "../arguments/nearest.ts";
import type { ParsedArguments } from "../arguments/parse-arguments.ts";
import type { CommandSpec } from "../arguments/spec.ts";
import { usageError } from "../arguments/usage.ts";
import type { Command, CommandContext } from "../command.ts";
import { completionFor } from "../completion/files.ts";
import { isShell, shells } from "../completion/shells.ts";

const spec: CommandSpec = {
  name: "completion",
  summary: "print what a shell needs to complete commands and flags",
  usage: ["completion bash|zsh|fish|powershell"],
  about: [
    [
      "It goes into the shell's start file, or into a file that the shell looks for:",
      '  bash         ~/.bashrc: eval "$(culvert completion bash)"',
      '  zsh          ~/.zshrc, behind compinit: eval "$(culvert completion zsh)"',
      "  fish         culvert completion fish > ~/.config/fish/completions/culvert.fish",
      "  PowerShell   $PROFILE: culvert completion powershell | Out-String | Invoke-Expression",
    ].join("\n"),
  ],
  positionals: { min: 1, max: 1, name: `shell (${shells.join(", ")})`, values: shells },
  flags: [],
};

async function run(context: CommandContext, given: ParsedArguments): Promise<number> {
  const word = given.positionals[0] ?? "";
  if (isShell(word)) {
    await context.print(await completionFor(word));
    return 0;
  }
  const near = nearest(word, shells);
  const hint = near === null ? ` There are ${shells.join(", ")}.` : ` Did you mean ${near}?`;
  throw usageError(`"culvert completion" does not know the shell ${shown(word) || '""'}.${hint}`, spec.name);
}

/** `culvert completion`. */
export const completion: Command = { spec, run };
