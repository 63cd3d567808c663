import { EventEmitter } from "node:events";
import { knownEvents, loudClass } from "./loud.ts";

/** Squirrel is macOS's and Windows' own: elsewhere Electron's has its members too, and says that it cannot do it. */
class AutoUpdater extends EventEmitter {
  checkForUpdates(): void {
    this.emit("error", new Error("Auto update is not supported on this platform"));
  }
}
knownEvents("autoUpdater", AutoUpdater, ["update-downloaded"]);
loudClass("autoUpdater", AutoUpdater);

export const autoUpdater = new AutoUpdater();
