import { EventEmitter } from "node:events";
import { knownEvents, loud, loudClass } from "./loud.ts";
import { nativeImage } from "./native-image.ts";
import type { Menu } from "./menu.ts";

type TrayMembers = Pick<
  Electron.Tray,
  | "setToolTip"
  | "setTitle"
  | "getTitle"
  | "setImage"
  | "setPressedImage"
  | "destroy"
  | "isDestroyed"
  | "getBounds"
  | "setIgnoreDoubleClickEvents"
>;

/** An icon in a tray that nobody sees; the recorder of the tests looks at what it is told. */
export class Tray extends EventEmitter implements TrayMembers {
  #destroyed = false;
  #title = "";

  constructor(image: Electron.NativeImage | string) {
    super();
    this.setImage(image);
  }

  setImage(image: Electron.NativeImage | string): void {
    this.#live();
    if (typeof image === "string" && nativeImage.createFromPath(image).isEmpty())
      throw new Error(`Failed to load image from path '${image}'`);
  }

  setPressedImage(_image: Electron.NativeImage | string): void {
    this.#live();
  }

  setToolTip(_text: string): void {
    this.#live();
  }

  setTitle(title: string): void {
    this.#live();
    this.#title = title;
  }

  getTitle(): string {
    return this.#title;
  }

  setContextMenu(_menu: Menu | null): void {
    this.#live();
  }

  popUpContextMenu(_menu?: Menu, _position?: Electron.Point): void {
    this.#live();
  }

  setIgnoreDoubleClickEvents(_ignore: boolean): void {
    this.#live();
  }

  getBounds(): Electron.Rectangle {
    return { x: 0, y: 0, width: 0, height: 0 };
  }

  destroy(): void {
    this.#destroyed = true;
  }

  isDestroyed(): boolean {
    return this.#destroyed;
  }

  #live(): void {
    if (this.#destroyed) throw new TypeError("Object has been destroyed");
  }
}
knownEvents("Tray", Tray, ["click", "right-click", "double-click", "middle-click"]);
loudClass("Tray", Tray);

type NotificationMembers = Pick<
  Electron.Notification,
  "title" | "subtitle" | "body" | "silent" | "show" | "close" | "urgency" | "actions" | "replyPlaceholder" | "hasReply"
>;

export class Notification extends EventEmitter implements NotificationMembers {
  title: string;
  subtitle: string;
  body: string;
  silent: boolean;
  urgency: "normal" | "critical" | "low";
  actions: Electron.NotificationAction[];
  replyPlaceholder: string;
  hasReply: boolean;

  constructor(options: Electron.NotificationConstructorOptions = {}) {
    super();
    this.title = options.title ?? "";
    this.subtitle = options.subtitle ?? "";
    this.body = options.body ?? "";
    this.silent = options.silent ?? false;
    this.urgency = options.urgency ?? "normal";
    this.actions = options.actions ?? [];
    this.replyPlaceholder = options.replyPlaceholder ?? "";
    this.hasReply = options.hasReply ?? false;
  }

  static isSupported(): boolean {
    return true;
  }

  show(): void {
    this.emit("show", {});
  }

  close(): void {
    this.emit("close", {});
  }
}
knownEvents("Notification", Notification, ["show", "click", "close", "reply", "action", "failed"]);
loudClass("Notification", Notification);

/** Nobody sits in front of the stand-in: a test that expects a dialog scripts it through the recorder. */
const nobody = (name: string) => (): never => {
  throw new Error(`dialog.${name}: no recorder was loaded, so nobody could answer`);
};

export const dialog = loud("dialog", {
  showMessageBox: nobody("showMessageBox"),
  showMessageBoxSync: nobody("showMessageBoxSync"),
  showOpenDialog: nobody("showOpenDialog"),
  showOpenDialogSync: nobody("showOpenDialogSync"),
  showSaveDialog: nobody("showSaveDialog"),
  showSaveDialogSync: nobody("showSaveDialogSync"),
  showErrorBox: nobody("showErrorBox"),
} satisfies Partial<Electron.Dialog>);

const notRecorded = (name: string) => (): never => {
  throw new Error(`shell.${name}: no recorder was loaded, and the stand-in opens nothing`);
};

export const shell = loud("shell", {
  openExternal: notRecorded("openExternal"),
  openPath: notRecorded("openPath"),
  showItemInFolder: notRecorded("showItemInFolder"),
  beep: () => undefined,
} satisfies Partial<Electron.Shell>);

let copied = "";

/** A clipboard of its own: two apps in a test never meet on it. */
export const clipboard = loud("clipboard", {
  writeText: (text: string) => {
    copied = text;
    return Promise.resolve();
  },
  readText: () => Promise.resolve(copied),
  clear: () => {
    copied = "";
  },
} satisfies Partial<Electron.Clipboard>);

const display = {
  id: 1,
  label: "stand-in",
  bounds: { x: 0, y: 0, width: 1920, height: 1080 },
  workArea: { x: 0, y: 32, width: 1920, height: 1048 },
  size: { width: 1920, height: 1080 },
  workAreaSize: { width: 1920, height: 1048 },
  scaleFactor: 1,
  rotation: 0,
} as Electron.Display;

class Screen
  extends EventEmitter
  implements
    Pick<
      Electron.Screen,
      "getPrimaryDisplay" | "getAllDisplays" | "getDisplayMatching" | "getDisplayNearestPoint" | "getCursorScreenPoint"
    >
{
  getPrimaryDisplay(): Electron.Display {
    return display;
  }

  getAllDisplays(): Electron.Display[] {
    return [display];
  }

  getDisplayMatching(_area: Electron.Rectangle): Electron.Display {
    return display;
  }

  getDisplayNearestPoint(_point: Electron.Point): Electron.Display {
    return display;
  }

  getCursorScreenPoint(): Electron.Point {
    return { x: 0, y: 0 };
  }
}
knownEvents("screen", Screen, ["display-added", "display-removed", "display-metrics-changed"]);
loudClass("screen", Screen);
export const screen = new Screen();

class PowerMonitor
  extends EventEmitter
  implements
    Pick<Electron.PowerMonitor, "onBatteryPower" | "isOnBatteryPower" | "getSystemIdleTime" | "getSystemIdleState">
{
  readonly onBatteryPower = false;

  isOnBatteryPower(): boolean {
    return false;
  }

  getSystemIdleTime(): number {
    return 0;
  }

  getSystemIdleState(_threshold: number): "active" {
    return "active";
  }
}
knownEvents("powerMonitor", PowerMonitor, [
  "suspend",
  "resume",
  "on-ac",
  "on-battery",
  "shutdown",
  "lock-screen",
  "unlock-screen",
]);
loudClass("powerMonitor", PowerMonitor);
export const powerMonitor = new PowerMonitor();

const shortcuts = new Map<string, () => void>();

export const globalShortcut = loud("globalShortcut", {
  register: (keys: Electron.Accelerator, act: () => void) => {
    if (shortcuts.has(String(keys))) return false;
    shortcuts.set(String(keys), act);
    return true;
  },
  isRegistered: (keys: Electron.Accelerator) => shortcuts.has(String(keys)),
  unregister: (keys: Electron.Accelerator) => void shortcuts.delete(String(keys)),
  unregisterAll: () => shortcuts.clear(),
} satisfies Partial<Electron.GlobalShortcut>);
