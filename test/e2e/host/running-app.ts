import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import type { ElectronApplication, Page } from "playwright-core";
import type { AskedDialog, MenuEntry, Recording, ShownNotification, TrayLook } from "./recording.ts";
import type { Runtime } from "./runtime.ts";

/** How long a window may take to come, and the app to end, in milliseconds. */
const windowLimitMs = 15_000;
const endLimitMs = 10_000;
const logLimit = 256 * 1024;

/** What the runtimes and Playwright themselves say. */
const noise =
  /^(Debugger (listening|attached)|Waiting for the debugger|For help, see: https:\/\/nodejs|DevTools listening|Debugger ending|\[\d+[:/])/;

export interface Start {
  readonly runtime: Runtime;
  /** Removed with the app. */
  readonly folder: string;
  readonly userData: string;
  readonly args: readonly string[];
  readonly env: Record<string, string>;
}

export interface WindowState {
  readonly count: number;
  readonly visible: boolean;
  readonly minimised: boolean;
  readonly focused: boolean;
}

export interface Ended {
  readonly exitCode: number | null;
  readonly output: string;
}

const alive = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

/** Collects what a process writes, without what only the test host makes it write. */
function collect(child: ChildProcess): () => string {
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (chunk: string) => (text = (text + chunk).slice(-logLimit)));
  return () =>
    text
      .split("\n")
      .filter((line) => !noise.test(line))
      .join("\n")
      .trim();
}

/** A running app, as a person and the desktop see it; the same in Electron and in the stand-in. */
export class RunningApp {
  readonly userData: string;
  /** "electron" or "stand-in". */
  readonly runtime: Runtime["kind"];
  readonly dialogs = {
    /** Presses this button in the dialog that is open, or in the next one. */
    answer: (label: string): Promise<void> => this.#record("answer", { kind: "button", label }),
    /** Closes it without a choice. */
    cancel: (): Promise<void> => this.#record("answer", { kind: "cancel" }),
    /** Every dialog so far, oldest first. */
    asked: (): Promise<readonly AskedDialog[]> => this.#record("asked"),
  };
  /** Runs a function in the main process; it gets `electron` and one argument, and nothing of what surrounds it here. */
  readonly evaluateMain: ElectronApplication["evaluate"];
  readonly #electron: ElectronApplication;
  readonly #start: Start;
  readonly #process: ChildProcess;
  readonly #logs: () => string;
  readonly #ended: Promise<unknown>;
  #closing: Promise<void> | undefined;

  constructor(electron: ElectronApplication, start: Start) {
    this.#electron = electron;
    this.#start = start;
    this.userData = start.userData;
    this.runtime = start.runtime.kind;
    this.#process = electron.process();
    this.#logs = collect(this.#process);
    this.#ended =
      this.exitCode === null && this.#process.signalCode === null ? once(this.#process, "exit") : Promise.resolve();
    this.evaluateMain = (async (...args: Parameters<ElectronApplication["evaluate"]>) => {
      try {
        return await electron.evaluate(...args);
      } catch (error) {
        if (this.ended) throw this.#whyEnded("The app has ended", error);
        throw error;
      }
    }) as ElectronApplication["evaluate"];
  }

  /** Null while it runs, and when a signal has ended it. */
  get exitCode(): number | null {
    return this.#process.exitCode;
  }

