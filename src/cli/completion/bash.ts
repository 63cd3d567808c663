import { valueKindOf, type CompletedCommand, type ValueKind } from "./words.ts";

function branch({ name, flags, values }: CompletedCommand): string[] {
  const of = (kinds: readonly ValueKind[]): string =>
    flags
      .filter((flag) => kinds.includes(valueKindOf(flag)))
      .map((flag) => `--${flag.name}`)
      .join(" ");
  const lists = {
    flags: of(["none", "file", "command", "other"]),
    files: of(["file"]),
    programs: of(["command"]),
    texts: of(["other"]),
    values: values.join(" "),
  };
  return [
    `    ${name})`,
    ...Object.entries(lists).flatMap(([list, words]) => (words === "" ? [] : [`      ${list}='${words}'`])),
    "      ;;",
  ];
}

/** For bash from 3.2 on, which macOS has; bash-completion is not needed. */
export function bashCompletion(commands: readonly CompletedCommand[]): string {
  return `# bash completion for culvert
# shellcheck disable=SC2207 # bash 3.2 has no mapfile
_culvert() {
  local cur=\${COMP_WORDS[COMP_CWORD]} flag='' flags='' files='' programs='' texts='' values='' IFS=$' \\t\\n'
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(" ")}' -- "$cur"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${commands.flatMap(branch).join("\n")}
  esac
  # bash takes --flag=value apart at the =.
  if [[ $cur == '=' ]]; then
    flag=\${COMP_WORDS[COMP_CWORD - 1]}
    cur=''
  elif [[ \${COMP_WORDS[COMP_CWORD - 1]} == '=' ]]; then
    flag=\${COMP_WORDS[COMP_CWORD - 2]}
  else
    flag=\${COMP_WORDS[COMP_CWORD - 1]}
  fi
  if [[ " $files " == *" $flag "* ]]; then
    # Readline's own completion of files knows ~, blanks and quotes; bash 3.2 cannot be asked for it from here.
    compopt -o default 2>/dev/null && return
    IFS=$'\\n'
    COMPREPLY=($(compgen -f -- "$cur"))
  elif [[ " $programs " == *" $flag "* ]]; then
    IFS=$'\\n'
    COMPREPLY=($(compgen -c -- "$cur"))
  elif [[ " $texts " == *" $flag "* ]]; then
    return
  elif [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$cur"))
  elif ((COMP_CWORD == 2)); then
    COMPREPLY=($(compgen -W "$values" -- "$cur"))
  fi
}
complete -F _culvert culvert
`;
}
