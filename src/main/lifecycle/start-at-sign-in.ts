import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { makeFolder } from "../store/private-files.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Quotes a word for the Exec line of a desktop entry (Desktop Entry Specification, The Exec key). */
const quoted = (word: string): string =>
  `"${word
    .replace(/(["`$\\])/g, "\\$1")
    .replaceAll("\\", "\\\\")
    .replaceAll("%", "%%")}"`;

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
