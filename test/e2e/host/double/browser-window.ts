import { EventEmitter } from "node:events";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { app } from "./app.ts";
import { theHost } from "./host.ts";
import { knownEvents, loudClass } from "./loud.ts";
import { PreventableEvent } from "./preventable.ts";
import { allContents, windows } from "./registry.ts";
import { WebContents } from "./web-contents.ts";

type Options = Electron.BrowserWindowConstructorOptions;

/** What would make a page of the app more than a page. The stand-in has no such pages, and the app must not have any either. */
function checkPreferences(preferences: Electron.WebPreferences): void {
  const unsafe = Object.entries({
    nodeIntegration: true,
    nodeIntegrationInWorker: true,
    nodeIntegrationInSubFrames: true,
    webviewTag: true,
    allowRunningInsecureContent: true,
    contextIsolation: false,
    sandbox: false,
    webSecurity: false,
  }).filter(([name, value]) => preferences[name as keyof Electron.WebPreferences] === value);
  if (unsafe.length > 0)
    throw new Error(
      `The stand-in runs only sandboxed pages: ${unsafe.map(([name, value]) => `${name}: ${value}`).join(", ")}`,
    );
}

type Members = Pick<
  Electron.BrowserWindow,
  | "id"
  | "loadURL"
  | "loadFile"
  | "show"
  | "showInactive"
  | "hide"
  | "focus"
  | "blur"
  | "minimize"
  | "restore"
  | "maximize"
  | "unmaximize"
  | "setFullScreen"
  | "close"
  | "destroy"
  | "isVisible"
  | "isFocused"
  | "isMinimized"
  | "isMaximized"
  | "isFullScreen"
  | "isDestroyed"
  | "getBounds"
  | "getNormalBounds"
  | "setBounds"
  | "getSize"
  | "setSize"
  | "getPosition"
  | "setPosition"
  | "setMinimumSize"
  | "center"
  | "setTitle"
  | "getTitle"
  | "setMenu"
  | "removeMenu"
  | "setMenuBarVisibility"
  | "setAutoHideMenuBar"
  | "setBackgroundColor"
  | "getBackgroundColor"
  | "setTitleBarOverlay"
  | "setSkipTaskbar"
  | "setIcon"
  | "flashFrame"
  | "setProgressBar"
  | "moveTop"
>;

let last = 0;

/** A window that nobody sees: its state is kept here, its page is a page of the headless Chromium. */
export class BrowserWindow extends EventEmitter implements Members {
  static #focused: BrowserWindow | null = null;
  readonly id: number;
  readonly webContents: WebContents;
  #bounds: Electron.Rectangle;
  #least: readonly [number, number];
  #visible: boolean;
  #form: "normal" | "minimized" | "maximized" | "full-screen" = "normal";
  #destroyed = false;
  #painted = false;
  #title: string;
  #background: string;

  constructor(options: Options = {}) {
    super();
    if (!app.isReady()) throw new Error("Cannot create BrowserWindow before app is ready");
    checkPreferences(options.webPreferences ?? {});
    last += 1;
    this.id = last;
    this.#bounds = {
      x: options.x ?? 560,
      y: options.y ?? 224,
      width: options.width ?? 800,
      height: options.height ?? 600,
    };
    this.#least = [options.minWidth ?? 0, options.minHeight ?? 0];
    this.#visible = options.show !== false;
    this.#title = options.title ?? app.getName();
    this.#background = options.backgroundColor ?? "#FFFFFF";
    windows.add(this);
    this.webContents = new WebContents(this, options.webPreferences ?? {});
    allContents.add(this.webContents);
    if (this.#visible) this.focus();
    app.emit("browser-window-created", {}, this);
    app.emit("web-contents-created", {}, this.webContents);
  }

  static getAllWindows(): BrowserWindow[] {
    return [...windows];
  }

  static getFocusedWindow(): BrowserWindow | null {
    return BrowserWindow.#focused;
  }

  static fromWebContents(contents: WebContents): BrowserWindow | null {
    return [...windows].find((window) => window.webContents === contents) ?? null;
  }

  static fromId(id: number): BrowserWindow | null {
    return [...windows].find((window) => window.id === id) ?? null;
  }

  loadURL(url: string): Promise<void> {
    return this.webContents.loadURL(url);
  }

  loadFile(file: string): Promise<void> {
    return this.loadURL(pathToFileURL(path.resolve(theHost().appPath, file)).href);
  }

  show(): void {
    this.showInactive();
    this.focus();
  }

