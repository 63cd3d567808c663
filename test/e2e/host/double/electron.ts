import { app } from "./app.ts";
import { autoUpdater } from "./auto-updater.ts";
import { BrowserWindow } from "./browser-window.ts";
import { clipboard, dialog, globalShortcut, Notification, powerMonitor, screen, shell, Tray } from "./desktop.ts";
import { ipcMain } from "./ipc-main.ts";
import { loud } from "./loud.ts";
import { Menu, MenuItem } from "./menu.ts";
import { nativeImage } from "./native-image.ts";
import { nativeTheme } from "./native-theme.ts";
import { net, protocol } from "./protocol.ts";
import { allContents } from "./registry.ts";
import { safeStorage } from "./safe-storage.ts";
import { session } from "./session.ts";

const webContents = loud("webContents", {
  getAllWebContents: () => [...allContents],
  fromId: (id: number) => [...allContents].find((one) => one.id === id),
  fromDevToolsTargetId: (targetId: string) => [...allContents].find((one) => one.targetId === targetId),
});

/** What `electron` is in the main process of the stand-in. A missing name fails at import, a missing member when it is read. */
const electron = {
  app,
  autoUpdater,
  BrowserWindow,
  clipboard,
  dialog,
  globalShortcut,
  ipcMain,
  Menu,
  MenuItem,
  nativeImage,
  nativeTheme,
  net,
  Notification,
  powerMonitor,
  protocol,
  safeStorage,
  screen,
  session,
  shell,
  Tray,
  webContents,
};

export {
  app,
  autoUpdater,
  BrowserWindow,
  clipboard,
  dialog,
  globalShortcut,
  ipcMain,
  Menu,
  MenuItem,
  nativeImage,
  nativeTheme,
  net,
  Notification,
  powerMonitor,
  protocol,
  safeStorage,
  screen,
  session,
  shell,
  Tray,
  webContents,
  // Electron's own module can be imported whole as well.
  electron as default,
};
