import { beforeAll, expect, test } from "vitest";
import { usedElectron, type UsedMember } from "./used-members.ts";
import { hostWithoutBrowser } from "./world.ts";

/**
 * Everything of Electron that the app uses has to be in the double. That it is in electron.d.ts is the type check's
 * business: used-members.ts finds it there.
 */

/** Plain data, options and events: the app makes them itself, or the specs meet what the double puts in them. */
const data = new Set([
  "BrowserWindowConstructorOptions",
  "DecryptStringAsyncReturnValue",
  "Display",
  "Event",
  "FrameNavigationEvent",
  "IpcMainInvokeEvent",
  "IpcRendererEvent",
  "LaunchItems",
  "LoginItemSettings",
  "MessageBoxOptions",
  "MessageBoxReturnValue",
  "OpenDialogReturnValue",
  // Node's own, to which electron.d.ts adds.
  "Process",
  "ProcessVersions",
  "Rectangle",
  "RenderProcessGoneDetails",
  "SaveDialogReturnValue",
  "WebContentsDidStartNavigationEventParams",
  "WebContentsWillFrameNavigateEventParams",
  "WebContentsWillNavigateEventParams",
  "WebContentsWillRedirectEventParams",
]);

/** What of the preload's side is there; page-worlds.test.ts runs it. */
const inPreload = new Set([
  "ContextBridge.exposeInMainWorld",
  "IpcRenderer.invoke",
  "IpcRenderer.on",
  "IpcRenderer.removeListener",
]);

interface Emitter {
  on(name: string, listener: () => void): unknown;
}

let doubles: Readonly<Record<string, object>>;
let names: readonly string[];
let main: ReturnType<typeof usedElectron>;

beforeAll(() => {
  main = usedElectron("main");
}, 60_000);

async function load(): Promise<void> {
  hostWithoutBrowser();
  const electron = await import("../../e2e/host/double/electron.ts");
  const { app, BrowserWindow, Menu, MenuItem, nativeImage, Notification, session, Tray } = electron;
  app.start();
  const window = new BrowserWindow({ show: false });
  names = Object.keys(electron);
  doubles = {
    App: app,
    BaseWindow: window,
    BrowserWindow: window,
    Clipboard: electron.clipboard,
    CommandLine: app.commandLine,
    Dialog: electron.dialog,
    GlobalShortcut: electron.globalShortcut,
    IpcMain: electron.ipcMain,
    Menu: new Menu(),
    MenuItem: new MenuItem({ label: "one" }),
    NativeImage: nativeImage.createEmpty(),
    NativeTheme: electron.nativeTheme,
    Net: electron.net,
    Notification: new Notification(),
    PowerMonitor: electron.powerMonitor,
    Protocol: electron.protocol,
    SafeStorage: electron.safeStorage,
    Screen: electron.screen,
    Session: session.defaultSession,
    Shell: electron.shell,
    Tray: new Tray(nativeImage.createEmpty()),
    WebContents: window.webContents,
    WebFrameMain: window.webContents.mainFrame,
    "static BrowserWindow": BrowserWindow,
    "static Menu": Menu,
    "static NativeImage": nativeImage,
    "static Notification": Notification,
    "static Session": session,
  };
}

function problemOf({ owner, name, isStatic, event, at }: UsedMember): string | null {
  if (data.has(owner)) return null;
  const place = isStatic ? `static ${owner}` : owner;
  const double = doubles[place];
  if (!double) return `${at}: the test does not know where the double has ${place}.${name}`;
  if (!(name in double)) return `${at}: the double has no ${place}.${name}`;
  if (event === null) return null;
  try {
    (double as Emitter).on(event, () => undefined);
    return null;
  } catch (error) {
    return `${at}: ${(error as Error).message}`;
  }
}

test("the double has everything that the main process imports and uses", async () => {
  await load();
  expect([...main.imports].filter((name) => !names.includes(name))).toEqual([]);
  expect(main.members.map(problemOf).filter((problem) => problem !== null)).toEqual([]);
});

test("the search sees what is used, and would see what is missing", async () => {
  await load();
  const found = main.members.map(({ owner, name, event }) => `${owner}.${name}${event === null ? "" : ` ${event}`}`);
  expect(found).toEqual(
    expect.arrayContaining([
      "App.requestSingleInstanceLock",
      "App.on before-quit",
      "Protocol.handle",
      "IpcMain.handle",
    ]),
  );
  const at = "x.ts:1";
  const missing = { owner: "App", name: "getGPUInfo", isStatic: false, event: null, at };
  expect(problemOf(missing)).toBe("x.ts:1: the double has no App.getGPUInfo");
  expect(problemOf({ ...missing, name: "on", event: "open-dance" })).toContain('never emits "open-dance"');
  expect(problemOf({ ...missing, owner: "Dance" })).toContain("does not know where");
});

test("the preload uses only what the isolated world has", () => {
  const { imports, members } = usedElectron("preload");
  expect([...imports].toSorted()).toEqual(["contextBridge", "ipcRenderer"]);
  const used = members.filter(({ owner }) => !data.has(owner)).map(({ owner, name }) => `${owner}.${name}`);
  expect(used.length).toBeGreaterThan(0);
  expect(used.filter((one) => !inPreload.has(one))).toEqual([]);
}, 60_000);