  showInactive(): void {
    this.#live();
    if (this.#form === "minimized") this.restore();
    if (this.#visible) return;
    this.#visible = true;
    this.emit("show");
  }

  hide(): void {
    this.#live();
    if (!this.#visible) return;
    this.#visible = false;
    this.blur();
    this.emit("hide");
  }

  focus(): void {
    this.#live();
    if (!this.isVisible() || this.#form === "minimized" || BrowserWindow.#focused === this) return;
    BrowserWindow.#focused?.blur();
    BrowserWindow.#focused = this;
    this.emit("focus");
    app.emit("browser-window-focus", {}, this);
  }

  blur(): void {
    if (BrowserWindow.#focused !== this) return;
    BrowserWindow.#focused = null;
    this.emit("blur");
    app.emit("browser-window-blur", {}, this);
  }

  moveTop(): void {}

  minimize(): void {
    this.#live();
    if (this.#form === "minimized") return;
    this.#form = "minimized";
    this.blur();
    this.emit("minimize");
  }

  restore(): void {
    this.#live();
    if (this.#form !== "minimized") return;
    this.#form = "normal";
    this.emit("restore");
  }

  maximize(): void {
    this.#live();
    if (this.#form === "maximized") return;
    this.#form = "maximized";
    this.emit("maximize");
  }

  unmaximize(): void {
    this.#live();
    if (this.#form !== "maximized") return;
    this.#form = "normal";
    this.emit("unmaximize");
  }

  setFullScreen(on: boolean): void {
    this.#live();
    if (on === (this.#form === "full-screen")) return;
    this.#form = on ? "full-screen" : "normal";
    this.emit(on ? "enter-full-screen" : "leave-full-screen");
  }

  /** Asks: listeners of "close" may keep the window. */
  close(): void {
    if (this.#destroyed) return;
    const event = new PreventableEvent();
    this.emit("close", event);
    if (!event.defaultPrevented) this.destroy();
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.blur();
    this.#destroyed = true;
    this.#visible = false;
    windows.delete(this);
    allContents.delete(this.webContents);
    this.webContents.destroy();
    this.emit("closed");
    if (windows.size === 0) app.lastWindowClosed();
  }

  isVisible(): boolean {
    this.#live();
    return this.#visible;
  }

  isFocused(): boolean {
    return BrowserWindow.#focused === this;
  }

  isMinimized(): boolean {
    return this.#form === "minimized";
  }

  isMaximized(): boolean {
    return this.#form === "maximized";
  }

  isFullScreen(): boolean {
    return this.#form === "full-screen";
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }

  getBounds(): Electron.Rectangle {
    return { ...this.#bounds };
  }

  getNormalBounds(): Electron.Rectangle {
    return { ...this.#bounds };
  }

  setBounds(bounds: Partial<Electron.Rectangle>): void {
    this.#live();
    const before = this.#bounds;
    const [width, height] = this.#least;
    const next = { ...before, ...bounds };
    this.#bounds = { ...next, width: Math.max(next.width, width), height: Math.max(next.height, height) };
    if (this.#bounds.width !== before.width || this.#bounds.height !== before.height) {
      this.webContents.resize(this.#bounds);
      this.emit("resize");
      this.emit("resized");
    }
    if (this.#bounds.x !== before.x || this.#bounds.y !== before.y) {
      this.emit("move");
      this.emit("moved");
    }
  }

  getSize(): number[] {
    return [this.#bounds.width, this.#bounds.height];
  }

  setSize(width: number, height: number): void {
    this.setBounds({ width, height });
  }

  getPosition(): number[] {
    return [this.#bounds.x, this.#bounds.y];
  }

  setPosition(x: number, y: number): void {
    this.setBounds({ x, y });
  }

  setMinimumSize(width: number, height: number): void {
    this.#least = [width, height];
  }

  center(): void {}

  setTitle(title: string): void {
    this.#title = title;
  }

  getTitle(): string {
    return this.#title;
  }

  setMenu(_menu: unknown): void {}

  removeMenu(): void {}

  setMenuBarVisibility(_visible: boolean): void {}

  setAutoHideMenuBar(_hide: boolean): void {}

  setBackgroundColor(color: string): void {
    this.#live();
    this.#background = color;
  }

  getBackgroundColor(): string {
    return this.#background;
  }

  setTitleBarOverlay(_options: Electron.TitleBarOverlayOptions): void {
    this.#live();
  }

  setSkipTaskbar(_skip: boolean): void {}

  setIcon(_icon: unknown): void {}

  flashFrame(_flash: boolean): void {}

  setProgressBar(_progress: number): void {}

  /** For WebContents: there is something to see. */
  painted(): void {
    if (this.#painted || this.#destroyed) return;
    this.#painted = true;
    this.emit("ready-to-show");
  }

  #live(): void {
    if (this.#destroyed) throw new TypeError("Object has been destroyed");
  }
}
knownEvents("BrowserWindow", BrowserWindow, [
  "show",
  "hide",
  "focus",
  "blur",
  "minimize",
  "restore",
  "maximize",
  "unmaximize",
  "enter-full-screen",
  "leave-full-screen",
  "resize",
  "resized",
  "move",
  "moved",
  "close",
  "closed",
  "ready-to-show",
  // These never happen here: nobody drags a window, no page hangs, and the session of the desktop does not end.
  "will-resize",
  "will-move",
  "page-title-updated",
  "unresponsive",
  "responsive",
  "session-end",
  "query-session-end",
  "system-context-menu",
]);
loudClass("BrowserWindow", BrowserWindow);
