import { commandNames, loadCommand } from "../commands/registry.ts";
import { bashCompletion } from "./bash.ts";
import { fishCompletion } from "./fish.ts";
import { powershellCompletion } from "./powershell.ts";
import { shells, type Shell } from "./shells.ts";
import { completedCommands, type CompletedCommand } from "./words.ts";
import { zshCompletion } from "./zsh.ts";

const writers: Readonly<Record<Shell, (commands: readonly CompletedCommand[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
  powershell: powershellCompletion,
};

/** As the shells look for them in their folders; PowerShell looks for none. */
const fileNames: Readonly<Record<Shell, string>> = {
  bash: "culvert.bash",
  zsh: "_culvert",
  fish: "culvert.fish",
  powershell: "culvert.ps1",
};

/** The completion for a shell, made from what `culvert help` says. */
export async function completionFor(shell: Shell): Promise<string> {
  const commands = await Promise.all(commandNames.map(loadCommand));
  return writers[shell](completedCommands(commands.map(({ spec }) => spec)));
}

/** The completions of all shells, by file name. */
export async function completionFiles(): Promise<ReadonlyMap<string, string>> {
  return new Map(
    await Promise.all(shells.map(async (shell) => [fileNames[shell], await completionFor(shell)] as const)),
  );
}
