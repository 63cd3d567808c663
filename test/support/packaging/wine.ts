import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import path from "node:path";
import { output, programs } from "./tools.ts";
import { temporaryFolder } from "../temporary-folder.ts";

export const wineTools = programs("makensis", "wine");

const root = path.join(import.meta.dirname, "../../..");

/** A Windows of its own, by Wine, and the installer's own steps compiled for it. */
export class Wine {
  readonly #folder = temporaryFolder("wine");

  constructor() {
    this.run(["wineboot", "-i"]);
  }

  /** Compiles test/packaging/NAME.nsi around packaging/windows/NAME.nsh. Returns the program. */
  compile(name: string): string {
    const program = path.join(this.#folder, `${name}.exe`);
    const include = path.join(root, `packaging/windows/${name}.nsh`);
    const script = path.join(root, `test/packaging/${name}.nsi`);
    output("makensis", ["-WX", "-V2", `-DOUT=${program}`, `-DNSH=${include}`, script]);
    return program;
  }

  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
    // No display, no Mono, no browser engine: the registry is all that is needed.
    const quiet = {
      WINEPREFIX: path.join(this.#folder, "prefix"),
      WINEDEBUG: "-all",
      WINEDLLOVERRIDES: "mscoree,mshtml=",
      // What it prints is read.
      LC_ALL: "C",
    };
    const printed = execFileSync("wine", args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 100_000,
      env: { ...process.env, ...quiet, ...env },
    });
    return printed.replaceAll("\r", "");
  }

  /** Type and text of a value; null where there is none. @param name "" for the default of the key. */
  value(key: string, name: string): [type: string, text: string] | null {
    const which = name === "" ? ["/ve"] : ["/v", name];
    try {
      const found = /^ +.+? {4}(REG_\w+) {4}(.*)$/m.exec(this.run(["reg", "query", key, ...which]));
      // Of a default that is not set, Wine says so with success.
      return found === null || found[2] === "(value not set)" ? null : [found[1] ?? "", found[2] ?? ""];
    } catch {
      return null;
    }
  }

  write(key: string, name: string, type: string, text: string): void {
    const which = name === "" ? ["/ve"] : ["/v", name];
    this.run(["reg", "add", key, ...which, "/t", type, "/d", text, "/f"]);
  }

  hasKey(key: string): boolean {
    try {
      this.run(["reg", "query", key]);
      return true;
    } catch {
      return false;
    }
  }

  close(): void {
    try {
      // Its services would outlive the files they run from.
      this.run(["wineboot", "-k"]);
    } finally {
      rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    }
  }
}
