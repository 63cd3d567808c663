import { describe, expect, test } from "vitest";
import { helpFlag, type CommandSpec, type FlagSpec } from "../../../src/cli/arguments/spec.ts";
import { commandNames, loadCommand } from "../../../src/cli/commands/registry.ts";
import { bashCompletion } from "../../../src/cli/completion/bash.ts";
import { completionFiles, completionFor } from "../../../src/cli/completion/files.ts";
import { fishCompletion } from "../../../src/cli/completion/fish.ts";
import { powershellCompletion } from "../../../src/cli/completion/powershell.ts";
import { isShell, shells } from "../../../src/cli/completion/shells.ts";
import { completedCommands, valueKindOf } from "../../../src/cli/completion/words.ts";
import { zshCompletion } from "../../../src/cli/completion/zsh.ts";

const specs: readonly CommandSpec[] = (await Promise.all(commandNames.map(loadCommand))).map(({ spec }) => spec);
const flagsOf = (spec: CommandSpec): FlagSpec[] => [...spec.flags, helpFlag];

describe("what shells are told of the commands", () => {
  test("the words come from the specs that the help is made of", () => {
    const commands = completedCommands(specs);
    expect(commands.map(({ name }) => name)).toEqual(commandNames);
    expect(commands.find(({ name }) => name === "cache")).toMatchObject({
      argument: "subcommand",
      values: ["location", "clear"],
    });
    expect(commands.find(({ name }) => name === "help")?.values).toEqual(commandNames);
    expect(commands.find(({ name }) => name === "completion")?.values).toEqual(shells);
    expect(commands.find(({ name }) => name === "version")).toMatchObject({ argument: null, values: [] });
    expect(commands.every(({ flags }) => flags.includes(helpFlag))).toBe(true);
  });

  test("flags for files take files, flags for programs take programs", () => {
    const kinds = new Map(specs.flatMap(flagsOf).map((flag) => [flag.name, valueKindOf(flag)]));
    expect(kinds.get("client-cert")).toBe("file");
    expect(kinds.get("service-account-file")).toBe("file");
    expect(kinds.get("browser-cmd")).toBe("command");
    expect(kinds.get("listen")).toBe("other");
    expect(kinds.get("json")).toBe("none");
  });

  test("each shell has a file, and a word of its own", async () => {
    expect([...(await completionFiles()).keys()]).toEqual(["culvert.bash", "_culvert", "culvert.fish", "culvert.ps1"]);
    expect(shells.every(isShell)).toBe(true);
    expect(isShell("sh")).toBe(false);
  });
});

/** The part of a completion that is about one command. */
const parts: Readonly<Record<(typeof shells)[number], (text: string, command: string) => string>> = {
  bash: (text, command) => new RegExp(`^ {4}${command}\\)\\n([\\s\\S]*?);;`, "m").exec(text)?.[1] ?? "",
  zsh: (text, command) => new RegExp(`^ {8}${command}\\)\\n([\\s\\S]*?);;`, "m").exec(text)?.[1] ?? "",
  fish: (text, command) =>
    text
      .split("\n")
      .filter((line) => new RegExp(`'__culvert_is [a-z ]*\\b${command}\\b`).test(line))
      .join("\n"),
  powershell: (text, command) =>
    new RegExp(`\\$flags = @\\{[\\s\\S]*?^ {4}'${command}' = \\[ordered\\]@\\{\\n([\\s\\S]*?)^ {4}\\}`, "m").exec(
      text,
    )?.[1] ?? "",
};

const flagIn: Readonly<Record<(typeof shells)[number], (name: string) => RegExp>> = {
  bash: (name) => new RegExp(`flags='[^']*--${name}[ ']`),
  zsh: (name) => new RegExp(`--${name}(=)?\\[`),
  fish: (name) => new RegExp(` -l ${name} `),
  powershell: (name) => new RegExp(`^ +'--${name}' = '`, "m"),
};

describe.each(shells)("%s", (shell) => {
  test("has every command and every flag of the help, each where it belongs", async () => {
    const text = await completionFor(shell);
    for (const spec of specs) {
      expect(text).toContain(spec.name);
      const part = parts[shell](text, spec.name);
      const known = specs.flatMap(flagsOf).filter(({ name }) => flagIn[shell](name).test(part));
      expect(new Set(known.map(({ name }) => name)), spec.name).toEqual(new Set(flagsOf(spec).map(({ name }) => name)));
      for (const value of spec.positionals.values ?? []) expect(text).toContain(value);
    }
  });
});

const odd = completedCommands([
  {
    name: "odd",
    summary: "it's [odd]: a\\b",
    usage: ["odd"],
    positionals: { min: 0, max: 1, name: "thing" },
    flags: [{ name: "odd", kind: "text", value: "A:B", about: "isn't it [so]: $(id) `id` a\\b" }],
  },
]);

describe("characters that a shell would read as its own", () => {
  test("zsh", () => {
    const text = zshCompletion(odd);
    expect(text).toContain(String.raw`'odd:it'\''s \[odd\]\: a\\b'`);
    expect(text).toContain(String.raw`'--odd=[isn'\''t it \[so\]\: $(id) ${"`id`"} a\\b]:A\:B:()'`);
  });

  test("fish", () => {
    expect(fishCompletion(odd)).toContain(String.raw`-l odd -x -d 'isn\'t it [so]: $(id) ${"`id`"} a\\b'`);
  });

  test("PowerShell", () => {
    expect(powershellCompletion(odd)).toContain("'--odd' = 'isn''t it [so]: $(id) `id` a\\b'");
  });

  test("bash shows no sentences", () => {
    expect(bashCompletion(odd)).not.toContain("isn");
  });
});

describe("PowerShell, which is not run here", () => {
  test("brackets and quotes are closed, and it registers for both names", async () => {
    const text = await completionFor("powershell");
    expect(text).toMatch(
      /^Register-ArgumentCompleter -Native -CommandName @\('culvert', 'culvert\.exe'\) -ScriptBlock \{$/m,
    );
    const code = text.replace(/'(?:[^']|'')*'/g, "''").replace(/#.*$/gm, "");
    expect(code).not.toMatch(/[^']'[^']/);
    const open: string[] = [];
    const closing: Record<string, string> = { ")": "(", "}": "{", "]": "[" };
    for (const [sign] of code.matchAll(/[(){}[\]]/g)) {
      if (closing[sign] === undefined) open.push(sign);
      else expect(open.pop()).toBe(closing[sign]);
    }
    expect(open).toEqual([]);
  });
});
