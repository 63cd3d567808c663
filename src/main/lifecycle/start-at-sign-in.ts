import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { makeFolder } from "../store/private-files.ts";
import type { StartState } from "./login-item.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Quotes a word for the Exec line of a desktop entry (Desktop Entry Specification, The Exec key). */
const quoted = (word: string): string =>
  `"${word
    .replace(/(["`$\\])/g, "\\$1")
    .replaceAll("\\", "\\\\")
    .replaceAll("%", "%%")
    // Else a folder's name could add lines of its own.
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")}"`;

/** The desktop entry that starts Culvert without a window. @param command the program and its arguments. */
export const autostartEntry = (command: readonly string[]): string =>
  [
    "[Desktop Entry]",
    "Type=Application",
    "Name=Culvert",
    "Comment=Local ports through a Pomerium access proxy",
    `Exec=${[...command, "--hidden"].map(quoted).join(" ")}`,
    "Icon=culvert",
    "Terminal=false",
    "X-GNOME-Autostart-enabled=true",
    "",
  ].join("\n");

/** Where Linux desktops look for what to start (Desktop Application Autostart Specification). */
export function autostartFile(env: Env, home: string): string {
  const config = env["XDG_CONFIG_HOME"] ?? "";
  return path.join(path.isAbsolute(config) ? config : path.join(home, ".config"), "autostart", "culvert.desktop");
}

/** Writes or removes the entry, since Electron's own setting does nothing on Linux. @throws the system's error. */
export function setLinuxAutostart(file: string, command: readonly string[] | null): void {
  if (command === null) {
    rmSync(file, { force: true });
    return;
  }
  makeFolder(path.dirname(file));
  writeFileSync(file, autostartEntry(command), { mode: 0o644 });
}

/** The value of a key in the entry's main group; the first one counts. */
function valueOf(entry: string, key: string): string | null {
  const lines = entry.split(/\r?\n/);
  const start = lines.findIndex((line) => line.trim() === "[Desktop Entry]");
  if (start < 0) return null;
  for (const line of lines.slice(start + 1)) {
    if (line.startsWith("[")) return null;
    const [name, ...value] = line.split("=");
    if (name?.trim() === key) return value.join("=").trim();
  }
  return null;
}

/** True where a command line names a program, also behind a wrapper such as `env` or `sh -c "sleep 20; …"`. */
function names(exec: string, program: string): boolean {
  if (program === "") return false;
  const isEnd = (character = " "): boolean => /[\s"';&|]/.test(character);
  for (let at = exec.indexOf(program); at >= 0; at = exec.indexOf(program, at + 1))
    if (isEnd(exec[at - 1]) && isEnd(exec[at + program.length])) return true;
  return false;
}

/**
 * What a desktop makes of the entry. Desktops turn an entry off by a line in it rather than by removing it.
 * @param program the one that it should start. Arguments and wrappers that a person has added are left alone.
 */
export function autostartState(entry: string, program: string): StartState {
  const exec = valueOf(entry, "Exec");
  if (exec === null) return { on: false, note: null };
  if (valueOf(entry, "Hidden") === "true" || valueOf(entry, "X-GNOME-Autostart-enabled") === "false")
    return { on: false, note: "off-in-system" };
  const starts = [quoted(program), program].some((word) => names(exec, word));
  return starts ? { on: true, note: null } : { on: true, isStale: true, note: null };
}
