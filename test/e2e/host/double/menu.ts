import { EventEmitter } from "node:events";
import { app } from "./app.ts";
import { BrowserWindow } from "./browser-window.ts";
import { knownEvents, loudClass } from "./loud.ts";

type Template = Electron.MenuItemConstructorOptions;

/** The labels that Electron gives to roles on Linux. Keys in lower case: a role may be written in any case. */
const roleLabels: Readonly<Record<string, string>> = {
  about: "About",
  close: "Close",
  copy: "Copy",
  cut: "Cut",
  delete: "Delete",
  editmenu: "Edit",
  filemenu: "File",
  forcereload: "Force Reload",
  front: "Bring All to Front",
  help: "Help",
  hide: "Hide",
  hideothers: "Hide Others",
  minimize: "Minimize",
  paste: "Paste",
  pasteandmatchstyle: "Paste and Match Style",
  quit: "Quit",
  redo: "Redo",
  reload: "Reload",
  resetzoom: "Actual Size",
  selectall: "Select All",
  services: "Services",
  toggledevtools: "Toggle Developer Tools",
  togglefullscreen: "Toggle Full Screen",
  undo: "Undo",
  unhide: "Show All",
  viewmenu: "View",
  window: "Window",
  windowmenu: "Window",
  zoom: "Zoom",
  zoomin: "Zoom In",
  zoomout: "Zoom Out",
};

let lastCommand = 0;

/** True when the role has done what a click means; roles of text fields and of macOS do nothing here. */
function actByRole(role: string | undefined): boolean {
  if (role === undefined) return false;
  const window = BrowserWindow.getFocusedWindow();
  switch (role.toLowerCase()) {
    case "quit":
      app.quit();
      break;
    case "close":
      window?.close();
      break;
    case "minimize":
      window?.minimize();
      break;
    case "reload":
    case "forcereload":
      window?.webContents.reload();
      break;
    default:
      break;
  }
  return true;
}

type ItemMembers = Pick<
  Electron.MenuItem,
  | "id"
  | "label"
  | "sublabel"
  | "toolTip"
  | "enabled"
  | "visible"
  | "checked"
  | "type"
  | "commandId"
  | "registerAccelerator"
>;

class MenuItem implements ItemMembers {
  readonly id: string;
  label: string;
  sublabel: string;
  toolTip: string;
  enabled: boolean;
  visible: boolean;
  checked: boolean;
  readonly type: ItemMembers["type"];
  readonly role: Template["role"];
  readonly accelerator: Template["accelerator"];
  readonly registerAccelerator: boolean;
  readonly icon: Template["icon"];
  readonly submenu: Menu | undefined;
  readonly commandId: number;
  readonly menu: Menu | undefined = undefined;
  /** Does what a click of the user does. Electron flips the mark of a checkbox before it calls the app. */
  readonly click: (...args: unknown[]) => void;

  constructor(options: Template) {
    const { role } = options;
    const type = options.type ?? (options.submenu === undefined ? "normal" : "submenu");
    if (type === "submenu" && options.submenu === undefined && role === undefined) throw new Error("Invalid submenu");
    lastCommand += 1;
    this.commandId = lastCommand;
    this.id = options.id ?? "";
    this.label = options.label ?? (role === undefined ? "" : (roleLabels[role.toLowerCase()] ?? unknownRole(role)));
    this.sublabel = options.sublabel ?? "";
    this.toolTip = options.toolTip ?? "";
    this.enabled = options.enabled ?? true;
    this.visible = options.visible ?? true;
    this.checked = options.checked ?? false;
    this.type = type;
    this.role = role;
    this.accelerator = options.accelerator;
    this.registerAccelerator = options.registerAccelerator ?? true;
    this.icon = options.icon;
    this.submenu = Array.isArray(options.submenu)
      ? Menu.buildFromTemplate(options.submenu)
      : (options.submenu as unknown as Menu | undefined);
    this.click = (event: unknown = {}, window?: unknown) => {
      if (this.type === "checkbox" || this.type === "radio") this.checked = !this.checked;
      if (actByRole(this.role)) return;
      options.click?.(
        this as unknown as Electron.MenuItem,
        window as Electron.BaseWindow | undefined,
        event as Electron.KeyboardEvent,
      );
    };
  }
}
loudClass("MenuItem", MenuItem);

const unknownRole = (role: string): never => {
  throw new Error(`Unknown role of a menu item: ${role}`);
};

type MenuMembers = "append" | "insert" | "getMenuItemById" | "popup" | "closePopup" | "items";

class Menu extends EventEmitter implements Record<MenuMembers, unknown> {
  static #application: Menu | null = null;
  readonly items: MenuItem[] = [];

  static buildFromTemplate(template: readonly (Template | MenuItem)[]): Menu {
    if (!Array.isArray(template)) throw new TypeError("Invalid template for Menu: Menu template must be an array");
    const menu = new Menu();
    for (const one of template as readonly (Template | MenuItem)[]) {
      if (typeof one !== "object" || one === null || !("label" in one || "role" in one || "type" in one))
        throw new TypeError("Invalid template for MenuItem: must have at least one of label, role or type");
      menu.append(one instanceof MenuItem ? one : new MenuItem(one));
    }
    return menu;
  }

  static setApplicationMenu(menu: Menu | null): void {
    Menu.#application = menu;
  }

  static getApplicationMenu(): Menu | null {
    return Menu.#application;
  }

  append(item: MenuItem): void {
    this.insert(this.items.length, item);
  }

  insert(at: number, item: MenuItem): void {
    this.items.splice(at, 0, item);
  }

  getMenuItemById(id: string): MenuItem | null {
    for (const item of this.items) {
      if (item.id === id) return item;
      const inside = item.submenu?.getMenuItemById(id);
      if (inside) return inside;
    }
    return null;
  }

  popup(_options?: Electron.PopupOptions): void {
    this.emit("menu-will-show", {});
  }

  closePopup(_window?: unknown): void {
    this.emit("menu-will-close", {});
  }
}
knownEvents("Menu", Menu, ["menu-will-show", "menu-will-close"]);
loudClass("Menu", Menu);

export { Menu, MenuItem };
