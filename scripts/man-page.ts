import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { helpFlag, type CommandSpec, type FlagSpec } from "../src/cli/arguments/spec.ts";
import { commandNames, loadCommand } from "../src/cli/commands/registry.ts";

/** `node scripts/man-page.ts [FILE]`: the manual page, made from what `culvert help` says; dist/cli/culvert.1 by default. */
const root = path.join(import.meta.dirname, "..");

const environment: readonly (readonly [string, string])[] = [
  ["CULVERT_HOME", "The folder that sessions are kept in."],
  ["CULVERT_SERVICE_ACCOUNT", "Service account JWT to sign in with, where no flag gives one."],
  [
    "CULVERT_CERT_STORE_PASSWORD",
    "Password of the certificate store that --client-cert-from-store searches, or PIN of the card.",
  ],
  ["NODE_EXTRA_CA_CERTS", "PEM file with CA certificates to trust besides the system's."],
  ["NO_COLOR", "Log lines on a terminal have no colours where this is set."],
  ["DISPLAY, WAYLAND_DISPLAY, BROWSER", "On Linux a browser is opened where one of these is set."],
  ["XDG_STATE_HOME, XDG_DATA_HOME", "On Linux, where the folders below are looked for."],
];

const files: readonly (readonly [string, string])[] = [
  ["~/.local/state/culvert", "Sessions on Linux; readable by their owner alone."],
  ["~/Library/Application Support/Culvert", "Sessions on macOS."],
  ["%LOCALAPPDATA%\\Culvert", "Sessions on Windows."],
  ["~/.pki/nssdb", "On Linux, the store that --client-cert-from-store searches."],
];

const exits: readonly (readonly [string, string])[] = [
  ["0", "Done, also after Ctrl-C on a tunnel."],
  ["1", "Failed."],
  ["2", "The command has to be written differently."],
  ["129, 130, 143", "Ended by SIGHUP, SIGINT or SIGTERM before it was done."],
];

/** Text as roff takes it: no character of it is an instruction. */
function plain(text: string): string {
  return text
    .replace(/\\/g, "\\e")
    .replace(/…/g, "...")
    .replace(/-/g, "\\-")
    .replace(/^(?=[.'])/gm, "\\&");
}

/** Lines of at most 78 columns, since longer ones are bad style in a manual's source. */
function filled(text: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of plain(text).split(/\s+/)) {
    if (line !== "" && line.length + word.length >= 78) {
      lines.push(line);
      line = "";
    }
    // A word that begins a line must not look like an instruction.
    line = line === "" ? word.replace(/^(?=[.'])/, "\\&") : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}

const bold = (text: string): string => `\\fB${plain(text)}\\fR`;
const italic = (text: string): string => `\\fI${plain(text)}\\fR`;

const literally = (lines: readonly string[]): string => [".nf", ...lines.map(plain), ".fi"].join("\n");

/** A paragraph of the help: lines that are set in there keep their form. */
function paragraph(text: string): string {
  const lines = text.split("\n");
  const first = lines.findIndex((line) => line.startsWith("  "));
  if (first < 0) return [".PP", filled(text)].join("\n");
  return [".PP", filled(lines.slice(0, first).join(" ")), ".PP", literally(lines.slice(first))].join("\n");
}

const entries = (rows: readonly (readonly [string, string])[]): string =>
  rows.map(([term, about]) => [".TP", bold(term), filled(about)].join("\n")).join("\n");

function flagTerm({ name, short, value }: FlagSpec): string {
  const names = [...(short === undefined ? [] : [bold(`-${short}`)]), bold(`--${name}`)].join(", ");
  return value === undefined ? names : `${names} ${italic(value)}`;
}

/** The commands that have a flag; the same name may mean something else in another one. */
function flagSection(specs: readonly CommandSpec[]): string {
  const users = new Map<string, { flag: FlagSpec; names: string[] }>();
  for (const { name, flags } of specs) {
    for (const flag of flags) {
      const key = `${flag.name}\n${flag.about}`;
      const known = users.get(key);
      if (known === undefined) users.set(key, { flag, names: [name] });
      else known.names.push(name);
    }
  }
  const rows = [...users.values(), { flag: helpFlag, names: ["every command"] }];
  return rows
    .map(({ flag, names }) => {
      const about = `${flag.about.charAt(0).toUpperCase()}${flag.about.slice(1)}.`;
      return [".TP", flagTerm(flag), filled(`${about} (${names.join(", ")})`)].join("\n");
    })
    .join("\n");
}

function commandSection({ name, summary, usage, about = [], flags }: CommandSpec): string {
  const names = flags.map((flag) => `--${flag.name}`);
  return [
    `.SS ${name}`,
    literally(usage.map((line) => `culvert ${line}`)),
    ".PP",
    filled(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`),
    ...about.map(paragraph),
    ...(names.length === 0 ? [] : [".PP", filled(`Takes ${names.join(", ")}.`)]),
  ].join("\n");
}

/**
 * The page `culvert(1)` in roff.
 * @param date the day it is of.
 */
export async function manPage(version: string, date = new Date()): Promise<string> {
  const specs = (await Promise.all(commandNames.map(loadCommand))).map(({ spec }) => spec);
  const examples = specs.flatMap((spec) => spec.examples ?? []);
  return [
    `.TH CULVERT 1 ${date.toISOString().slice(0, 10)} "Culvert ${version}" "User Commands"`,
    ".SH NAME",
    "culvert \\- local TCP and UDP ports through a Pomerium access proxy",
    ".SH SYNOPSIS",
    `${bold("culvert")} ${italic("COMMAND")} [${italic("arguments")}] [${italic("flags")}]`,
    ".SH DESCRIPTION",
    filled(
      "Culvert opens local ports and carries every program that connects to them through a Pomerium access proxy. " +
        "It signs in through the browser when the proxy asks for it, once for all tunnels. Log lines go to standard error.",
    ),
    ".SH COMMANDS",
    specs.map(commandSection).join("\n"),
    ".SH FLAGS",
    filled("The last of several wins. --flag=value and --flag value are the same, and -- ends the flags."),
    flagSection(specs),
    ".SH ENVIRONMENT",
    entries(environment),
    ".SH FILES",
    entries(files),
    ".SH EXIT STATUS",
    entries(exits),
    ".SH EXAMPLES",
    literally(examples),
    ".SH SEE ALSO",
    `${bold("ssh")}(1)`,
    "",
  ].join("\n");
}

/** The day that reproducible builds are told to be of, else today. */
export function buildDate(env: Readonly<Record<string, string | undefined>>): Date {
  const seconds = Number(env["SOURCE_DATE_EPOCH"] ?? "");
  return seconds > 0 ? new Date(seconds * 1_000) : new Date();
}

if (process.argv[1] === import.meta.filename) {
  const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { version: string };
  const file = process.argv[2] ?? path.join(root, "dist/cli/culvert.1");
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, await manPage(version, buildDate(process.env)));
}
