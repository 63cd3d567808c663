import path from "node:path";
import { app, Menu, powerMonitor } from "electron";
import { asAppError } from "../../shared/errors.ts";
import type { Place } from "../../shared/ipc/snapshot.ts";
import type { Launch } from "../launch.ts";
import type { QuitFlow } from "../lifecycle/quit-flow.ts";
import type { FileLog } from "../log/file-log.ts";
import type { WindowStateStore } from "../store/window-state-store.ts";
import { connectionFileAmong } from "../connection-file.ts";
import { linkAmong } from "../links.ts";
import type { TrayWatch } from "../tray/tray-watch.ts";
import { Pace } from "../ipc/pace.ts";
import { isOwnPage } from "../window/app-files.ts";
import { commandLineInstaller } from "./command-line.ts";
import { serveAppFiles } from "../window/app-protocol.ts";
import { applicationMenu } from "../window/application-menu.ts";
import { denyPermissions, lockDown } from "../window/lockdown.ts";
import { MainWindow } from "../window/main-window.ts";
import type { Platform } from "../window/window-look.ts";

/** Folders of the app, whether it is packaged or not. */
export const appFolders = (): { readonly out: string; readonly assets: string } => ({
  out: path.join(app.getAppPath(), "out"),
  assets: path.join(app.getAppPath(), "assets"),
});

export interface ShellPorts {
  readonly launch: Launch;
  readonly platform: Platform;
  readonly log: FileLog;
  readonly store: WindowStateStore;
  readonly trayWatch: TrayWatch;
  readonly quit: QuitFlow;
  whenWindowCloses(): "tray" | "quit";
  kept(): void;
  pageGone(): void;
  visibilityChanged(): void;
  /** The computer woke up. */
  woke(): void;
  openAt(place: Place | null): void;
  /** Another start was given a link. */
  /** A link, or a connection file as a file: URL. */
  openLink(link: string): void;
}

/** True for the page of this start. */
export const ownPage =
  ({ devUrl }: Launch) =>
  (url: string): boolean =>
    isOwnPage(url, devUrl === null ? null : new URL(devUrl).origin);

/** The window with the rules that hold for every page, the menu bar, and what the system tells the app. */
export function createShell(ports: ShellPorts): MainWindow {
  const { launch, log, platform, quit } = ports;
  const { out, assets } = appFolders();
  const pace = new Pace(20, 1_000);
  const denied = (what: string): void => {
    if (pace.take()) log.write("info", "denied", { what });
  };
  lockDown(ownPage(launch), denied);
  denyPermissions(denied);
  serveAppFiles(path.join(out, "renderer"));

  const window = new MainWindow({
    platform,
    preload: path.join(out, "preload/index.cjs"),
    icon: path.join(assets, "icon/256x256.png"),
    devUrl: launch.devUrl,
    devTools: !app.isPackaged,
    store: ports.store,
    closing: () => ({
      quitting: quit.isQuitting,
      setting: ports.whenWindowCloses(),
      hasTray: ports.trayWatch.isPresent,
    }),
    quit: () => void quit.request(),
    sessionEnds: () => void quit.now(),
    kept: () => ports.kept(),
    pageGone: () => ports.pageGone(),
    visibilityChanged: () => ports.visibilityChanged(),
    log: (message) => log.write("error", "page", { message }),
  });

  const installCommandLine = commandLineInstaller(platform, () => window.dialogParent);
  const menu = applicationMenu(
    platform,
    {
      settings: () => ports.openAt({ page: "settings" }),
      newConnection: () => ports.openAt({ page: "new" }),
      close: () => window.requestClose(),
      ...(installCommandLine === null
        ? {}
        : {
            installCommandLine: () => {
              installCommandLine().catch((thrown: unknown) => log.failure(asAppError(thrown).toData(), "command line"));
            },
          }),
    },
    !app.isPackaged,
  );
  Menu.setApplicationMenu(menu === null ? null : Menu.buildFromTemplate(menu));

  app.on("second-instance", (_event, argv, folder) => {
    const link = linkAmong(argv) ?? connectionFileAmong(argv, folder);
    if (link !== null) ports.openLink(link);
    // The system starts it at sign-in; somebody was quicker, and shall not be disturbed.
    else if (!argv.includes("--hidden")) ports.openAt(null);
  });
  app.on("activate", () => ports.openAt(null));
  // Every way to quit comes through here; the flow itself ends the process without asking again.
  app.on("before-quit", (event) => {
    // macOS ends it by itself to install an update.
    if (quit.isLeaving) return;
    event.preventDefault();
    void quit.request();
  });
  // Electron would stop the app with a dialog, and every tunnel with it.
  for (const event of ["uncaughtException", "unhandledRejection"] as const)
    process.on(event, (thrown: unknown) => log.failure(asAppError(thrown).toData(), event));
  powerMonitor.on("resume", () => ports.woke());
  powerMonitor.on("shutdown", (event?: Pick<Electron.Event, "preventDefault">) => {
    // The system waits for the end of the app then, some seconds; what is unwritten gets to the disk.
    event?.preventDefault();
    void quit.now();
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void quit.now());
  return window;
}
