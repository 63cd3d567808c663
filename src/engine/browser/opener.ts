import { spawn } from "node:child_process";
import { accessSync, constants, existsSync, statSync } from "node:fs";
import path from "node:path";
import { AppError } from "../../shared/errors.ts";
import { splitWords } from "../../shared/split-words.ts";

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
 * The opener that a browser command names. The existing client takes the whole text as one program (on macOS, as the
 * name of an application), so both stay possible beside a command with arguments.
 * @throws AppError `setting-invalid` when it is empty or a quote is not closed.
 */
export function openerOf(text: string, platform: NodeJS.Platform, env: Env): Opener {
  const whole = text.trim();
  if (/[/\\]/.test(whole) && existsSync(whole)) return { command: whole, args: [], name: path.basename(whole) };
  const [command, ...args] = splitWords(whole, platform !== "win32");
  if (command === undefined || command === "") {
    throw new AppError("setting-invalid", "The browser command is empty: name a program, for example firefox.");
  }
  if (platform === "darwin" && !command.includes("/") && !isOnPath(command, env)) {
    return { command: "/usr/bin/open", args: ["-a", whole], name: whole };
  }
  return { command, args, name: path.basename(command) };
}

/** An opener that fails does so at once; a browser that is its own opener runs on. */
const settleMs = 2_000;

/**
 * Hands a URL, which must have been checked before, to a program of its own, without a shell. Resolves when the program has ended
 * well, runs on, or `signal` aborts. @throws AppError `sign-in-failed`, which does not hold the URL.
 */
export function openWith(opener: Opener, url: string, signal: AbortSignal): Promise<void> {
  const { command, args, name } = opener;
  return new Promise<void>((resolve, reject) => {
    const done = (failure?: unknown): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", settled);
      if (failure === undefined) resolve();
      else {
        reject(
          new AppError("sign-in-failed", `Culvert could not open ${name}.`, {
            // What the system said holds the whole command line, and with it the URL: it is not passed on.
            userAction: "Open the link yourself.",
            retryable: true,
          }),
        );
      }
    };
    const settled = (): void => done();
    const timer = setTimeout(settled, settleMs);
    signal.addEventListener("abort", settled, { once: true });
    try {
      const child = spawn(command, [...args, url], { detached: true, stdio: "ignore", windowsHide: true });
      child.unref();
      child.once("error", done);
      child.once("exit", (code) => done(code === 0 ? undefined : (code ?? "signal")));
    } catch (thrown) {
      done(thrown);
    }
  });
}
