import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import type { Readable } from "node:stream";

const startLimitMs = 30_000;
const runLimitMs = 90_000;
const logLimit = 64 * 1024;

const alive = new Set<ChildProcess>();
// A run that is cut short leaves no server behind.
process.once("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

function watch(child: ChildProcess): Promise<void> {
  alive.add(child);
  return new Promise((resolve) => {
    const gone = (): void => {
      alive.delete(child);
      resolve();
    };
    child.once("error", gone).once("exit", gone);
  });
}

export interface ServerProcess {
  readonly child: ChildProcess;
  /** The end of what it has written. */
  log(): string;
  /** Waits until its log matches; rejects with the log when the process ends first, or takes too long. */
  said(pattern: RegExp, limitMs?: number): Promise<RegExpExecArray>;
  /** Sends the signal, by process id, and waits for its end. */
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

export interface ServerOptions {
  /** What the server writes when it takes connections. */
  readonly ready: RegExp;
  readonly cwd?: string;
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a server and waits until it says that it is ready; rejects with its log when it ends before that. */
export async function startServer(
  command: string,
  args: readonly string[],
  options: ServerOptions,
): Promise<ServerProcess> {
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C", ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...options.user,
  });
  const gone = watch(child);
  const name = [command, ...args].join(" ");
  let log = "";
  let over = false;
  const waiting = new Set<() => void>();
  const lookAll = (): void => waiting.forEach((look) => look());
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      log = (log + text).slice(-logLimit);
      lookAll();
    });
  }
  void gone.then(() => {
    over = true;
    lookAll();
  });
  const said = (pattern: RegExp, limitMs = startLimitMs): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        waiting.delete(look);
        settle();
      };
      const fail = (why: string): void =>
        end(() => reject(new Error(`${name} ${why} without ${String(pattern)}:\n${log}`)));
      const look = (): void => {
        const match = pattern.exec(log);
        if (match !== null) end(() => resolve(match));
        else if (over) fail("ended");
      };
      const timer = setTimeout(() => fail("went on"), limitMs);
      waiting.add(look);
      look();
    });
  const stop = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    const late = setTimeout(() => child.kill("SIGKILL"), startLimitMs);
    await gone;
    clearTimeout(late);
    return child.exitCode;
  };
  try {
    await said(options.ready);
  } catch (error) {
    await stop("SIGKILL");
    throw error;
  }
  return { child, log: () => log, said, stop };
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Starts a server that cannot choose a free port by itself: another program may take the port first, hence the tries. */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let tries = 4; ; tries--) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (tries === 0) throw error;
    }
  }
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Standard input. */
  readonly input?: Buffer;
}

export interface Ran {
  readonly code: number | null;
  readonly output: Buffer;
  /** `output` as text without the line end. */
  readonly stdout: string;
  readonly stderr: string;
}

async function collect(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Runs a program to its end; kills it when that takes too long. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { env, cwd, user, input } = options;
  const child = spawn(command, args, {
    stdio: "pipe",
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C", ...env },
    timeout: runLimitMs,
    killSignal: "SIGKILL",
    ...(cwd === undefined ? {} : { cwd }),
    ...user,
  });
  void watch(child);
  // A program may end without reading all of its input; its exit code tells what to think of that.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const closed = once(child, "close") as Promise<[number | null]>;
  const [output, stderr, [code]] = await Promise.all([collect(child.stdout), collect(child.stderr), closed]);
  const text = output.length > 1024 * 1024 ? "" : output.toString("utf8").replace(/\n$/, "");
  return { code, output, stdout: text, stderr: stderr.toString("utf8") };
}
