import { EventEmitter } from "node:events";
import os from "node:os";
import path from "node:path";
import type { App as ElectronApp } from "electron";
import { switchValue, theHost } from "./host.ts";
import { InstanceLock } from "./instance-lock.ts";
import { knownEvents, loudClass } from "./loud.ts";
import { PreventableEvent } from "./preventable.ts";
import { windows } from "./registry.ts";

class CommandLine implements Pick<
  Electron.CommandLine,
  "appendSwitch" | "appendArgument" | "hasSwitch" | "getSwitchValue" | "removeSwitch"
> {
  readonly #switches = new Map<string, string>();

  constructor(argv: readonly string[]) {
    for (const one of argv) {
      const [, name, value = ""] = /^--([^=]+)(?:=(.*))?$/s.exec(one) ?? [];
      if (name !== undefined) this.#switches.set(name, value);
    }
  }

  appendSwitch(name: string, value = ""): void {
    this.#switches.set(name, value);
  }

  appendArgument(_value: string): void {}

  hasSwitch(name: string): boolean {
    return this.#switches.has(name);
  }

  getSwitchValue(name: string): string {
    return this.#switches.get(name) ?? "";
  }

  removeSwitch(name: string): void {
    this.#switches.delete(name);
  }
}
loudClass("app.commandLine", CommandLine);

type Implemented = Pick<
  ElectronApp,
  | "commandLine"
  | "isPackaged"
  | "name"
  | "getPath"
  | "setPath"
  | "setAppLogsPath"
  | "getAppPath"
  | "getName"
  | "setName"
  | "getVersion"
  | "getLocale"
  | "getSystemLocale"
  | "getPreferredSystemLanguages"
  | "whenReady"
  | "isReady"
  | "quit"
  | "exit"
  | "relaunch"
  | "focus"
  | "requestSingleInstanceLock"
  | "hasSingleInstanceLock"
  | "releaseSingleInstanceLock"
  | "enableSandbox"
  | "disableHardwareAcceleration"
  | "setAppUserModelId"
  | "setDesktopName"
  | "setLoginItemSettings"
  | "getLoginItemSettings"
  | "getApplicationNameForProtocol"
  | "isAccessibilitySupportEnabled"
  | "setAboutPanelOptions"
>;

/** Electron's `app`: its life from start to exit, its paths and its single instance. */
export class App extends EventEmitter implements Implemented {
  readonly isPackaged = false;
  readonly commandLine = new CommandLine(theHost().argv) as unknown as Electron.CommandLine;
  /** macOS has one; here it has to be there and undefined, as Electron has it. */
  readonly dock = undefined;
  name = theHost().name;
  readonly #paths = new Map<string, string>();
  readonly #ready: Promise<void>;
  #sayReady: () => void = () => undefined;
  #isReady = false;
  #quitting = false;
  #ending = false;
  #lock: InstanceLock | undefined;
  #loginItem: Electron.Settings = {};

  constructor() {
    super();
    this.#ready = new Promise((resolve) => (this.#sayReady = resolve));
    const home = os.homedir();
    const config = process.env["XDG_CONFIG_HOME"] ?? path.join(home, ".config");
    const userData = switchValue(theHost().argv, "user-data-dir") ?? path.join(config, this.name);
    for (const [name, value] of Object.entries({
      home,
      appData: config,
      userData,
      sessionData: userData,
      temp: os.tmpdir(),
      exe: process.execPath,
      module: process.execPath,
      logs: path.join(userData, "logs"),
      desktop: path.join(home, "Desktop"),
      documents: path.join(home, "Documents"),
      downloads: path.join(home, "Downloads"),
    }))
      this.#paths.set(name, value);
  }

  getPath(name: string): string {
    const found = this.#paths.get(name);
    if (found === undefined) throw new Error(`Failed to get '${name}' path`);
    return found;
  }

