import { parseArgs } from "node:util";
import { shown } from "../../shared/address.ts";
import { nearest } from "./nearest.ts";
import { helpFlag, type CommandSpec, type FlagSpec } from "./spec.ts";
import { usageError } from "./usage.ts";

/** What a person wrote behind a command, checked against its spec. */
export interface ParsedArguments {
  readonly help: boolean;
  readonly positionals: readonly string[];
  /** Value of a text flag; undefined when it was not given. */
  text(name: string): string | undefined;
  /** State of a boolean flag; false when it was not given. */
  on(name: string): boolean;
}

/** The words that Go's strconv.ParseBool takes, since scripts for the existing client may use any of them. */
const booleanWords: ReadonlyMap<string, boolean> = new Map([
  ...["1", "t", "T", "true", "TRUE", "True"].map((word) => [word, true] as const),
  ...["0", "f", "F", "false", "FALSE", "False"].map((word) => [word, false] as const),
]);

/** PEM text begins with dashes as well, and can be no flag. */
const looksLikeFlag = (word: string): boolean => word.startsWith("--") && !word.startsWith("-----BEGIN ");

function unknownFlag(rawName: string, written: string, spec: CommandSpec, flags: readonly FlagSpec[]): Error {
  const names = flags.map((flag) => flag.name);
  const word = written.replace(/^-+/, "").replace(/=.*$/s, "");
  const near = names.includes(word) ? word : nearest(word, names);
  const name = rawName.startsWith("--") || near === null ? rawName : written.replace(/=.*$/s, "");
  const hint = near === null ? "" : ` Did you mean --${near}?`;
  return usageError(`"culvert ${spec.name}" has no flag ${shown(name)}.${hint}`, spec.name);
}

/**
 * Reads flags as the existing client does: `--flag value`, `--flag=value`, booleans as `--flag` or
 * `--flag=false`, flags and arguments in any order, `--` before what only looks like a flag, the last one wins.
 * @throws AppError `setting-invalid` that names the flag.
 */
export function parseArguments(argv: readonly string[], spec: CommandSpec): ParsedArguments {
  const flags = [...spec.flags, helpFlag];
  const byName = new Map(flags.map((flag) => [flag.name, flag]));
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      flags.map((flag) => [
        flag.name,
        {
          type: flag.kind === "text" ? ("string" as const) : ("boolean" as const),
          ...(flag.short === undefined ? {} : { short: flag.short }),
        },
      ]),
    ),
  });

  const texts = new Map<string, string>();
  const booleans = new Map<string, boolean>();
  const positionals: string[] = [];
  let failure: Error | null = null;
  for (const token of tokens) {
    if (token.kind === "option-terminator") continue;
    if (token.kind === "positional") {
      positionals.push(token.value);
      continue;
    }
    const flag = byName.get(token.name);
    if (flag === undefined) {
      failure ??= unknownFlag(token.rawName, argv[token.index] ?? token.rawName, spec, flags);
    } else if (flag.kind === "boolean") {
      const value = token.value === undefined ? true : booleanWords.get(token.value);
      if (value === undefined) {
        failure ??= usageError(
          `--${flag.name} is either on or off: write --${flag.name} or --${flag.name}=false.`,
          spec.name,
        );
      } else booleans.set(flag.name, value);
    } else if (token.value === undefined || (!token.inlineValue && looksLikeFlag(token.value))) {
      failure ??= usageError(`--${flag.name} needs a value: --${flag.name} ${flag.value ?? "VALUE"}.`, spec.name);
    } else texts.set(flag.name, token.value);
  }

  const help = booleans.get(helpFlag.name) ?? false;
  if (!help) {
    if (failure !== null) throw failure;
    checkCount(positionals, spec);
  }
  return { help, positionals, text: (name) => texts.get(name), on: (name) => booleans.get(name) ?? false };
}

function checkCount(positionals: readonly string[], spec: CommandSpec): void {
  const { min, max, name } = spec.positionals;
  if (positionals.length < min) {
    throw usageError(`The ${name} is missing: culvert ${spec.usage[0] ?? spec.name}.`, spec.name);
  }
  const extra = positionals[max];
  if (extra !== undefined) {
    const takes = max === 0 ? "takes no arguments" : `takes ${max === 1 ? "one argument" : `${max} arguments`}`;
    throw usageError(`"culvert ${spec.name}" ${takes}; "${shown(extra)}" is one too many.`, spec.name);
  }
}
