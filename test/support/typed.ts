import { spawn } from "node:child_process";
import { once } from "node:events";

const limitMs = 30_000;

/** A shell at a terminal of its own, that keys are sent to. */
export class TypedShell {
  readonly #child;
  readonly #ended: Promise<unknown>;
  #screen = "";
  readonly #waiting = new Set<() => void>();
  #over = false;

  /**
   * @param command how the shell is started, as `sh` reads it.
   * @param env all of its environment.
   */
  constructor(command: string, env: Readonly<Record<string, string>>, cwd: string) {
    this.#child = spawn("script", ["-qec", command, "/dev/null"], { env, cwd, stdio: "pipe" });
    this.#ended = once(this.#child, "close").then(() => {
      this.#over = true;
      for (const look of this.#waiting) look();
    });
    this.#child.stdin.on("error", () => undefined);
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#screen += text;
      for (const look of this.#waiting) look();
    });
  }

  /** Sends keys and resolves with the match in what comes back; rejects when nothing matches for half a minute. */
  type(keys: string, pattern: RegExp): Promise<RegExpExecArray> {
    this.#screen = "";
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        settle();
      };
      const fail = (why: string): void =>
        end(() => reject(new Error(`${why} ${String(pattern)}: ${JSON.stringify(this.#screen)}`)));
      const timer = setTimeout(() => fail("It took too long for"), limitMs);
      const look = (): void => {
        const match = pattern.exec(this.#screen);
        if (match !== null) end(() => resolve(match));
        else if (this.#over) fail("The shell ended without");
      };
      this.#waiting.add(look);
      this.#child.stdin.write(keys);
      look();
    });
  }

  async close(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}
