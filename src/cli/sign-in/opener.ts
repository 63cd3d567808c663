import { accessSync, constants, existsSync, statSync } from "node:fs";
import path from "node:path";
import { splitWords } from "../arguments/split-words.ts";
import { naming } from "../arguments/usage.ts";
import { AppError, asAppError } from "../../shared/errors.ts";

/** A program that shows a URL, which is added as its last argument. */
export interface Opener {
  readonly command: string;
  readonly args: readonly string[];
  /** How people call it. */
  readonly name: string;
}

type Env = Readonly<Record<string, string | undefined>>;

const isProgram = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
};

function isOnPath(command: string, env: Env): boolean {
  return (env["PATH"] ?? "").split(":").some((folder) => folder !== "" && isProgram(path.join(folder, command)));
}

/**
 * The opener that `--browser-cmd` names. The existing client takes the whole text as one program (on macOS, as the
 * name of an application), so both stay possible beside a command with arguments.
 * @throws AppError `setting-invalid` when it is empty or a quote is not closed.
 */
export function chosenOpener(text: string, platform: NodeJS.Platform, env: Env): Opener {
  const whole = text.trim();
  if (/[/\\]/.test(whole) && existsSync(whole)) return { command: whole, args: [], name: path.basename(whole) };
  const [command, ...args] = wordsOf(whole, platform);
  if (command === undefined || command === "") {
    throw new AppError("setting-invalid", "--browser-cmd is empty: name a program, for example firefox.");
  }
  if (platform === "darwin" && !command.includes("/") && !isOnPath(command, env)) {
    return { command: "/usr/bin/open", args: ["-a", whole], name: whole };
  }
  return { command, args, name: path.basename(command) };
}

function wordsOf(text: string, platform: NodeJS.Platform): string[] {
  try {
    return splitWords(text, platform !== "win32");
  } catch (thrown) {
    throw naming("--browser-cmd", "tcp", asAppError(thrown));
  }
}

/** The system's own opener, or null where there is no screen to open a browser on. */
export function systemOpener(platform: NodeJS.Platform, env: Env): Opener | null {
  if (platform === "darwin") return { command: "/usr/bin/open", args: [], name: "the browser" };
  if (platform === "win32") {
    // Not `cmd /c start`: a shell would read the & of the URL.
    const command = path.win32.join(env["SystemRoot"] ?? "C:\\Windows", "System32", "rundll32.exe");
    return { command, args: ["url.dll,FileProtocolHandler"], name: "the browser" };
  }
  const screen = ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER"].some((name) => (env[name] ?? "") !== "");
  return screen ? { command: "xdg-open", args: [], name: "the browser (xdg-open)" } : null;
}
