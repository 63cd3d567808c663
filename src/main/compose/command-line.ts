import path from "node:path";
import { app, clipboard, dialog, type BrowserWindow } from "electron";
import { diskFiles, linkCommandLine } from "../command-line/command-line-tool.ts";
import { told } from "../command-line/words.ts";
import type { Platform } from "../window/window-look.ts";

/**
 * "Install Command Line Tool…" of the menu; null where the installer does it, and where the app has no command line inside.
 * @param parent the window that the dialog belongs to.
 */
export function commandLineInstaller(
  platform: Platform,
  parent: () => BrowserWindow | null,
): (() => Promise<void>) | null {
  if (platform !== "darwin" || !app.isPackaged) return null;
  return async () => {
    const { message, detail, command } = told(await linkCommandLine(commandLineOf(process.resourcesPath), diskFiles));
    const buttons = command === undefined ? ["OK"] : ["Cancel", "Copy command"];
    const options = { message, detail, buttons, cancelId: 0, defaultId: buttons.length - 1 };
    const window = parent();
    const { response } = await (window ? dialog.showMessageBox(window, options) : dialog.showMessageBox(options));
    if (command !== undefined && response === 1) await clipboard.writeText(command);
  };
}

/** The command line inside of the packaged app. @param resources its folder of resources. */
export const commandLineOf = (resources: string): string => path.join(resources, "cli", "culvert");
