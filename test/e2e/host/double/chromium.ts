import { spawn, type ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import type { Readable, Writable } from "node:stream";
import type { CDPSession } from "playwright-core";

/** How long Chromium may take to end by itself, in milliseconds. */
const endLimitMs = 1_000;

interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

interface Waiting {
  readonly method: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export interface ChromiumOptions {
  readonly executable: string;
  /** The folder for its profile; removed by whoever made it. */
  readonly profile: string;
  readonly env: NodeJS.ProcessEnv;
  /** Switches of the app about the network, instead of those below. */
  readonly network: readonly string[];
  /** Also listens on a loopback port and says so on stderr, for Playwright. */
  readonly withPort: boolean;
}

/** A session with a page, or with the browser itself. Commands and events are typed by Playwright's protocol types. */
export class DevToolsSession {
  readonly #events = new EventEmitter();
  readonly send: CDPSession["send"];

  constructor(send: (method: string, params: object) => Promise<unknown>) {
    this.send = ((method: string, params: object = {}) => send(method, params)) as CDPSession["send"];
  }

  readonly on = ((event: string, listener: (params: unknown) => void) => {
    this.#events.on(event, listener);
    return this;
  }) as unknown as CDPSession["on"];

  emit(event: string, params: unknown): void {
    this.#events.emit(event, params);
  }
}

/** A headless Chromium that is driven over a pipe, and ends when this process does: the pipe breaks. */
export class Chromium {
  readonly browser: DevToolsSession;
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  readonly #process: ChildProcess;
  readonly #input: Writable;
  readonly #sessions = new Map<string, DevToolsSession>();
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;
  #over = false;

  constructor(options: ChromiumOptions) {
    this.#process = spawn(options.executable, chromiumArguments(options), {
      stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
      env: options.env,
    });
    const [, , stderr, input, output] = this.#process.stdio as unknown as [null, null, Readable, Writable, Readable];
    this.#input = input;
    input.on("error", () => undefined);
    stderr.setEncoding("utf8").on("data", (text: string) => {
      for (const line of text.split("\n")) if (line.startsWith("DevTools listening")) process.stderr.write(`${line}\n`);
    });
    let rest = "";
    output.setEncoding("utf8").on("data", (text: string) => {
      const messages = (rest + text).split("\0");
      rest = messages.pop() ?? "";
      for (const message of messages) this.#receive(JSON.parse(message) as Message);
    });
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        this.#over = true;
        for (const { method, reject } of this.#waiting.values()) reject(new Error(`${method}: Chromium has ended`));
        this.#waiting.clear();
        resolve();
      };
      this.#process.once("exit", end).once("error", (error) => {
        console.error(`Chromium cannot be started: ${error.message}`);
        end();
      });
    });
    this.browser = new DevToolsSession((method, params) => this.#send(method, params));
  }

  /** Attaches to a page. */
  async attach(targetId: string): Promise<DevToolsSession> {
    const { sessionId } = await this.browser.send("Target.attachToTarget", { targetId, flatten: true });
    const session = new DevToolsSession((method, params) => this.#send(method, params, sessionId));
    this.#sessions.set(sessionId, session);
    return session;
  }

  /** Ends the process, by force when it takes too long. */
  async close(): Promise<void> {
    if (!this.#over) this.#send("Browser.close", {}).catch(() => undefined);
    const late = setTimeout(() => this.#process.kill("SIGKILL"), endLimitMs);
    await this.ended;
    clearTimeout(late);
  }

  #send(method: string, params: object, sessionId?: string): Promise<unknown> {
    if (this.#over) return Promise.reject(new Error(`${method}: Chromium has ended`));
    this.#last += 1;
    const id = this.#last;
    this.#input.write(`${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { method, resolve, reject }));
  }

  #receive(message: Message): void {
    if (message.id !== undefined) {
      const one = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.error) one?.reject(new Error(`${one.method}: ${message.error.message}`));
      else one?.resolve(message.result);
      return;
    }
    const session = message.sessionId === undefined ? this.browser : this.#sessions.get(message.sessionId);
    session?.emit(message.method ?? "", message.params);
  }
}

function chromiumArguments(options: ChromiumOptions): string[] {
  return [
    "--headless",
    "--disable-gpu",
    "--disable-software-rasterizer",
    "--no-startup-window",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--metrics-recording-only",
    "--no-pings",
    "--password-store=basic",
    "--use-mock-keychain",
    "--mute-audio",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    // A page of the app never gets a window of its own: the app's handler is asked, and window.open returns null.
    "--block-new-web-contents",
    // Nothing but this computer can be reached, whatever a page asks for.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
    ...options.network,
    `--user-data-dir=${options.profile}`,
    "--remote-debugging-pipe",
    ...(options.withPort ? ["--remote-debugging-port=0"] : []),
    // Chromium's sandbox refuses to run as root.
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  ];
}
