import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { manPage } from "../../scripts/man-page.ts";
import { culvert } from "../support/run-culvert.ts";
import { firstMissing } from "../support/services/programs.ts";
import { lacks, type Service } from "../support/services/index.ts";
import { TypedShell } from "../support/typed.ts";

let folder: string;
let env: Record<string, string>;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "culvert-completion-"));
  env = {
    HOME: folder,
    CULVERT_HOME: path.join(folder, "home"),
    PATH: `${folder}${path.delimiter}${process.env["PATH"] ?? ""}`,
    TERM: "dumb",
    LC_ALL: "C.UTF-8",
  };
  writeFileSync(path.join(folder, "some file.pem"), "");
  writeFileSync(path.join(folder, "a-browser-for-this-test"), "#!/bin/sh\n");
  chmodSync(path.join(folder, "a-browser-for-this-test"), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const needs = (...programs: string[]): Service => ({ available: () => firstMissing(...programs) });

/** What is typed behind `culvert`, and the arguments that the command then has. A tab is where the key is pressed. */
const typed: readonly (readonly [string, readonly string[]])[] = [
  ["tc\t", ["tcp"]],
  ["cac\tcl\t", ["cache", "clear"]],
  ["help sess\t", ["help", "sessions"]],
  ["completion po\t", ["completion", "powershell"]],
  ["tcp a:1 --no-b\t", ["tcp", "a:1", "--no-browser"]],
  ["tcp --listen 1 --client-key-p\t x", ["tcp", "--listen", "1", "--client-key-passphrase-file", "x"]],
  ["tcp a:1 --alternate-ca\t so\t", ["tcp", "a:1", "--alternate-ca-path", "some file.pem"]],
  ["login --client-cert=so\t u", ["login", "--client-cert=some file.pem", "u"]],
  ["udp --browser-cmd a-browser-f\t", ["udp", "--browser-cmd", "a-browser-for-this-test"]],
  // Neither a destination nor an address is a file.
  ["tcp so\t", ["tcp", "so"]],
  ["tcp --listen so\t", ["tcp", "--listen", "so"]],
  // A flag of another command.
  ["sessions --client-c\t", ["sessions", "--client-c"]],
];

/** Types each in one session, which starts with what the shell reads from `culvert completion`. */
async function typeAll(shell: "bash" | "zsh", command: string, setup: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await culvert(["completion", shell], env);
  expect([code, stderr]).toEqual([0, ""]);
  writeFileSync(path.join(folder, `completion.${shell}`), stdout);
  const session = new TypedShell(command, { ...env, PS1: "$ " }, folder);
  try {
    const lines = [
      ...setup,
      `. ./completion.${shell}`,
      `culvert() { printf 'RA%s' N; printf '<%s>' "$@"; echo; }`,
      // Its words are put together by the shell, so that what is echoed does not match.
      "printf 'REA%s\\n' DY",
    ];
    await session.type(`${lines.join("\n")}\n`, /READY[\s\S]*\$ $/);
    for (const [keys, words] of typed) {
      const [, got = ""] = await session.type(`culvert ${keys}\n`, /RAN((?:<[^>\r\n]*>)+)[\s\S]*\$ $/);
      expect(got, JSON.stringify(keys)).toBe(words.map((word) => `<${word}>`).join(""));
    }
  } finally {
    await session.close();
  }
}

describe.skipIf(lacks(needs("bash", "script")))("bash", () => {
  test("completes at a terminal", () => typeAll("bash", "bash --norc --noprofile -i", ["bind 'set bell-style none'"]));
});

describe.skipIf(lacks(needs("zsh", "script")))("zsh", () => {
  // Keys come faster than from a person; by default a tab with more behind it is a tab.
  const typeahead = "zstyle ':completion:*' insert-tab false";
  const setup = ["unset zle_bracketed_paste", "autoload -Uz compinit", "compinit -u -D", typeahead];

  test("completes at a terminal", () => typeAll("zsh", "zsh -f -i", setup));

  test("finds it as a file of fpath", async () => {
    writeFileSync(path.join(folder, "_culvert"), (await culvert(["completion", "zsh"], env)).stdout);
    const session = new TypedShell("zsh -f -i", { ...env, PS1: "$ " }, folder);
    try {
      const lines = ["fpath=($PWD $fpath)", ...setup, "culvert() { printf 'RA%s' N; printf '<%s>' \"$@\"; echo; }"];
      await session.type(`${lines.join("\n")}\nprintf 'REA%s\\n' DY\n`, /READY[\s\S]*\$ $/);
      for (const [keys, words] of typed.slice(0, 2)) {
        const [, got] = await session.type(`culvert ${keys}\n`, /RAN((?:<[^>\r\n]*>)+)[\s\S]*\$ $/);
        expect(got).toBe(words.map((word) => `<${word}>`).join(""));
      }
    } finally {
      await session.close();
    }
  });
});

describe.skipIf(lacks(needs("fish")))("fish", () => {
  test("completes", async () => {
    const file = path.join(folder, "culvert.fish");
    writeFileSync(file, (await culvert(["completion", "fish"], env)).stdout);
    /** The words that it offers behind `culvert`. */
    const offered = (line: string): string[] =>
      execFileSync("fish", ["-c", 'source $argv[1]; complete -C "culvert $argv[2]"', file, line], {
        env,
        cwd: folder,
        encoding: "utf8",
      })
        .split("\n")
        .map((row) => row.split("\t")[0] ?? "")
        .filter((word) => word !== "");
    expect(offered("tc")).toEqual(["tcp"]);
    expect(offered("cache ")).toEqual(expect.arrayContaining(["clear", "location"]));
    expect(offered("cache clear ")).toEqual([]);
    expect(offered("help sess")).toEqual(["sessions"]);
    expect(offered("completion po")).toEqual(["powershell"]);
    expect(offered("tcp a:1 --no-b")).toEqual(["--no-browser"]);
    expect(offered("tcp a:1 --alternate-ca-path so")).toEqual(["some file.pem"]);
    expect(offered("login --client-cert=so")).toEqual(["--client-cert=some file.pem"]);
    expect(offered("udp --browser-cmd a-browser-f")).toEqual(["a-browser-for-this-test"]);
    expect(offered("tcp so")).toEqual([]);
    expect(offered("tcp --listen so")).toEqual([]);
    expect(offered("sessions --client-c")).toEqual([]);
  });
});

describe("what the command says", () => {
  test.each([
    [["completion"], /shell \(bash, zsh, fish, powershell\) is missing/],
    [["completion", "bsah"], /does not know the shell bsah\. Did you mean bash\?/],
    [["completion", "tcsh"], /does not know the shell tcsh\. There are bash, zsh, fish, powershell\./],
    [["completion", "bash", "zsh"], /takes one argument; "zsh" is one too many/],
  ])("%j is wrong usage", async (args, words) => {
    const { code, stdout, stderr } = await culvert(args, env);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(words);
  });
});

describe("culvert(1)", () => {
  const { version } = JSON.parse(readFileSync(path.join(import.meta.dirname, "../../package.json"), "utf8")) as {
    version: string;
  };
  const page = async (): Promise<string> => {
    const file = path.join(folder, "culvert.1");
    writeFileSync(file, await manPage(version));
    return file;
  };

  test.skipIf(lacks(needs("mandoc")))("has nothing that mandoc complains of, and can be read", async () => {
    const file = await page();
    expect(execFileSync("mandoc", ["-Tlint", "-Wstyle", file], { encoding: "utf8" })).toBe("");
    const struck = execFileSync("mandoc", ["-Tutf8", file], { encoding: "utf8" }).split("\b");
    // Bold and underlined letters are struck twice: the first one, a step back, the second one.
    const text = struck.map((part, index) => (index < struck.length - 1 ? part.slice(0, -1) : part)).join("");
    expect(text).toMatch(/--service-account-file FILE\n/);
    expect(text).toMatch(/^ +ssh -o ProxyCommand='culvert tcp --listen - %h:%p' ssh\.corp\.example\.com$/m);
  });

  test.skipIf(lacks(needs("groff")))("has nothing that groff complains of", async () => {
    const script = 'groff -man -ww -Tutf8 "$0" 2>&1 >/dev/null';
    expect(execFileSync("sh", ["-c", script, await page()], { encoding: "utf8" })).toBe("");
  });
});
