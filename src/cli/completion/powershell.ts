import { valueKindOf, type CompletedCommand } from "./words.ts";

const quoted = (text: string): string => `'${text.replace(/'/g, "''")}'`;

/** An ordered hashtable of words and what they are. */
const table = (rows: readonly (readonly [string, string])[], indent: string): string =>
  rows.map(([word, about]) => `${indent}${quoted(word)} = ${quoted(about)}`).join("\n");

/** For PowerShell from 5.1 on. Where it offers nothing PowerShell offers files, which is right for flags that take one. */
export function powershellCompletion(commands: readonly CompletedCommand[]): string {
  const words = commands.map(
    ({ name, flags }) => `    ${quoted(name)} = [ordered]@{
${table(
  flags.map((flag) => [`--${flag.name}`, flag.about] as const),
  "      ",
)}
    }`,
  );
  const valued = commands.map(({ name, flags }) => {
    const names = flags.filter((flag) => valueKindOf(flag) !== "none").map((flag) => quoted(`--${flag.name}`));
    return `    ${quoted(name)} = @(${names.join(", ")})`;
  });
  const values = commands.map(
    ({ name, values: known }) =>
      `    ${quoted(name)} = [ordered]@{ ${known.map((word) => `${quoted(word)} = ${quoted(word)}`).join("; ")} }`,
  );
  return `# PowerShell completion for culvert
Register-ArgumentCompleter -Native -CommandName @('culvert', 'culvert.exe') -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $commands = [ordered]@{
${table(
  commands.map(({ name, about }) => [name, about] as const),
  "    ",
)}
  }
  $flags = @{
${words.join("\n")}
  }
  $takesValue = @{
${valued.join("\n")}
  }
  $values = @{
${values.join("\n")}
  }
  $before = @($commandAst.CommandElements |
    Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
    ForEach-Object { $_.Extent.Text })
  if ($before.Count -le 1) {
    $known = $commands
  } else {
    $command = $before[1]
    if (-not $flags.ContainsKey($command)) { return }
    if ($takesValue[$command] -contains $before[-1]) { return }
    $known = if ($wordToComplete -like '-*') { $flags[$command] } else { $values[$command] }
  }
  foreach ($word in $known.Keys) {
    if ($word.StartsWith($wordToComplete, [System.StringComparison]::Ordinal)) {
      [System.Management.Automation.CompletionResult]::new($word, $word, 'ParameterValue', $known[$word])
    }
  }
}
`;
}
