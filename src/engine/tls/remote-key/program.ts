import { spawn, type ChildProcess } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { Lines } from "./lines.ts";
import { programEvent, type ProgramEvent } from "./messages.ts";
import { RemoteTlsError } from "./remote-key.ts";

/** What ends with the process, once it has ended; what another process holds open is not waited for. Milliseconds. */
const afterExitMs = 1_000;
/** Lines on standard error: the longest has the server's certificates. */
const errorLineBytes = 1024 * 1024;
const errorBytes = 8 * 1024 * 1024;

/** What went wrong with the program itself rather than with what it was asked for. */
export const programFailed = (why: string): RemoteTlsError => new RemoteTlsError("CULVERT_PROGRAM", why);

/** One run of the program that uses keys. Owned by whoever starts it, and ended by `kill`. */
export class Program {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Settles once: why it failed, or null where it ended in order. Never rejects. */
  readonly gone: Promise<RemoteTlsError | null>;
  /** Hears everything that it says. */
  onEvent: (event: ProgramEvent) => void = () => undefined;
  readonly #child: ChildProcess;
  readonly #pipes: readonly (Readable | Writable)[];
  #error: RemoteTlsError | null = null;
  #endSaid = false;

  /**
   * @param command of the program, with its arguments.
   * @throws RemoteTlsError where this process has no room for its pipes. One that cannot be started is `gone` with an error.
   */
  constructor(path: string, command: readonly string[]) {
    const child = spawn(path, command, { stdio: ["pipe", "pipe", "pipe"], windowsHide: true });
    // Without a file number left there are none.
    if (!(child.stdin as Writable | undefined)) throw programFailed("this process has too many files open");
    this.#child = child;
    const { stdin, stdout, stderr } = child;
    [this.stdin, this.stdout] = [stdin, stdout];
    this.#pipes = [stdin, stdout, stderr];
    // What an error of a pipe means shows in how the program ends.
    for (const pipe of this.#pipes) pipe.on("error", () => undefined);
    const lines = new Lines({ line: errorLineBytes, all: errorBytes }, (line) => this.#said(line));
    stderr.on("data", (bytes: Buffer) => {
      try {
        lines.push(bytes);
      } catch {
        this.#failed(programFailed("it says too much"));
        this.kill();
      }
    });
    this.gone = new Promise((resolve) => {
      let status: string | null = null;
      const over = (): void => {
        const why = status === "0" ? null : programFailed(`it ended with ${status}`);
        resolve(this.#error ?? why);
      };
      child.on("error", (error: NodeJS.ErrnoException) => {
        this.#failed(programFailed(`it cannot be started (${error.code ?? "unknown"})`));
        status = "an error";
        over();
      });
      child.once("exit", (code, signal) => {
        status = code === null ? (signal ?? "a signal") : String(code);
        // What it said last may come behind the news that it has ended.
        if (stderr.closed) return over();
        const late = setTimeout(over, afterExitMs);
        stderr.once("close", () => {
          clearTimeout(late);
          over();
        });
      });
    });
  }

  /** What it has said of a failure so far. */
  get error(): RemoteTlsError | null {
    return this.#error;
  }

  /** It has said that the server ended TLS in order. */
  get endSaid(): boolean {
    return this.#endSaid;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  #said(line: string): void {
    const event = programEvent(line);
    if (event?.event === "error") this.#failed(event.error);
    if (event?.event === "end") this.#endSaid = true;
    if (event) this.onEvent(event);
  }

  /** The first one counts: others follow from it. */
  #failed(error: RemoteTlsError): void {
    this.#error ??= error;
  }

  /** Whether it keeps this process from ending. */
  keepsAlive(does: boolean): void {
    for (const held of [this.#child, ...this.#pipes]) {
      const { ref, unref } = held as { ref?: () => void; unref?: () => void };
      (does ? ref : unref)?.call(held);
    }
  }

  /** Ends it at once. Idempotent. */
  kill(): void {
    this.#child.kill("SIGKILL");
    for (const pipe of this.#pipes) pipe.destroy();
  }
}
