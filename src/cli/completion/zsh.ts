import type { FlagSpec } from "../arguments/spec.ts";
import { valueKindOf, type CompletedCommand } from "./words.ts";

/** A word for the shell, whatever is in it. */
const quoted = (text: string): string => `'${text.replace(/'/g, `'\\''`)}'`;

/** Text in an argument of _arguments or _describe, where these characters have a meaning. */
const plain = (text: string): string => text.replace(/[\\:[\]]/g, "\\$&");

/** An empty list, where nothing can be offered: a mere message would keep zsh from completing a flag there. */
const actions = { none: "", file: "_files", command: "_command_names", other: "()" } as const;

function flagWords(flag: FlagSpec): string[] {
  const kind = valueKindOf(flag);
  const about = `[${plain(flag.about)}]`;
  const value = kind === "none" ? "" : `:${plain(flag.value ?? "VALUE")}:${actions[kind]}`;
  const long = `--${flag.name}${kind === "none" ? "" : "="}`;
  if (flag.short === undefined) return [quoted(`${long}${about}${value}`)];
  const either = `(-${flag.short} --${flag.name})`;
  return [quoted(`${either}-${flag.short}${about}${value}`), quoted(`${either}${long}${about}${value}`)];
}

function branch({ name, flags, argument, values }: CompletedCommand): string[] {
  const action = `(${values.join(" ")})`;
  const words = [
    ...flags.flatMap(flagWords),
    ...(argument === null ? [] : [quoted(`${values.length === 0 ? "*" : "1"}:${plain(argument)}:${action}`)]),
  ];
  return [`        ${name})`, `          _arguments ${words.join(" \\\n            ")} && ret=0`, "          ;;"];
}

/** As a file `_culvert` in a folder of fpath, or for `eval`. Its list has a long name, since zsh has its own `commands`. */
export function zshCompletion(commands: readonly CompletedCommand[]): string {
  const list = commands.map(({ name, about }) => `        ${quoted(`${name}:${plain(about)}`)}`);
  return `#compdef culvert
# zsh completion for culvert
_culvert() {
  local curcontext="$curcontext" context state state_descr line ret=1
  local -a culvert_commands
  typeset -A opt_args
  _arguments -C '1: :->command' '*:: :->arguments' && ret=0
  case $state in
    command)
      culvert_commands=(
${list.join("\n")}
      )
      _describe -t commands command culvert_commands && ret=0
      ;;
    arguments)
      case $line[1] in
${commands.flatMap(branch).join("\n")}
      esac
      ;;
  esac
  return ret
}
if [[ $funcstack[1] == _culvert ]]; then
  _culvert "$@"
else
  compdef _culvert culvert
fi
`;
}