  setPath(name: string, value: string): void {
    if (!this.#paths.has(name)) throw new Error(`Failed to set path: '${name}'`);
    if (!path.isAbsolute(value)) throw new Error("Path must be absolute");
    this.#paths.set(name, value);
  }

  setAppLogsPath(value?: string): void {
    this.#paths.set("logs", value ?? path.join(this.getPath("userData"), "logs"));
  }

  getAppPath(): string {
    return theHost().appPath;
  }

  getName(): string {
    return this.name;
  }

  setName(name: string): void {
    this.name = name;
  }

  getVersion(): string {
    return theHost().version;
  }

  getLocale(): string {
    if (!this.#isReady) return "";
    return "en-US";
  }

  getSystemLocale(): string {
    return "en-US";
  }

  getPreferredSystemLanguages(): string[] {
    return ["en-US"];
  }

  whenReady(): Promise<void> {
    return this.#ready;
  }

  isReady(): boolean {
    return this.#isReady;
  }

  /** The main script has been run and the browser answers. For the host. */
  start(): void {
    if (this.#ending) return;
    this.#isReady = true;
    this.emit("will-finish-launching");
    this.emit("ready", new PreventableEvent(), {});
    this.#sayReady();
  }

  /** before-quit → every window's close → will-quit → quit; each of the first three can stop it. */
  quit(): void {
    if (this.#ending || this.#quitting) return;
    this.#quitting = true;
    const goesOn = !this.#prevented("before-quit") && this.#windowsClosed() && !this.#prevented("will-quit");
    this.#quitting = false;
    if (goesOn) this.#end(0);
  }

  /** Closes all windows without asking, and skips before-quit and will-quit. */
  exit(code = 0): void {
    if (this.#ending) return;
    this.#quitting = true;
    for (const window of [...windows]) window.destroy();
    this.#end(code);
  }

  /** Specs start the app again themselves. */
  relaunch(_options?: Electron.RelaunchOptions): void {}

  focus(): void {
    [...windows].at(-1)?.focus();
  }

  /** The last window is gone. Electron quits where nobody listens. For BrowserWindow. */
  lastWindowClosed(): void {
    if (this.#quitting || this.#ending) return;
    if (this.listenerCount("window-all-closed") > 0) this.emit("window-all-closed");
    else this.quit();
  }

  requestSingleInstanceLock(additionalData?: Record<string, unknown>): boolean {
    this.#lock ??= new InstanceLock(this.getPath("userData"), theHost().folder, ({ argv, cwd, data }) => {
      // Electron holds it back until the app is ready.
      void this.#ready.then(() => this.emit("second-instance", new PreventableEvent(), argv, cwd, data));
    });
    return this.#lock.take({ argv: theHost().argv, cwd: process.cwd(), data: additionalData ?? null });
  }

  hasSingleInstanceLock(): boolean {
    return this.#lock?.held ?? false;
  }

  releaseSingleInstanceLock(): void {
    this.#lock?.release();
  }

  enableSandbox(): void {
    if (this.#isReady) throw new Error("app.enableSandbox() can only be called before app is ready");
  }

  disableHardwareAcceleration(): void {
    if (this.#isReady) throw new Error("app.disableHardwareAcceleration() can only be called before app is ready");
  }

  setAppUserModelId(_id: string): void {}

  setDesktopName(_name: string): void {}

  setAboutPanelOptions(_options: Electron.AboutPanelOptionsOptions): void {}

  getApplicationNameForProtocol(_url: string): string {
    return "";
  }

  isAccessibilitySupportEnabled(): boolean {
    return false;
  }

  setLoginItemSettings(settings: Electron.Settings): void {
    this.#loginItem = settings;
  }

  getLoginItemSettings(): Electron.LoginItemSettings {
    return {
      openAtLogin: this.#loginItem.openAtLogin ?? false,
      wasOpenedAtLogin: false,
      status: this.#loginItem.openAtLogin === true ? "enabled" : "not-registered",
      executableWillLaunchAtLogin: this.#loginItem.openAtLogin ?? false,
      launchItems: [],
    };
  }

  #windowsClosed(): boolean {
    for (const window of [...windows]) {
      window.close();
      if (!window.isDestroyed()) return false;
    }
    return true;
  }

  #prevented(name: "before-quit" | "will-quit"): boolean {
    const event = new PreventableEvent();
    this.emit(name, event);
    return event.defaultPrevented;
  }

  #end(code: number): void {
    this.#ending = true;
    this.emit("quit", new PreventableEvent(), code);
    this.releaseSingleInstanceLock();
    // The script that called quit runs on to its end first, as under Electron.
    setImmediate(() => theHost().exit(code));
  }
}
knownEvents("app", App, [
  "will-finish-launching",
  "ready",
  "window-all-closed",
  "before-quit",
  "will-quit",
  "quit",
  "second-instance",
  "browser-window-created",
  "browser-window-focus",
  "browser-window-blur",
  "web-contents-created",
  "render-process-gone",
  // These never happen here: they are macOS's, or tell of processes that the stand-in does not have.
  "activate",
  "did-become-active",
  "open-file",
  "open-url",
  "child-process-gone",
  "gpu-info-update",
  "certificate-error",
  "select-client-certificate",
  "login",
]);
loudClass("app", App);

export const app = new App();
