// Types only: this file is handed to Electron as a plain CommonJS script, stripped of its types.
import type * as Electron from "electron";
import type { AskedDialog, DialogAnswer, MenuEntry, Recording, TrayLook } from "./recording.ts";

/**
 * Runs in the main process before the app, in Electron and in the stand-in alike. It notes what the app shows outside its
 * window, and answers dialogs in place of a person.
 */
const { createRequire } = process.getBuiltinModule("node:module");
const electron = createRequire(__filename)("electron") as typeof Electron;

const trays = new Map<Electron.Tray, { tooltip: string; image: string | null; menu: Electron.Menu | null }>();
const shown: { notification: Electron.Notification; closed: boolean }[] = [];
const answers: DialogAnswer[] = [];
const asked: AskedDialog[] = [];
const waiting: (() => void)[] = [];
const opened: string[] = [];
const shownPaths: string[] = [];
const files = new WeakMap<object, string>();

/** The picture that was loaded last. */
let loaded: string | null = null;

const nameOf = (file: string): string => file.split(/[\\/]/).at(-1) ?? file;

const createFromPath = electron.nativeImage.createFromPath.bind(electron.nativeImage);
electron.nativeImage.createFromPath = (file) => {
  const image = createFromPath(file);
  loaded = image.isEmpty() ? null : nameOf(file);
  if (loaded !== null) files.set(image, loaded);
  return image;
};
const nameOfImage = (image: Electron.NativeImage | string): string | null =>
  typeof image === "string" ? nameOf(image) : (files.get(image) ?? null);

// Constructors cannot be watched: what a tray was made with is the picture that was loaded before it was first told something.
const lookOf = (tray: Electron.Tray): { tooltip: string; image: string | null; menu: Electron.Menu | null } => {
  const known = trays.get(tray) ?? { tooltip: "", image: loaded, menu: null };
  trays.set(tray, known);
  return known;
};
/** Notes what a tray is told before the tray itself hears it. */
function noteTray<T>(
  name: "setContextMenu" | "setToolTip" | "setImage" | "destroy",
  note: (tray: Electron.Tray, value: T) => void,
): void {
  const original = Reflect.get(electron.Tray.prototype, name) as (value: T) => void;
  Reflect.set(electron.Tray.prototype, name, function (this: Electron.Tray, value: T) {
    note(this, value);
    original.call(this, value);
  });
}
noteTray<Electron.Menu | null>("setContextMenu", (tray, menu) => (lookOf(tray).menu = menu));
noteTray<string>("setToolTip", (tray, text) => (lookOf(tray).tooltip = text));
noteTray<Electron.NativeImage | string>("setImage", (tray, image) => (lookOf(tray).image = nameOfImage(image)));
noteTray("destroy", (tray) => void trays.delete(tray));

electron.Notification.prototype.show = function () {
  shown.push({ notification: this, closed: false });
  this.emit("show", {});
};
electron.Notification.prototype.close = function () {
  const entry = shown.find(({ notification }) => notification === this);
  if (entry) entry.closed = true;
  this.emit("close", {});
};

electron.shell.openExternal = (url) => {
  opened.push(url);
  return Promise.resolve();
};
electron.shell.openPath = (file) => {
  shownPaths.push(file);
  return Promise.resolve("");
};
electron.shell.showItemInFolder = (file) => void shownPaths.push(file);

/** Resolves when a test has scripted an answer, or the app takes the question back. */
function answerTo(question: AskedDialog, signal?: AbortSignal): Promise<DialogAnswer> {
  asked.push(question);
  return new Promise((resolve) => {
    const look = (): void => {
      const answer = signal?.aborted === true ? ({ kind: "cancel" } as const) : answers.shift();
      if (answer) resolve(answer);
      else waiting.push(look);
    };
    signal?.addEventListener("abort", look);
    look();
  });
}

const optionsOf = <T extends object>(args: readonly unknown[]): T => (args.at(-1) ?? {}) as T;

