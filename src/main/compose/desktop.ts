import { clipboard, dialog, globalShortcut, nativeTheme, shell, type BrowserWindow } from "electron";
import { openerOf, openWith } from "../../engine/index.ts";
import { AppError } from "../../shared/errors.ts";
import type { Settings } from "../../shared/model/settings.ts";
import type { Desktop, FilePurpose, Question } from "../calls/context.ts";
import type { Platform } from "../window/window-look.ts";
import { OneAtATime } from "./one-at-a-time.ts";

export interface DesktopPorts {
  readonly platform: Platform;
  /** The window that dialogs belong to. */
  dialogParent(): BrowserWindow | null;
  openPalette(): void;
  setLogLevel(level: Settings["logLevel"]): void;
  /** @throws AppError where the system does not do it. */
  startAtSignIn(on: boolean): void;
  quit(): void;
}

/** How long the system may take to hand over a URL, milliseconds. */
const openMs = 10_000;

const fileTitles: Readonly<Record<FilePurpose, string>> = {
  ca: "Choose a CA certificate",
  certificate: "Choose a client certificate",
  key: "Choose a private key",
  token: "Choose a token file",
};

/** The desktop as the calls use it. */
export class ElectronDesktop implements Desktop {
  readonly #ports: DesktopPorts;
  readonly #dialogs = new OneAtATime();

  constructor(ports: DesktopPorts) {
    this.#ports = ports;
  }

  async copyText(text: string): Promise<void> {
    await clipboard.writeText(text);
  }

  async chooseFile(purpose: FilePurpose): Promise<string | null> {
    const parent = this.#parent();
    const pem = { name: "PEM files", extensions: ["pem", "crt", "cer", "der", "key"] };
    const certificate = { name: "Certificates", extensions: [...pem.extensions, "p12", "pfx"] };
    const all = { name: "All files", extensions: ["*"] };
    const options: Electron.OpenDialogOptions = {
      title: fileTitles[purpose],
      properties: ["openFile", "showHiddenFiles"],
      filters: purpose === "token" ? [all] : [purpose === "ca" ? pem : certificate, all],
    };
    const { canceled, filePaths } = await this.#dialogs.run(() => dialog.showOpenDialog(parent, options));
    return canceled ? null : (filePaths[0] ?? null);
  }

  async choosePlaceToSave(suggestedName: string): Promise<string | null> {
    const parent = this.#parent();
    const { canceled, filePath } = await this.#dialogs.run(() =>
      dialog.showSaveDialog(parent, { defaultPath: suggestedName }),
    );
    return canceled || filePath === "" ? null : filePath;
  }

  /** Asks before something that cannot be undone, also while another dialog is open; true for going on. */
  ask(message: string, goOn: string): Promise<boolean> {
    return this.#ask({ type: "question", message, buttons: ["Cancel", goOn], defaultId: 1 });
  }

  async confirm({ message, detail, goOn }: Question): Promise<boolean> {
    this.#parent();
    return await this.#dialogs.run(() =>
      this.#ask({ type: "warning", message, detail, buttons: ["Cancel", goOn], defaultId: 0 }),
    );
  }

  /** What the page asks for belongs to a window that somebody sees; else nobody can have asked for it. */
  #parent(): BrowserWindow {
    const parent = this.#ports.dialogParent();
    if (!parent) throw new AppError("request-refused", "Culvert's window is not open.");
    return parent;
  }

  async #ask(question: Electron.MessageBoxOptions): Promise<boolean> {
    const parent = this.#ports.dialogParent();
    const options = { ...question, cancelId: 0, noLink: true };
    const { response } = await (parent ? dialog.showMessageBox(parent, options) : dialog.showMessageBox(options));
    return response === 1;
  }

  async openFolder(folder: string): Promise<void> {
    const problem = await shell.openPath(folder);
    if (problem !== "") throw new AppError("file-unreadable", `The folder could not be opened: ${problem}.`);
  }

  showFile(file: string): void {
    shell.showItemInFolder(file);
  }

  /** Opens a checked sign-in URL. @param command the user's own browser command, or "". */
  async openUrl(command: string, url: string, signal: AbortSignal): Promise<void> {
    if (command.trim() !== "") {
      await openWith(openerOf(command, process.platform, process.env), url, signal);
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error("late")), openMs);
    });
    try {
      await Promise.race([shell.openExternal(url), late]);
    } catch {
      // What the system says may hold the URL, so it is not passed on.
      throw new AppError("sign-in-failed", "Culvert could not open your browser.", {
        userAction: "Copy the link and open it yourself.",
        retryable: true,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  quit(): void {
    this.#ports.quit();
  }

  applySettings(settings: Settings, before: Settings): void {
    // First what cannot fail: at the start a shortcut that another program has must not cost the theme.
    if (settings.theme !== nativeTheme.themeSource) nativeTheme.themeSource = settings.theme;
    this.#ports.setLogLevel(settings.logLevel);
    if (settings.startAtSignIn !== before.startAtSignIn) this.#ports.startAtSignIn(settings.startAtSignIn);
    if (settings.paletteShortcut !== before.paletteShortcut) this.#applyShortcut(settings, before);
  }

  #applyShortcut({ paletteShortcut: wanted }: Settings, { paletteShortcut: before }: Settings): void {
    const register = (keys: string): boolean => {
      try {
        return keys === "" || globalShortcut.register(keys, () => this.#ports.openPalette());
      } catch {
        throw new AppError("setting-invalid", `${keys} is not a shortcut.`, {
          userAction: "Write, for example, Ctrl+Shift+Space.",
        });
      }
    };
    if (before !== "" && globalShortcut.isRegistered(before)) globalShortcut.unregister(before);
    let taken = true;
    try {
      taken = !register(wanted);
    } finally {
      if (taken) register(before);
    }
    if (taken) {
      throw new AppError("setting-invalid", `Another program uses ${wanted}.`, {
        userAction: "Choose another shortcut.",
      });
    }
  }
}
