import path from "node:path";
import { Menu, nativeImage, nativeTheme, Tray, type MenuItemConstructorOptions } from "electron";
import type { Platform } from "../window/window-look.ts";
import { trayIconOf, trayMenu, trayTooltip, type TrayAction, type TrayEntry, type TrayState } from "./tray-menu.ts";

/** The menu is rebuilt no more often than this, milliseconds. */
const rebuildMs = 250;

export interface TrayPorts {
  readonly platform: Platform;
  /** Absolute path of the folder with the pictures. */
  readonly images: string;
  state(): TrayState;
  act(action: TrayAction): void;
  /** A left click where that is not the menu's. */
  clicked(): void;
}

/** Applies the tray menu to the system's tray. */
export class AppTray {
  readonly #ports: TrayPorts;
  readonly #tray: Tray;
  readonly #themeChanged = (): void => this.#draw();
  #timer: NodeJS.Timeout | null = null;
  /** Monotonic milliseconds. */
  #drawnAt = Number.NEGATIVE_INFINITY;
  /** The file of the picture. */
  #drawn = "";
  #menu = "";

  constructor(ports: TrayPorts) {
    this.#ports = ports;
    this.#tray = new Tray(this.#image());
    // Where a click opens the menu it is built at that moment, so that it never changes while it is open.
    if (ports.platform === "darwin") {
      for (const event of ["click", "right-click"] as const) this.#tray.on(event as "click", () => this.#popUp());
    } else this.#tray.on("click", () => ports.clicked());
    nativeTheme.on("updated", this.#themeChanged);
    this.#draw();
  }

  /** Something that the tray may show has changed. */
  changed(): void {
    const wait = Math.max(0, this.#drawnAt + rebuildMs - performance.now());
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#draw();
    }, wait);
  }

  /** Takes the icon away. Idempotent. */
  close(): void {
    if (this.#timer) clearTimeout(this.#timer);
    nativeTheme.off("updated", this.#themeChanged);
    if (!this.#tray.isDestroyed()) this.#tray.destroy();
  }

  #popUp(): void {
    this.#tray.popUpContextMenu(this.#build(trayMenu(this.#ports.state(), this.#ports.platform)));
  }

  #draw(): void {
    if (this.#tray.isDestroyed()) return;
    this.#drawnAt = performance.now();
    const state = this.#ports.state();
    const file = this.#imageFile(state);
    if (file !== this.#drawn) this.#tray.setImage(this.#image(state));
    this.#tray.setToolTip(trayTooltip(state));
    if (this.#ports.platform === "darwin") return;
    const entries = trayMenu(state, this.#ports.platform);
    // A menu that is set anew closes where it is open, so it is only set where it differs.
    const menu = JSON.stringify(entries);
    if (menu === this.#menu) return;
    this.#menu = menu;
    this.#tray.setContextMenu(this.#build(entries));
  }

  #build(entries: readonly TrayEntry[]): Menu {
    return Menu.buildFromTemplate(entries.map((entry) => this.#item(entry)));
  }

  #item(entry: TrayEntry): MenuItemConstructorOptions {
    const act = (action: TrayAction) => () => this.#ports.act(action);
    switch (entry.kind) {
      case "separator":
        return { type: "separator" };
      case "text":
        return { label: entry.label, enabled: false };
      case "submenu":
        return { label: entry.label, submenu: entry.entries.map((inner) => this.#item(inner)) };
      case "check":
        return { type: "checkbox", label: entry.label, checked: entry.checked, click: () => this.#check(entry.action) };
      case "action":
        return {
          label: entry.label,
          enabled: entry.enabled ?? true,
          click: act(entry.action),
          ...(entry.keys === undefined ? {} : { accelerator: entry.keys, registerAccelerator: false }),
        };
    }
  }

  /** The system flips the tick by itself; the next drawing puts it back to what is true. */
  #check(action: TrayAction): void {
    this.#menu = "";
    this.#ports.act(action);
    this.changed();
  }

  #image(state = this.#ports.state()): Electron.NativeImage {
    this.#drawn = this.#imageFile(state);
    return nativeImage.createFromPath(this.#drawn);
  }

  #imageFile(state: TrayState): string {
    const icon = trayIconOf(state);
    return path.join(this.#ports.images, `${icon}${this.#variant()}.png`);
  }

  #variant(): string {
    switch (this.#ports.platform) {
      case "darwin":
        return "Template";
      case "win32":
        // The task bar has a theme of its own.
        return nativeTheme.shouldUseDarkColorsForSystemIntegratedUI ? "-dark" : "-light";
      case "linux":
        return nativeTheme.shouldUseDarkColors ? "-dark" : "-light";
    }
  }
}
