import { BrowserWindow, nativeTheme, screen, type WebContents } from "electron";
import { placeOf, windowDefaults } from "../store/window-place.ts";
import type { WindowStateStore } from "../store/window-state-store.ts";
import { startPage } from "./app-files.ts";
import { backgroundOf, closeAction, overlayOf, titleBarOf, type Platform } from "./window-look.ts";

/** A page that dies again within this is not loaded again, milliseconds. */
const crashLoopMs = 10_000;

export interface MainWindowPorts {
  readonly platform: Platform;
  /** Absolute path of the built preload script. */
  readonly preload: string;
  /** Absolute path of the icon, for systems that take it from the window. */
  readonly icon: string;
  /** Address of the development server; null shows the built page. */
  readonly devUrl: string | null;
  readonly devTools: boolean;
  readonly store: WindowStateStore;
  /** What closing the window depends on. */
  closing(): { readonly quitting: boolean; readonly setting: "tray" | "quit"; readonly hasTray: boolean };
  /** The window was closed and the user wants that to end the app. */
  quit(): void;
  /** Windows ends the session, of which it tells windows alone: some seconds are left. */
  sessionEnds(): void;
  /** The window was kept where it was, since nothing else could bring it back. */
  kept(): void;
  /** The page is gone or loads anew: what it had subscribed to is over. */
  pageGone(): void;
  /** The window was shown, hidden, minimised, or gained or lost the focus. */
  visibilityChanged(): void;
  log(message: string): void;
}

/** The one window. It is made when it is first shown and then kept loaded, so that showing it again takes no time. */
export class MainWindow {
  readonly #ports: MainWindowPorts;
  readonly #themeChanged = (): void => this.#applyTheme();
  #window: BrowserWindow | null = null;
  #closed = false;
  #crashedAt = Number.NEGATIVE_INFINITY;

  constructor(ports: MainWindowPorts) {
    this.#ports = ports;
    nativeTheme.on("updated", this.#themeChanged);
  }

  contents(): WebContents | null {
    return this.#window?.webContents ?? null;
  }

  /** The window for dialogs that belong to it; null while it is not on the screen. */
  get dialogParent(): BrowserWindow | null {
    return this.isVisible ? this.#window : null;
  }

  get isVisible(): boolean {
    return this.#window !== null && this.#window.isVisible() && !this.#window.isMinimized();
  }

  get isFocused(): boolean {
    return this.isVisible && this.#window?.isFocused() === true;
  }

  show(): void {
    // Another start of an app that is ending must not make a window that nothing answers.
    if (this.#closed) return;
    if (!this.#window) {
      this.#window = this.#create("show");
      return;
    }
    if (this.#window.isMinimized()) this.#window.restore();
    this.#window.show();
    this.#window.focus();
  }

  /** Makes the window without bringing it to the front; for a start without a window where no tray could bring it back. */
  showMinimized(): void {
    if (!this.#closed) this.#window ??= this.#create("minimize");
  }

  /** For the icon of a tray: hides the window where it is in front, else shows it. */
  toggle(): void {
    // A click on the icon takes the focus from the window before it arrives, so that visible has to be enough.
    if (this.isVisible) this.#window?.hide();
    else this.show();
  }

  /** As the user closes it. */
  requestClose(): void {
    this.#window?.close();
  }

  /** For good. Idempotent. */
  close(): void {
    this.#closed = true;
    nativeTheme.off("updated", this.#themeChanged);
    this.#window?.destroy();
    this.#window = null;
  }

  #create(then: "show" | "minimize"): BrowserWindow {
    const { platform, store } = this.#ports;
    const displays = [screen.getPrimaryDisplay(), ...screen.getAllDisplays()];
    const place = placeOf(
      store.current,
      displays.map(({ workArea }) => workArea),
    );
    const dark = nativeTheme.shouldUseDarkColors;
    const window = new BrowserWindow({
      ...place.bounds,
      minWidth: windowDefaults.smallestWidth,
      minHeight: windowDefaults.smallestHeight,
      show: false,
      title: "Culvert",
      backgroundColor: backgroundOf(dark),
      ...titleBarOf(platform, dark),
      ...(platform === "darwin" ? {} : { icon: this.#ports.icon }),
      webPreferences: {
        preload: this.#ports.preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webviewTag: false,
        navigateOnDragDrop: false,
        disableDialogs: true,
        spellcheck: false,
        devTools: this.#ports.devTools,
      },
    });
    if (place.maximised) window.maximize();
    window.once("ready-to-show", () => {
      if (then === "show") window.show();
      else if (!window.isVisible()) {
        // A window that was never shown has nothing to be minimised to.
        window.showInactive();
        window.minimize();
      }
    });
    this.#follow(window);
    this.#load(window);
    return window;
  }

  #load(window: BrowserWindow): void {
    window.loadURL(this.#ports.devUrl ?? startPage).catch((thrown: unknown) => {
      if (!window.isDestroyed()) this.#ports.log(`The page could not be loaded: ${String(thrown)}`);
    });
  }

  #follow(window: BrowserWindow): void {
    const { contents, ports } = { contents: window.webContents, ports: this.#ports };
    window.on("close", (event) => this.#closing(window, event));
    window.on("session-end", () => ports.sessionEnds());
    window.on("closed", () => {
      this.#window = null;
      ports.pageGone();
      ports.visibilityChanged();
    });
    for (const event of ["show", "hide", "minimize", "restore", "focus", "blur"] as const)
      window.on(event as "show", () => ports.visibilityChanged());
    for (const event of ["resize", "move", "maximize", "unmaximize"] as const)
      window.on(event as "resize", () => this.#note(window));
    // Before any script of the new page has run; a reload comes here too.
    contents.on("did-navigate", () => ports.pageGone());
    contents.on("render-process-gone", (_event, { reason }) => this.#pageDied(window, reason));
  }

  #closing(window: BrowserWindow, event: Electron.Event): void {
    const { platform } = this.#ports;
    const action = closeAction({ ...this.#ports.closing(), platform });
    if (action === "close") return;
    event.preventDefault();
    if (action === "quit") this.#ports.quit();
    else if (action === "minimize") {
      window.minimize();
      this.#ports.kept();
    } else if (window.isFullScreen()) {
      // Hiding a window in full screen leaves a black screen behind on macOS.
      window.once("leave-full-screen", () => window.hide());
      window.setFullScreen(false);
    } else window.hide();
  }

  #pageDied(window: BrowserWindow, reason: string): void {
    this.#ports.pageGone();
    if (reason === "clean-exit" || window.isDestroyed()) return;
    this.#ports.log(`The page ended (${reason}).`);
    const now = performance.now();
    const again = now - this.#crashedAt < crashLoopMs;
    this.#crashedAt = now;
    // The next showing makes a new window.
    if (again) window.destroy();
    else this.#load(window);
  }

  #note(window: BrowserWindow): void {
    if (window.isDestroyed() || window.isMinimized() || window.isFullScreen()) return;
    const { store } = this.#ports;
    const listWidth = store.current?.listWidth ?? windowDefaults.listWidth;
    store.note({ bounds: window.getNormalBounds(), maximised: window.isMaximized(), listWidth });
  }

  #applyTheme(): void {
    const window = this.#window;
    if (!window || window.isDestroyed()) return;
    const dark = nativeTheme.shouldUseDarkColors;
    window.setBackgroundColor(backgroundOf(dark));
    if (this.#ports.platform === "win32") window.setTitleBarOverlay(overlayOf(dark));
  }
}
