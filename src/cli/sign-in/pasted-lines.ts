import { openSync } from "node:fs";
import tty from "node:tty";

/** Longer than any callback URL; what is longer is not one. */
const longestLine = 64 * 1024;

/** Lines that a person pastes at the terminal. */
export interface PastedLines {
  /**
   * Hands over every line until `signal` aborts. Returns false where no person can paste.
   * Several sign-ins may listen at once: each is handed every line.
   */
  listen(take: (line: string) => void, signal: AbortSignal): boolean;
}

/** The keyboard of the terminal that Culvert runs in; null when there is none. */
export function openKeyboard(stdin: NodeJS.ReadStream, stdinIsData: boolean): tty.ReadStream | null {
  if (!stdinIsData) return stdin.isTTY ? stdin : null;
  if (process.platform === "win32") return null;
  try {
    return new tty.ReadStream(openSync("/dev/tty", "r+"));
  } catch {
    return null;
  }
}

/**
 * Reads pasted lines without showing them, as a password prompt does: a callback URL holds the JWT. It also needs the
 * terminal's raw mode because a terminal's own line editing cuts lines at 1,024 (macOS) or 4,096 (Linux) bytes.
 */
export class KeyboardLines implements PastedLines {
  readonly #open: () => tty.ReadStream | null;
  readonly #interrupt: () => void;
  readonly #takers = new Set<(line: string) => void>();
  #keyboard: tty.ReadStream | null = null;
  #line = "";

  /**
   * @param open opens the keyboard when the first sign-in needs it.
   * @param interrupt does what Ctrl-C does, which raw mode takes from the terminal.
   */
  constructor(open: () => tty.ReadStream | null, interrupt: () => void) {
    this.#open = open;
    this.#interrupt = interrupt;
  }

  listen(take: (line: string) => void, signal: AbortSignal): boolean {
    if (signal.aborted) return false;
    this.#keyboard ??= this.#start();
    if (this.#keyboard === null) return false;
    // One function may listen twice; each has its own end.
    const taker = (line: string): void => take(line);
    this.#takers.add(taker);
    signal.addEventListener(
      "abort",
      () => {
        this.#takers.delete(taker);
        if (this.#takers.size === 0) this.#stop();
      },
      { once: true },
    );
    return true;
  }

  #start(): tty.ReadStream | null {
    const keyboard = this.#open();
    if (keyboard === null) return null;
    this.#line = "";
    // Standard input outlives a sign-in and may be listened to again.
    for (const event of ["error", "end"]) keyboard.off(event, this.#stop).on(event, this.#stop);
    keyboard.on("data", this.#type);
    keyboard.setRawMode(true);
    keyboard.ref();
    keyboard.resume();
    return keyboard;
  }

  readonly #stop = (): void => {
    const keyboard = this.#keyboard;
    if (keyboard === null) return;
    this.#keyboard = null;
    this.#line = "";
    keyboard.off("data", this.#type);
    if (!keyboard.destroyed) keyboard.setRawMode(false);
    keyboard.pause();
    // A paused terminal must not keep the process alive.
    keyboard.unref();
    if (keyboard !== process.stdin) keyboard.destroy();
  };

  readonly #type = (data: Buffer | string): void => {
    for (const char of data.toString()) {
      if (char === "\u0003") this.#interrupt();
      else if (char === "\r" || char === "\n") {
        const line = this.#line.trim();
        this.#line = "";
        if (line !== "") for (const take of [...this.#takers]) take(line);
      } else if (char === "\u007f" || char === "\b") this.#line = this.#line.slice(0, -1);
      else if (char === "\u0015") this.#line = "";
      else if (char >= " " && this.#line.length < longestLine) this.#line += char;
    }
  };
}
