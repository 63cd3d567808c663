import type { AppError } from "../../../shared/errors.ts";
import { cancelled } from "../../aborts.ts";
import { Program, programFailed } from "./program.ts";

export interface RunOptions {
  readonly path: string;
  readonly command: readonly string[];
  /** What it reads, one line. */
  readonly input: unknown;
  /** Milliseconds for all of it. */
  readonly ms: number;
  readonly late: () => AppError;
  /** Gets what it writes; what it throws ends the program. */
  readonly onOutput: (bytes: Buffer) => void;
}

/**
 * Runs the program once, to its end. It is gone when this settles.
 * @throws RemoteTlsError of the program; AppError at the limit or when cancelled; what `onOutput` throws.
 */
export function runProgram(options: RunOptions, signal: AbortSignal): Promise<void> {
  const { path, command, input, ms, late, onOutput } = options;
  return new Promise<void>((resolve, reject) => {
    if (signal.aborted) return reject(cancelled(signal));
    const program = new Program(path, command);
    let over = false;
    const finish = (error: Error | null): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      program.kill();
      void program.gone.then(() => (error ? reject(error) : resolve()));
    };
    const onAbort = (): void => finish(cancelled(signal));
    const timer = setTimeout(() => finish(late()), ms);
    signal.addEventListener("abort", onAbort, { once: true });
    program.stdout.on("data", (bytes: Buffer) => {
      try {
        if (!over) onOutput(bytes);
      } catch (thrown) {
        finish(thrown instanceof Error ? thrown : programFailed("its output cannot be read"));
      }
    });
    const read = new Promise((ended) => program.stdout.once("close", ended));
    void Promise.all([program.gone, read]).then(([error]) => finish(error));
    program.stdin.end(`${JSON.stringify(input)}\n`);
  });
}
