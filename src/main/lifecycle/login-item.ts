import { readFileSync, statSync } from "node:fs";
import { AppError } from "../../shared/errors.ts";
import type { StartNote } from "../../shared/model/outside.ts";
import { codeOf } from "../store/private-files.ts";
import { autostartState, setLinuxAutostart } from "./start-at-sign-in.ts";

/** What the system really does when the user signs in. */
export interface StartState {
  readonly on: boolean;
  /** It starts something else than this app: an AppImage that was moved, or an older place. */
  readonly isStale?: true;
  readonly note: StartNote | null;
}

/** The system's list of what starts at sign-in, as far as it is about this app. */
export interface LoginItem {
  /** Never throws: what cannot be read is off. */
  read(): StartState;
  /** @throws AppError where the system does not do it. */
  set(on: boolean): void;
}

const off: StartState = { on: false, note: null };

/** The name of the registry value; the uninstaller removes it by this name. */
export const runValueName = "io.culvert.app";

/**
 * Windows: what of the Run keys starts this program. Task Manager and the Settings app keep their "off" beside the value, which
 * stays. Electron's own `openAtLogin` looks under another name, and its `executableWillLaunchAtLogin` takes any arguments.
 * @param args those that the program has to be started with.
 */
export function windowsStartState(
  { launchItems }: Pick<Electron.LoginItemSettings, "launchItems">,
  args: readonly string[],
): StartState {
  const enabled = launchItems.filter((item) => item.enabled);
  const bare = (words: readonly string[]): string => words.join(" ").replaceAll('"', "");
  if (enabled.some((item) => bare(item.args) === bare(args))) return { on: true, note: null };
  if (enabled.length > 0) return { on: true, isStale: true, note: null };
  return launchItems.length === 0 ? off : { on: false, note: "off-in-system" };
}

/** macOS: one who has switched the login item off in System Settings is asked there again. */
export function macStartState({ status }: Pick<Electron.LoginItemSettings, "status">): StartState {
  if (status === "enabled") return { on: true, note: null };
  return status === "requires-approval" ? { on: false, note: "needs-approval" } : off;
}

const notDone = (cause?: unknown): AppError =>
  new AppError("storage-failed", "The system did not take the setting for starting at sign-in.", {
    cause,
    userAction: "Set it in the system’s own settings.",
  });

export interface ElectronLoginItemOptions {
  readonly platform: "darwin" | "win32";
  readonly app: Pick<Electron.App, "getLoginItemSettings" | "setLoginItemSettings">;
  /** An app that is not installed is one of Electron's: macOS would start that. */
  readonly isPackaged: boolean;
  readonly execPath: string;
  /** The folder of the app; Electron is told to run it where the app is not packaged. */
  readonly appPath: string;
}

/** macOS and Windows, through Electron. */
export class ElectronLoginItem implements LoginItem {
  readonly #options: ElectronLoginItemOptions;
  readonly #windows: { readonly path: string; readonly args: string[] };

  constructor(options: ElectronLoginItemOptions) {
    this.#options = options;
    const { isPackaged, execPath, appPath } = options;
    this.#windows = { path: execPath, args: isPackaged ? ["--hidden"] : [`"${appPath}"`, "--hidden"] };
  }

  read(): StartState {
    const { app, platform, isPackaged } = this.#options;
    try {
      if (platform === "win32") return windowsStartState(app.getLoginItemSettings(this.#windows), this.#windows.args);
      return isPackaged ? macStartState(app.getLoginItemSettings()) : off;
    } catch {
      return off;
    }
  }

  set(on: boolean): void {
    const { app, platform, isPackaged } = this.#options;
    if (platform === "darwin" && !isPackaged) {
      throw new AppError("not-available-yet", "Only the installed app can start at sign-in.", {
        userAction: "Install Culvert first.",
      });
    }
    // Who turns it on here wants it on, also where Task Manager has it off: that is what `enabled` says.
    const windows = platform === "win32" ? { ...this.#windows, name: runValueName, enabled: true } : {};
    app.setLoginItemSettings({ openAtLogin: on, ...windows });
    const state = this.read();
    if (state.on === on) return;
    if (state.note === "needs-approval") {
      if (!on) return;
      throw new AppError("setting-invalid", "macOS wants your approval first.", {
        userAction: "Allow Culvert in System Settings, General, Login Items.",
      });
    }
    throw notDone();
  }
}

/** A desktop entry for starting is smaller. */
const entryBytes = 64 * 1024;

/** Linux: an entry in the desktop's autostart folder. */
export class LinuxLoginItem implements LoginItem {
  readonly #file: string;
  readonly #command: readonly string[];

  /** @param command the program and its arguments, absolute. */
  constructor(file: string, command: readonly string[]) {
    this.#file = file;
    this.#command = command;
  }

  read(): StartState {
    try {
      const found = statSync(this.#file);
      // A pipe would hold up the whole app.
      if (!found.isFile() || found.size > entryBytes) return off;
      return autostartState(readFileSync(this.#file, "utf8"), this.#command[0] ?? "");
    } catch {
      return off;
    }
  }

  set(on: boolean): void {
    try {
      setLinuxAutostart(this.#file, on ? this.#command : null);
    } catch (cause) {
      if (!on && codeOf(cause) === "ENOENT") return;
      throw new AppError("storage-failed", "The entry for starting at sign-in could not be written.", { cause });
    }
  }
}