  get ended(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** The page of the window, once it has been loaded; waits for a window if there is none yet. */
  async window(): Promise<Page> {
    try {
      const page =
        this.#electron.windows().at(-1) ?? (await this.#electron.waitForEvent("window", { timeout: windowLimitMs }));
      page.setDefaultTimeout(windowLimitMs);
      await page.waitForURL((url) => url.href !== "about:blank", { waitUntil: "load" });
      return page;
    } catch (error) {
      throw this.#whyEnded("The app shows no window", error);
    }
  }

  async windowState(): Promise<WindowState> {
    return await this.evaluateMain(({ BrowserWindow }) => {
      const windows = BrowserWindow.getAllWindows();
      return {
        count: windows.length,
        visible: windows.some((window) => window.isVisible()),
        minimised: windows.some((window) => window.isMinimized()),
        focused: windows.some((window) => window.isFocused()),
      };
    });
  }

  /** Closes the window as its button does; the app may keep it. */
  async closeWindow(): Promise<void> {
    await this.evaluateMain(({ BrowserWindow }) => BrowserWindow.getAllWindows().at(-1)?.close());
  }

  /** The icon in the tray with its menu; rejects when there is none. */
  async tray(): Promise<TrayLook> {
    const look = await this.#record("tray");
    if (look === null) throw new Error("There is no tray icon");
    return look;
  }

  async hasTray(): Promise<boolean> {
    return (await this.#record("tray")) !== null;
  }

  /** Clicks an entry of the tray's menu, by its label behind those of the menus it is in. */
  async clickTray(path: readonly string[]): Promise<void> {
    await this.#record("clickTray", path);
  }

  async clickTrayIcon(): Promise<void> {
    await this.#record("clickTrayIcon");
  }

  async applicationMenu(): Promise<readonly MenuEntry[]> {
    return await this.#record("applicationMenu");
  }

  async clickApplicationMenu(path: readonly string[]): Promise<void> {
    await this.#record("clickApplicationMenu", path);
  }

  /** Every notification so far, oldest first. */
  async notifications(): Promise<readonly ShownNotification[]> {
    return await this.#record("notifications");
  }

  /** Clicks the notification at this place of `notifications()`; -1 is the newest. */
  async clickNotification(at: number): Promise<void> {
    await this.#record("clickNotification", at);
  }

  /** Every address that the app has opened in the browser, oldest first. */
  async openedUrls(): Promise<readonly string[]> {
    return await this.#record("opened");
  }

  /** Every file and folder that the app has shown on the desktop. */
  async shownPaths(): Promise<readonly string[]> {
    return await this.#record("shownPaths");
  }

  async clipboard(): Promise<string> {
    return await this.evaluateMain(({ clipboard }) => clipboard.readText());
  }

  /** Chooses this file in the open dialog that is there, or in the next one. */
  async pickFile(file: string): Promise<void> {
    await this.#record("answer", { kind: "file", path: file });
  }

  /** Chooses this file in the save dialog that is there, or in the next one. */
  async saveTo(file: string): Promise<void> {
    await this.#record("answer", { kind: "file", path: file });
  }

  /** Makes the desktop dark or light. The app's own choice comes first, so it has to follow the desktop. */
  async setTheme(theme: "dark" | "light"): Promise<void> {
    await this.evaluateMain(({ nativeTheme }, source) => {
      nativeTheme.themeSource = source;
    }, theme);
  }

  /** What the app has written on stdout and stderr. */
  logs(): string {
    return this.#logs();
  }

  /** Starts the app once more on the same user data, as a person does who does not see that it runs; waits for its end. */
  async secondLaunch(args: readonly string[] = []): Promise<Ended> {
    const { runtime, env } = this.#start;
    const child = spawn(runtime.program, [...runtime.args, ...this.#start.args, ...args], {
      env,
      // The fourth tells the stand-in when this process is gone.
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    alive.add(child);
    const output = collect(child);
    const late = setTimeout(() => child.kill("SIGKILL"), endLimitMs);
    await once(child, "close");
    clearTimeout(late);
    alive.delete(child);
    if (child.signalCode !== null) throw new Error(`The second process did not end:\n${output()}`);
    return { exitCode: child.exitCode, output: output() };
  }

  /** Quits as the app's own entry does, and waits for the end of the process; rejects when the app does not end. */
  async quit(): Promise<number | null> {
    await this.evaluateMain(({ app }) => void setImmediate(() => app.quit()));
    await this.waitForEnd();
    return this.exitCode;
  }

  /** Waits until the process has ended by itself. */
  async waitForEnd(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(this.#whyEnded("The app does not end", undefined)), endLimitMs);
    });
    try {
      await Promise.race([this.#ended, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the app without asking it, and removes what the launch has made. Idempotent. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    if (!this.ended) {
      const late = setTimeout(() => this.#process.kill("SIGKILL"), endLimitMs);
      await this.#electron.evaluate(({ app }) => void setImmediate(() => app.exit(0))).catch(() => undefined);
      await this.#ended;
      clearTimeout(late);
    }
    await this.#electron.close().catch(() => undefined);
    rmSync(this.#start.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #record<Name extends keyof Recording>(
    name: Name,
    ...args: Parameters<Recording[Name]>
  ): Promise<ReturnType<Recording[Name]>> {
    const result = await this.evaluateMain(
      (_electron, call) => {
        const { culvertRecording } = globalThis as unknown as {
          culvertRecording: Record<string, (...args: readonly unknown[]) => unknown>;
        };
        return culvertRecording[call.name]?.(...call.args);
      },
      { name, args: args },
    );
    return result as ReturnType<Recording[Name]>;
  }

  #whyEnded(what: string, cause: unknown): Error {
    const { exitCode, signalCode } = this.#process;
    const state = this.ended ? `it has ended with ${signalCode ?? exitCode}` : "it is still running";
    return new Error(`${what}; ${state}. Its log:\n${this.logs() || "(nothing)"}`, { cause });
  }
}
