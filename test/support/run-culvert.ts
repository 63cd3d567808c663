import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running `culvert`. */
export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  /** Everything on stderr so far. */
  stderr(): string;
  /** Resolves with the match once stderr has it; rejects when the process ends first. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<Ended>;
}

const alive = new Set<ChildProcessWithoutNullStreams>();
// A test that failed leaves its processes behind.
process.once("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

const executable = process.env["CULVERT_PROGRAM"] ?? "";
/** The executable that is tested instead of the sources; null where there is none. */
export const culvertExecutable = executable === "" ? null : path.resolve(executable);
if (culvertExecutable !== null && !existsSync(culvertExecutable))
  throw new Error(`CULVERT_PROGRAM names ${culvertExecutable}, which is not there.`);

/** The words that start `culvert`: from its sources, or the program that CULVERT_PROGRAM names. */
export const culvertCommand: readonly [string, ...string[]] =
  culvertExecutable === null
    ? [process.execPath, path.join(import.meta.dirname, "../../src/cli/index.ts")]
    : [culvertExecutable];

/** Starts `culvert` with nothing in its environment but what is given. */
export function startCulvert(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  [program, ...words]: readonly [string, ...string[]] = culvertCommand,
): Running {
  const child = spawn(program, [...words, ...args], {
    env: { PATH: process.env["PATH"] ?? "", TZ: "UTC", ...env },
    stdio: "pipe",
  });
  alive.add(child);
  let stdout = "";
  let stderr = "";
  let over = false;
  const waiting = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    for (const look of waiting) look();
  });
  // A child that is gone resets its pipe; what it says about that is in its exit code.
  child.stdin.on("error", () => undefined);
  const ended = once(child, "close").then(([code]: unknown[]) => {
    over = true;
    alive.delete(child);
    for (const look of waiting) look();
    return { code: code as number | null, stdout, stderr };
  });
  const said = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(stderr);
        if (match === null && !over) return;
        waiting.delete(look);
        if (match !== null) resolve(match);
        else reject(new Error(`culvert ended without ${String(pattern)}:\n${stderr}`));
      };
      waiting.add(look);
      look();
    });
  return { child, stderr: () => stderr, said, ended };
}

/** Runs `culvert` to its end. */
export async function culvert(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  input = "",
): Promise<Ended> {
  const running = startCulvert(args, env);
  running.child.stdin.end(input);
  return running.ended;
}
