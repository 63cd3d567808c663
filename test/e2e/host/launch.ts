import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { _electron, type ElectronApplication } from "playwright-core";
import { onTestFailed, onTestFinished } from "vitest";
import type { Keyring } from "./double/safe-storage.ts";
import { RunningApp, type Start } from "./running-app.ts";
import { theRuntime, type Runtime } from "./runtime.ts";

const startLimitMs = 30_000;
const repository = path.join(import.meta.dirname, "../../..");

export interface LaunchOptions {
  /** Where the app keeps what it stores; a new, empty folder by default. A given one is left where it is. */
  readonly userData?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** CommonJS scripts that run in the main process before the app. */
  readonly preloads?: readonly string[];
  /** Starts it as at log-in: without a window. */
  readonly hidden?: boolean;
  /** Whether the desktop shows tray icons; it does by default. */
  readonly tray?: boolean;
  /** What the desktop's keyring is like; it works by default. "changed" needs the stand-in. */
  readonly keyring?: Keyring;
  /** The folder of an app with a package.json; Culvert itself by default. */
  readonly app?: string;
}

const folders = new Set<string>();
// A run that is cut short, or a caller who forgets to close, leaves nothing behind.
process.once("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** The environment of the app: this one, without what the test runner has put there. */
function environment(runtime: Runtime, folder: string, options: LaunchOptions): Record<string, string> {
  const own = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(VITEST|NODE_|TEST$|DEV$|PROD$|MODE$)/.test(entry[0]),
  );
  return {
    ...Object.fromEntries(own),
    // What is stored for the desktop, like an entry for starting at log-in, stays in the folder of the test.
    XDG_CONFIG_HOME: path.join(folder, "config"),
    ...runtime.env,
    CULVERT_TEST_FOLDER: folder,
    CULVERT_TEST_KEYRING: options.keyring ?? "works",
    CULVERT_TRAY: options.tray === false ? "no" : "yes",
    ...options.env,
  };
}

function switches(runtime: Runtime, options: LaunchOptions): string[] {
  if (runtime.kind === "stand-in" || options.keyring === undefined) return [];
  if (options.keyring === "changed") throw new Error("A changed keyring can be had in the stand-in only");
  // Chromium's own way to do without a keyring.
  return options.keyring === "none" ? ["--password-store=basic"] : [];
}

/**
 * Starts the built app. Inside a test it ends with the test, and its log is printed when the test fails; elsewhere
 * (in `beforeAll`) the caller has to call `close`.
 */
export async function launchApp(options: LaunchOptions = {}): Promise<RunningApp> {
  const runtime = await theRuntime();
  const folder = mkdtempSync(path.join(os.tmpdir(), "culvert-e2e-"));
  folders.add(folder);
  const userData = options.userData ?? path.join(folder, "user-data");
  mkdirSync(userData, { recursive: true });
  // Playwright looks for Electron once, when it first starts it, where this points to.
  process.env["ELECTRON_OVERRIDE_DIST_PATH"] ??= runtime.kind === "stand-in" ? path.dirname(runtime.program) : "";
  if (process.env["ELECTRON_OVERRIDE_DIST_PATH"] === "") delete process.env["ELECTRON_OVERRIDE_DIST_PATH"];
  const start: Start = {
    runtime,
    folder,
    userData,
    args: [options.app ?? repository, `--user-data-dir=${userData}`, ...switches(runtime, options)],
    env: environment(runtime, folder, options),
  };
  const own = [...(options.hidden === true ? ["--hidden"] : []), ...(options.args ?? [])];
  let electron: ElectronApplication;
  try {
    electron = await _electron.launch({
      args: [...[runtime.recorder, ...(options.preloads ?? [])].flatMap((file) => ["-r", file]), ...start.args, ...own],
      env: start.env,
      cwd: repository,
      timeout: startLimitMs,
      // The app decides how it looks, not Playwright.
      colorScheme: null,
    });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const app = new RunningApp(electron, start);
  endWithTest(app);
  return app;
}

function endWithTest(app: RunningApp): void {
  try {
    onTestFinished(() => app.close());
    onTestFailed(() => console.error(`The app's log:\n${app.logs() || "(nothing)"}`));
  } catch {
    // Not inside a test: the caller ends it.
  }
}
