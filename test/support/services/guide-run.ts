import { appendFileSync, chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import path from "node:path";
import { culvertExecutable } from "../run-culvert.ts";
import { blocksOf, keepsRunning, patternOf, substitute, type Block, type GuideNames } from "./guide.ts";
import { onFreePort, run, startServer, type Ran, type ServerProcess } from "./processes.ts";
import { program } from "./programs.ts";
import type { SshServer } from "./sshd.ts";
import type { TunnelRig } from "./tunnel-rig.ts";

const guideCulvert = path.join(import.meta.dirname, "guide-culvert.ts");

/** Follows guides as a person would: with `culvert` on the PATH, and a second terminal for what is to keep running. */
export class GuideRun {
  readonly #rig: TunnelRig;
  readonly #bin: string;
  /** Where commands run, and where the files are that a guide takes for given. */
  readonly folder: string;
  /** How long a line of the log may take to come. */
  patienceMs = 15_000;
  readonly #localPorts = new Map<number, number>();
  readonly #running: ServerProcess[] = [];

  constructor(rig: TunnelRig, sshServer?: SshServer) {
    this.#rig = rig;
    this.#bin = path.join(rig.folder, "bin");
    this.folder = path.join(rig.folder, "work");
    for (const folder of [this.#bin, this.folder, this.#ssh()]) mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.culvertTrusts(rig.proxy.caFile);
    if (sshServer) this.#installSsh(sshServer);
  }

  readonly #ssh = (...names: string[]): string => path.join(this.#rig.folder, ".ssh", ...names);

  #install(name: string, words: readonly string[]): void {
    const file = path.join(this.#bin, name);
    writeFileSync(file, `#!/bin/sh\nexec ${words.map((word) => `'${word}'`).join(" ")} "$@"\n`);
    chmodSync(file, 0o755);
  }

  /** Which CA culvert has been told of; "none" for none. */
  culvertTrusts(caFile: string): void {
    // process.execve, with which it becomes the executable, warns on stderr that it is young.
    const node = [process.execPath, ...(culvertExecutable === null ? [] : ["--disable-warning=ExperimentalWarning"])];
    this.#install("culvert", [...node, guideCulvert, String(this.#rig.proxy.port), caFile]);
  }

  /** OpenSSH finds the home folder by itself, so ours has to be named; and it has the server's key already. */
  #installSsh(server: SshServer): void {
    writeFileSync(this.#ssh("known_hosts"), `ssh.corp.example.com ${server.hostKey}\n`);
    writeFileSync(this.#ssh("config"), "", { mode: 0o600 });
    const options = [
      `IdentityFile=${server.keyFile}`,
      `UserKnownHostsFile=${this.#ssh("known_hosts")}`,
      "StrictHostKeyChecking=yes",
      "BatchMode=yes",
    ];
    for (const name of ["ssh", "scp", "sftp"]) {
      this.#install(name, [program(name), "-F", this.#ssh("config"), ...options.flatMap((option) => ["-o", option])]);
    }
  }

  get #names(): GuideNames {
    const { proxy, folder } = this.#rig;
    return {
      proxyPort: proxy.port,
      listenOn: 0,
      localPorts: this.#localPorts,
      home: folder,
      user: userInfo().username,
    };
  }

  get #env(): Readonly<Record<string, string>> {
    return { ...this.#rig.env, PATH: `${this.#bin}${path.delimiter}${process.env["PATH"] ?? ""}` };
  }

  /** Runs every command of a guide in its order, and compares what the guide shows. Rejects with the line that is wrong. */
  async follow(markdown: string): Promise<number> {
    let commands = 0;
    /** What the last command printed; null where it still runs. */
    let printed: string | null = null;
    for (const block of blocksOf(markdown)) {
      try {
        if (block.kind === "sshconfig") {
          appendFileSync(this.#ssh("config"), `${substitute.command(block.body, this.#names)}\n`);
        } else if (block.kind === "text log" || (block.kind === "text" && printed === null)) {
          await this.#expectLog(block);
        } else if (block.kind === "text") expectLines(block, printed ?? "", this.#names);
        else {
          commands++;
          printed = keepsRunning(block.body) ? await this.#start(block.body) : await this.#finish(block.body);
        }
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new Error(`line ${block.line}: ${why}`, { cause: error });
      }
    }
    return commands;
  }

  /** Runs commands to their end, with both outputs in one as on a terminal. */
  shell(commands: string): Promise<Ran> {
    const script = `exec 2>&1\n${substitute.command(commands, this.#names)}\n`;
    return run("sh", ["-e", "-c", script], { env: this.#env, cwd: this.folder });
  }

  async #finish(body: string): Promise<string> {
    const { code, stdout } = await this.shell(body);
    if (code !== 0) throw new Error(`exit code ${code}:\n${stdout}`);
    return stdout;
  }

  /** Starts a `culvert tcp` or `culvert udp` in the place of the one before it, and learns which local ports it chose. */
  async #start(body: string): Promise<null> {
    await this.end();
    this.#running.push(await this.launch(body));
    return null;
  }

  /** Starts a `culvert tcp` or `culvert udp` that the caller stops, and learns which local ports it chose. */
  async launch(body: string): Promise<ServerProcess> {
    const wanted = [...body.matchAll(/([\w.-]+:\d+)(?:=| --listen )(\d+)/g)];
    const ports = wanted.map(([, , port]) => Number(port));
    const start = (listenOn: number): Promise<ServerProcess> =>
      startServer("sh", ["-c", `exec ${substitute.command(body, { ...this.#names, listenOn })}`], {
        ready: / listening on .*\n/,
        env: this.#env,
        cwd: this.folder,
      });
    const culvert = await (new Set(ports).size < ports.length ? onFreePort(start) : start(0));
    for (const [, destination = "", port = ""] of wanted) {
      const several = wanted.length > 1 ? ` for ${destination.replaceAll(".", "\\.")}` : "";
      const [, real] = await culvert.said(new RegExp(`listening on 127\\.0\\.0\\.1:(\\d+)(?: \\(UDP\\))?${several}\n`));
      this.#localPorts.set(Number(port), Number(real));
    }
    return culvert;
  }

  /** The port that Culvert listens on in the place of one that a guide shows. */
  localPort(shown: number): number {
    return this.#localPorts.get(shown) ?? shown;
  }

  async #expectLog(block: Block): Promise<void> {
    const culvert = this.#running.at(-1);
    if (culvert === undefined) throw new Error("no culvert is running");
    for (const line of substitute.output(block.body, this.#names).split("\n")) {
      await culvert.said(new RegExp(`^${patternOf(line)}$`, "m"), this.patienceMs);
    }
  }

  /** Ends what still runs, as Ctrl-C does. Rejects when that was not a good end. */
  async end(): Promise<void> {
    for (const culvert of this.#running.splice(0)) {
      const code = await culvert.stop("SIGINT");
      if (code !== 0) throw new Error(`culvert ended with ${code}:\n${culvert.log()}`);
      if (/ WRN | ERR /.test(culvert.log())) throw new Error(`culvert complained:\n${culvert.log()}`);
    }
    this.#localPorts.clear();
  }
}

/** Each line that a guide shows must be printed, in that order. */
function expectLines(block: Block, printed: string, names: GuideNames): void {
  const lines = printed.split(/\r?\n/).map((line) => line.trimEnd());
  for (const wanted of substitute.output(block.body, names).split("\n")) {
    const pattern = new RegExp(`^${patternOf(wanted)}$`);
    const found = lines.findIndex((line) => pattern.test(line));
    if (found < 0) throw new Error(`the guide shows\n${wanted}\nbut the command printed\n${printed}`);
    lines.splice(0, found + 1);
  }
}
