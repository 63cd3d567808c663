import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";

const root = path.join(import.meta.dirname, "../..");

/** The command line as it runs from the sources. */
export const sourceProgram = path.join(root, "src/cli/index.ts");

const builtFile = path.join(root, "out/cli/index.js");

/** The command line as `npm run build` leaves it; null before that. */
export const builtProgram = (): string | null => (existsSync(builtFile) ? builtFile : null);

export interface CulvertOptions {
  readonly program?: string;
  /** Default `tcp`. */
  readonly command?: "tcp" | "udp";
  readonly flags?: readonly string[];
  readonly destinations: readonly string[];
  readonly origin: string;
  readonly ca: string;
  /** Its CULVERT_HOME. */
  readonly home: string;
  readonly profileFolder?: string | null;
}

const alive = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

/** The tunnel under test: a `culvert tcp` or `culvert udp` of its own process. */
export class CulvertProcess {
  readonly #child: ChildProcess;
  /** Local ports, in the order of the destinations. */
  readonly ports: readonly number[];
  /** From the spawn to the last line that says it listens; milliseconds. */
  readonly launchMs: number;

  private constructor(child: ChildProcess, ports: readonly number[], launchMs: number) {
    this.#child = child;
    this.ports = ports;
    this.launchMs = launchMs;
  }

  static async start(options: CulvertOptions): Promise<CulvertProcess> {
    const {
      program = sourceProgram,
      command = "tcp",
      flags = [],
      destinations,
      origin,
      ca,
      home,
      profileFolder,
    } = options;
    const profile = typeof profileFolder === "string" ? ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`] : [];
    const where =
      destinations.length === 1
        ? [...destinations, "--listen", "127.0.0.1:0"]
        : destinations.map((destination) => `${destination}=127.0.0.1:0`);
    const args = [command, ...where, "--pomerium-url", origin, "--alternate-ca-path", ca, ...flags];
    const startedAt = performance.now();
    const child = spawn(process.execPath, [...profile, program, ...args], {
      env: { PATH: process.env["PATH"] ?? "", HOME: home, CULVERT_HOME: path.join(home, "culvert") },
      stdio: ["ignore", "ignore", "pipe"],
    });
    alive.add(child);
    child.once("close", () => alive.delete(child));
    const ports: number[] = [];
    const said: string[] = [];
    const lines = createInterface({ input: child.stderr });
    for await (const line of lines) {
      said.push(line);
      // "listening on ADDRESS for DESTINATION"; with one destination it needs no telling, and UDP is named behind the address.
      const [, port, destination] = /listening on 127\.0\.0\.1:(\d+)(?: \(UDP\))?(?: for (\S+))?/.exec(line) ?? [];
      if (port === undefined) continue;
      const index = destination === undefined ? 0 : destinations.indexOf(destination);
      ports[index] = Number(port);
      if (ports.filter((known) => known > 0).length === destinations.length) break;
    }
    const launchMs = performance.now() - startedAt;
    if (ports.length < destinations.length) throw new Error(`culvert does not listen:\n${said.join("\n")}`);
    // The rest of the log goes nowhere, but must be read, or culvert would wait.
    child.stderr.resume();
    return new CulvertProcess(child, ports, launchMs);
  }

  /** Resident memory in bytes; NaN where the system has no /proc. */
  rss(): number {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(this.#proc("status"))?.[1];
    return Number(kilobytes ?? Number.NaN) * 1_024;
  }

  /** Processor time so far, of all threads; milliseconds, in steps of ten. NaN where the system has no /proc. */
  cpuMs(): number {
    const fields = this.#proc("stat").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11] ?? Number.NaN) + Number(fields[12] ?? Number.NaN)) * 10;
  }

  #proc(file: string): string {
    try {
      return readFileSync(`/proc/${this.#child.pid}/${file}`, "utf8");
    } catch {
      return "";
    }
  }

  /** Ends it: as a person would, so that a profile is written, and by force after three seconds. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 3_000);
    this.#child.kill("SIGINT");
    // The second one cuts off clients that are still open.
    const again = setTimeout(() => this.#child.kill("SIGINT"), 100);
    await gone;
    clearTimeout(timer);
    clearTimeout(again);
  }
}
