import { rmSync } from "node:fs";
import path from "node:path";
import { culvertCommand, startCulvert, type Ended, type Running } from "../run-culvert.ts";
import { startAccessProxy, type AccessProxy, type AccessProxyOptions } from "../access-proxy/index.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** Signs in without a window; its arguments are the CA's file and the URL. */
export const signInBrowser = path.join(import.meta.dirname, "sign-in-browser.ts");

const inQuotes = (word: string): string => `'${word}'`;

/** A local port that a `culvert` process holds open. */
export interface LocalPort {
  readonly command: "tcp" | "udp";
  readonly port: number;
  readonly running: Running;
  /** Ends it as Ctrl-C does. */
  stop(): Promise<Ended>;
}

/** A stand-in Pomerium, and the real command line in front of it with a home folder of its own. */
export class TunnelRig {
  readonly proxy: AccessProxy;
  /** Temporary; holds `culvert`, the sessions. */
  readonly folder: string;

  private constructor(proxy: AccessProxy) {
    this.proxy = proxy;
    this.folder = temporaryFolder("services");
  }

  static async start(options: AccessProxyOptions): Promise<TunnelRig> {
    return new TunnelRig(await startAccessProxy(options));
  }

  /** With the domain of the guides, and Alice, who signs in in them. */
  static async ofGuides(options: Omit<AccessProxyOptions, "domain">): Promise<TunnelRig> {
    const rig = await TunnelRig.start({ domain: "corp.example.com", ...options });
    rig.proxy.control.setUser({ sub: "alice", email: "alice@corp.example.com", name: "Alice" });
    return rig;
  }

  /** Flags that lead to this rig's proxy, and sign in there. */
  get flags(): readonly string[] {
    return ["--pomerium-url", this.proxy.origin, ...this.signInFlags];
  }

  /** The part of the flags that `login` takes, too. */
  get signInFlags(): readonly string[] {
    const browser = [process.execPath, signInBrowser, this.proxy.caFile].map(inQuotes).join(" ");
    return ["--alternate-ca-path", this.proxy.caFile, "--browser-cmd", browser];
  }

  get env(): Readonly<Record<string, string>> {
    return { HOME: this.folder, CULVERT_HOME: path.join(this.folder, "culvert") };
  }

  /** Opens a local port that leads to a route. */
  async open(destination: string, command: "tcp" | "udp" = "tcp"): Promise<LocalPort> {
    const running = startCulvert([command, destination, ...this.flags], this.env);
    const [, port] = await running.said(
      command === "udp" ? /listening on 127\.0\.0\.1:(\d+) \(UDP\)\n/ : /listening on 127\.0\.0\.1:(\d+)\n/,
    );
    const stop = (): Promise<Ended> => {
      running.child.kill("SIGINT");
      return running.ended;
    };
    return { command, port: Number(port), running, stop };
  }

  /** The value of ssh's ProxyCommand: standard input and output lead to the route. */
  get proxyCommand(): string {
    const start = [...culvertCommand, "tcp", "--listen", "-", ...this.flags];
    // ssh reads % as the start of a placeholder, and hands the rest to a shell.
    const words = start.map((word) => (/^[\w./:=-]+$/.test(word) ? word : `'${word.replace(/'/g, `'\\''`)}'`));
    return `${words.join(" ").replace(/%/g, "%%")} %h:%p`;
  }

  async close(): Promise<void> {
    await this.proxy.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
