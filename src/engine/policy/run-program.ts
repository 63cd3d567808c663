import { spawn } from "node:child_process";
import { limits } from "../../shared/limits.ts";

/** How a program of the system ended. */
export type ProgramEnd =
  | { readonly kind: "ended"; readonly code: number; readonly stdout: Buffer }
  /** It could not be started, was cut off, or said too much. @property why ends a sentence. */
  | { readonly kind: "failed"; readonly why: string };

/**
 * Runs a program of the system with a limit on its time and on what it may say.
 * @param program absolute: nothing is looked for on a path that a user can set.
 * @param input for its standard input.
 */
export type RunProgram = (program: string, args: readonly string[], input?: Buffer) => Promise<ProgramEnd>;

export const runProgram: RunProgram = (program, args, input) =>
  new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "ignore"], windowsHide: true });
    child.on("error", () => resolve({ kind: "failed", why: `${program} could not be started` }));
    // Then there is nothing to read from either, where the app has no descriptors left.
    if (child.pid === undefined) return;
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (result: ProgramEnd): void => {
      clearTimeout(timer);
      resolve(result);
    };
    const cut = (why: string): void => {
      child.kill("SIGKILL");
      child.stdout.destroy();
      end({ kind: "failed", why });
    };
    const timer = setTimeout(() => cut(`${program} did not answer in time`), limits.policyMs);
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      // Text takes more room than what it stands for.
      if (size > 4 * limits.policyBytes) cut(`${program} says too much`);
      else chunks.push(chunk);
    });
    child.on("close", (code) => end({ kind: "ended", code: code ?? -1, stdout: Buffer.concat(chunks) }));
    // A program that does not read what it is given tells so by how it ends.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
