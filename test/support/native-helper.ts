import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** A line that the helper writes to stderr. */
export interface HelperEvent {
  readonly event: string;
  readonly code?: string;
  readonly message?: string;
  readonly chain?: string[];
  readonly port?: number;
  readonly alpn?: string | null;
  readonly protocol?: string;
}

/** A line of `list`. */
export interface HelperCertificate {
  readonly id: string;
  readonly der: string;
  readonly key: "none" | "stays" | "exportable";
  readonly where: string;
}

export interface Finished {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** The first line of `connect`, without what every test has the same. */
export interface ConnectLine {
  readonly id: string;
  readonly host: string;
  readonly sni?: string | null;
  readonly verify?: boolean;
  readonly roots: readonly Buffer[];
  readonly via: number;
}

/** A running `connect`. */
export class HelperConnection {
  readonly child: ChildProcessWithoutNullStreams;
  readonly events: HelperEvent[] = [];
  /** Its exit code, once its streams have ended as well. */
  readonly closed: Promise<number | null>;
  readonly #listeners = new Set<() => void>();
  #over = false;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.child = child;
    child.stdin.on("error", () => undefined);
    createInterface(child.stderr).on("line", (line) => {
      this.events.push(JSON.parse(line) as HelperEvent);
      for (const listener of this.#listeners) listener();
    });
    this.closed = new Promise((resolve) => {
      child.once("close", (status) => {
        this.#over = true;
        resolve(status);
        for (const listener of this.#listeners) listener();
      });
    });
  }

  /** Waits for an event of this name. Rejects when the program ends without one. */
  async event(name: string): Promise<HelperEvent> {
    for (;;) {
      const found = this.events.find(({ event }) => event === name);
      if (found) return found;
      if (this.#over) throw new Error(`ended without ${name}: ${JSON.stringify(this.events)}`);
      await new Promise<void>((resolve) => {
        const once = (): void => {
          this.#listeners.delete(once);
          resolve();
        };
        this.#listeners.add(once);
      });
    }
  }
}

/** A program that keeps the contract of native/README.md. */
export class HelperProgram {
  readonly #command: readonly [string, ...string[]];
  readonly #env: NodeJS.ProcessEnv | undefined;
  readonly #children = new Set<ChildProcessWithoutNullStreams>();

  constructor(command: readonly [string, ...string[]], env?: NodeJS.ProcessEnv) {
    this.#command = command;
    this.#env = env;
  }

  /** Runs a command to its end. */
  run(args: readonly string[], stdin: string | Buffer = ""): Promise<Finished> {
    const child = this.#spawn(args);
    return new Promise((resolve, reject) => {
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
      child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
      child.once("error", reject);
      child.once("close", (status) =>
        resolve({ status, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() }),
      );
      child.stdin.on("error", () => undefined);
      child.stdin.end(stdin);
    });
  }

  /** What `list` says. @throws where it fails or was cut off. */
  async list(): Promise<HelperCertificate[]> {
    const { status, stdout, stderr } = await this.run(["list"], '{"database":null,"password":null}\n');
    const lines = stdout.toString().trimEnd().split("\n");
    if (status !== 0 || stderr !== "" || lines.pop() !== '{"end":true}') throw new Error(`list: ${stderr}`);
    return lines.map((line) => JSON.parse(line) as HelperCertificate);
  }

  connect(line: ConnectLine): HelperConnection {
    const connection = new HelperConnection(this.#spawn(["connect"]));
    const roots = line.roots.map((der) => der.toString("base64"));
    const common = { database: null, password: null, chain: [], alpn: ["h2", "http/1.1"], verify: true };
    connection.child.stdin.write(`${JSON.stringify({ ...common, sni: line.host, ...line, roots })}\n`);
    return connection;
  }

  /** Ends what still runs. */
  close(): void {
    for (const child of this.#children) child.kill("SIGKILL");
  }

  #spawn(args: readonly string[]): ChildProcessWithoutNullStreams {
    const [program, ...first] = this.#command;
    const child = spawn(program, [...first, ...args], this.#env ? { env: this.#env } : {});
    this.#children.add(child);
    child.once("close", () => this.#children.delete(child));
    return child;
  }
}
