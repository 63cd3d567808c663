/** 128 and the signal's number, as shells report a program that a signal ended. */
const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** How long resets may take before the process ends; milliseconds. */
const cutOffMs = 100;

type StopSignal = keyof typeof exitCodes;

/** Exit code of a command that Ctrl-C kept from doing what it was asked to. */
export const interruptedExitCode = exitCodes.SIGINT;

/** Turns Ctrl-C, a termination and a closed terminal into one request to stop; the second one ends the process. */
export class Interruption {
  readonly #stop = new AbortController();

  #forced: number | null = null;

  /** Exit code of a second request to stop, null without one. */
  get forced(): number | null {
    return this.#forced;
  }

  /** Resets every client at once; set by whoever has clients. */
  cutOff: () => void = () => undefined;

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Begins to listen. */
  install(): void {
    for (const name of Object.keys(exitCodes) as StopSignal[]) process.on(name, () => this.#receive(name));
  }

  /** Stops as a lost stdout does: there is nobody left to work for. */
  stop(): void {
    this.#stop.abort();
  }

  /** What Ctrl-C does to everything in the foreground of the terminal, where raw mode keeps the terminal from doing it. */
  pressCtrlC(): void {
    if (process.platform === "win32") this.#receive("SIGINT");
    else process.kill(0, "SIGINT");
  }

  #receive(name: StopSignal): void {
    if (this.#stop.signal.aborted) {
      // A process that just ends gives its clients a clean end, which would pass a cut transfer off as whole.
      this.#forced = exitCodes[name];
      this.cutOff();
      setTimeout(() => process.exit(exitCodes[name]), cutOffMs);
      return;
    }
    this.#stop.abort();
  }
}
