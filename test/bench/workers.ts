import { fork, type ChildProcess } from "node:child_process";
import path from "node:path";
import type { Roles } from "./worker.ts";

/** No single call takes longer, on whatever machine; milliseconds. */
const callMs = 60_000;

interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A process of the bench that plays one role. Owned by whoever started it; dies with this process. */
export class Worker<R extends keyof Roles> {
  readonly #role: R;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  constructor(role: R) {
    this.#role = role;
    this.#child = fork(path.join(import.meta.dirname, "worker.ts"), [role], { execArgv: [] });
    this.#child.on("message", ({ id, result, error }: Answer) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new Error(`${role}: ${error}`));
    });
    this.#child.once("exit", (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${role} ended (${signal ?? code})`));
      this.#waiting.clear();
    });
  }

  /** Has the worker do one of the things of its role. @throws Error when it fails or takes longer than a minute. */
  call<K extends keyof Roles[R] & string>(
    name: K,
    argument: Roles[R][K] extends (argument: infer A) => unknown ? A : never,
  ): Promise<Roles[R][K] extends (argument: never) => Promise<infer T> ? T : never> {
    type Result = Roles[R][K] extends (argument: never) => Promise<infer T> ? T : never;
    const id = this.#nextId++;
    return new Promise<Result>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error(`${this.#role}: no answer to "${name}" within ${callMs / 1_000} s`));
      }, callMs);
      this.#waiting.set(id, {
        resolve: (result) => {
          clearTimeout(timer);
          resolve(result as Result);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      this.#child.send({ id, call: name, argument });
    });
  }

  /** Ends the process and all that it started. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.disconnect();
    await gone;
  }
}