electron.dialog.showMessageBox = async (...args: unknown[]) => {
  const options = optionsOf<Electron.MessageBoxOptions>(args);
  const buttons = options.buttons ?? ["OK"];
  const { message, detail = "", type = "none", signal } = options;
  const answer = await answerTo({ kind: "message", type, message, detail, buttons }, signal);
  const response = answer.kind === "button" ? buttons.indexOf(answer.label) : (options.cancelId ?? 0);
  if (response < 0) throw new Error(`No such button: ${JSON.stringify(answer)} of ${JSON.stringify(buttons)}`);
  return { response, checkboxChecked: false };
};
electron.dialog.showMessageBoxSync = (...args: unknown[]) => {
  const {
    buttons = ["OK"],
    message,
    detail = "",
    type = "none",
    cancelId = 0,
  } = optionsOf<Electron.MessageBoxSyncOptions>(args);
  asked.push({ kind: "message", type, message, detail, buttons });
  const answer = answers.shift();
  if (!answer) throw new Error(`The app waits for an answer to "${message}": script it before it is asked`);
  return answer.kind === "button" ? buttons.indexOf(answer.label) : cancelId;
};
electron.dialog.showErrorBox = (title, content) => {
  asked.push({ kind: "error", type: "error", message: title, detail: content, buttons: [] });
};
electron.dialog.showOpenDialog = async (...args: unknown[]) => {
  const { title = "", message = title } = optionsOf<Electron.OpenDialogOptions>(args);
  const answer = await answerTo({ kind: "open", type: "none", message, detail: "", buttons: [] });
  return answer.kind === "file" ? { canceled: false, filePaths: [answer.path] } : { canceled: true, filePaths: [] };
};
electron.dialog.showSaveDialog = async (...args: unknown[]) => {
  const { title = "", message = title, defaultPath = "" } = optionsOf<Electron.SaveDialogOptions>(args);
  const answer = await answerTo({ kind: "save", type: "none", message, detail: defaultPath, buttons: [] });
  return answer.kind === "file" ? { canceled: false, filePath: answer.path } : { canceled: true, filePath: "" };
};

const entryOf = (item: Electron.MenuItem): MenuEntry => ({
  label: item.label,
  type: item.type,
  enabled: item.enabled,
  checked: item.checked,
  ...(item.submenu ? { items: entriesOf(item.submenu) } : {}),
});
const entriesOf = (menu: Electron.Menu): MenuEntry[] => menu.items.filter((item) => item.visible).map(entryOf);

function clickIn(menu: Electron.Menu | null, path: readonly string[]): void {
  let items = menu?.items ?? [];
  for (const [at, label] of path.entries()) {
    const item = items.find((one) => one.visible && one.label === label);
    if (!item) throw new Error(`The menu has no "${label}", but ${JSON.stringify(items.map((one) => one.label))}`);
    if (!item.enabled) throw new Error(`"${label}" cannot be clicked: it is disabled`);
    if (at === path.length - 1) Reflect.apply(item.click, item, []);
    else items = item.submenu?.items ?? [];
  }
}

const newestTray = (): [Electron.Tray, { tooltip: string; image: string | null; menu: Electron.Menu | null }] | null =>
  [...trays].at(-1) ?? null;

const recording: Recording = {
  tray: (): TrayLook | null => {
    const look = newestTray()?.[1];
    return look ? { tooltip: look.tooltip, image: look.image, items: look.menu ? entriesOf(look.menu) : [] } : null;
  },
  clickTray: (path) => clickIn(newestTray()?.[1].menu ?? null, path),
  clickTrayIcon: () => {
    const [tray] = newestTray() ?? [];
    if (!tray) throw new Error("There is no tray icon");
    tray.emit("click", {}, { x: 0, y: 0, width: 0, height: 0 }, { x: 0, y: 0 });
  },
  applicationMenu: () => {
    const menu = electron.Menu.getApplicationMenu();
    return menu ? entriesOf(menu) : [];
  },
  clickApplicationMenu: (path) => clickIn(electron.Menu.getApplicationMenu(), path),
  answer: (answer) => {
    answers.push(answer);
    waiting.shift()?.();
  },
  asked: () => asked,
  notifications: () =>
    shown.map(({ notification, closed }) => ({ title: notification.title, body: notification.body, closed })),
  clickNotification: (at) => {
    const entry = shown.at(at);
    if (!entry) throw new Error(`There are ${shown.length} notifications only`);
    entry.notification.emit("click", {});
  },
  opened: () => opened,
  shownPaths: () => shownPaths,
};
Object.assign(globalThis, { culvertRecording: recording });
