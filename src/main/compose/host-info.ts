import os from "node:os";
import { app } from "electron";
import { unknownBrowser, type HostInfo } from "../../shared/ipc/snapshot.ts";
import type { Platform } from "../window/window-look.ts";

/** What does not change while the app runs. */
export const hostInfo = (platform: Platform): HostInfo => ({
  platform,
  version: app.getVersion(),
  versions: {
    Culvert: app.getVersion(),
    Electron: process.versions.electron ?? "",
    Chromium: process.versions["chrome"] ?? "",
    Node: process.versions.node,
    System: `${os.type()} ${os.release()} ${os.arch()}`,
  },
  browser: browserName(app.getApplicationNameForProtocol("https://")),
});

/** Linux names the desktop entry, which is no name for people. */
function browserName(name: string): string {
  return name === "" || name.endsWith(".desktop") ? unknownBrowser : name.replace(/\.(app|exe)$/, "");
}
