import { helpFlag, type CommandSpec, type FlagSpec } from "../arguments/spec.ts";

/** One command as shells see it: what can stand behind it. */
export interface CompletedCommand {
  readonly name: string;
  readonly about: string;
  /** With the one for help. */
  readonly flags: readonly FlagSpec[];
  /** What its argument is called, null where it takes none. */
  readonly argument: string | null;
  /** The words that its argument can be; none where there is no end to them. */
  readonly values: readonly string[];
}

/** What stands behind a flag. */
export type ValueKind = "none" | "file" | "command" | "other";

export function valueKindOf({ kind, value }: FlagSpec): ValueKind {
  if (kind === "boolean") return "none";
  if (value === "FILE") return "file";
  return value === "COMMAND" ? "command" : "other";
}

/** The commands of the help, as shells see them. */
export function completedCommands(specs: readonly CommandSpec[]): CompletedCommand[] {
  return specs.map(({ name, summary, flags, positionals }) => ({
    name,
    about: summary,
    flags: [...flags, helpFlag],
    argument: positionals.max === 0 ? null : positionals.name.replace(/ \(.*$/, ""),
    values: positionals.values ?? [],
  }));
}
