import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test, vi } from "vitest";

const image = path.join(import.meta.dirname, "../../../assets/tray/on-light.png");

async function double(keyring?: string) {
  vi.resetModules();
  vi.stubEnv("CULVERT_TEST_KEYRING", keyring);
  const world = await import("./world.ts");
  const { folder } = world.hostWithoutBrowser();
  return { folder, ...(await import("../../e2e/host/double/electron.ts")) };
}

test("what the double lacks is an error, not undefined", async () => {
  const { app, Tray, nativeImage, shell, BrowserWindow } = await double();
  const get = (value: object, name: string) => (): unknown => Reflect.get(value, name, value);
  expect(get(app, "getGPUInfo")).toThrow("no app.getGPUInfo");
  expect(get(shell, "trashItem")).toThrow("no shell.trashItem");
  expect(get(BrowserWindow, "fromBrowserView")).toThrow("no BrowserWindow.fromBrowserView");
  const tray = new Tray(nativeImage.createEmpty());
  expect(get(tray, "displayBalloon")).toThrow("no Tray.displayBalloon");
  expect(() => tray.on("drop-files", () => undefined)).toThrow('never emits "drop-files"');
  expect(app.dock).toBeUndefined();
  expect(await Promise.resolve(app)).toBe(app);
});

test("paths, names and switches", async () => {
  const { app, folder } = await double();
  expect(app.getPath("userData")).toBe(folder);
  expect(app.getPath("logs")).toBe(path.join(folder, "logs"));
  expect(() => app.getPath("nowhere")).toThrow("Failed to get 'nowhere' path");
  expect([app.getName(), app.getVersion(), app.isPackaged]).toEqual(["double", "1.2.3", false]);
  expect([app.commandLine.hasSwitch("word"), app.commandLine.getSwitchValue("user-data-dir")]).toEqual([true, folder]);
});

test("menus: roles, marks, and what is inside", async () => {
  const { Menu, app } = await double();
  const clicked: boolean[] = [];
  const menu = Menu.buildFromTemplate([
    { role: "quit" },
    { id: "tick", type: "checkbox", label: "Tick", click: (item) => clicked.push(item.checked) },
    { label: "More", submenu: [{ id: "inner", label: "Inner", enabled: false }] },
  ]);
  expect(menu.items.map(({ label, type }) => [label, type])).toEqual([
    ["Quit", "normal"],
    ["Tick", "checkbox"],
    ["More", "submenu"],
  ]);
  menu.getMenuItemById("tick")?.click();
  menu.getMenuItemById("tick")?.click();
  expect(clicked).toEqual([true, false]);
  expect(menu.getMenuItemById("inner")?.enabled).toBe(false);
  const quit = vi.spyOn(app, "quit").mockImplementation(() => undefined);
  menu.items[0]?.click();
  expect(quit).toHaveBeenCalledOnce();
  expect(() => Menu.buildFromTemplate([{}])).toThrow("must have at least one");
  expect(() => Menu.buildFromTemplate([{ role: "dance" as "quit" }])).toThrow("Unknown role");
});

test("pictures: what cannot be read is empty", async () => {
  const { nativeImage, Tray, folder } = await double();
  expect(nativeImage.createFromPath(image).getSize().width).toBeGreaterThan(0);
  expect(nativeImage.createFromPath(path.join(folder, "none.png")).isEmpty()).toBe(true);
  const text = path.join(folder, "text.png");
  writeFileSync(text, "not a picture");
  expect(nativeImage.createFromPath(text).isEmpty()).toBe(true);
  expect(nativeImage.createFromPath(image).resize({ width: 8 }).getSize()).toEqual({ width: 8, height: 8 });
  expect(() => new Tray(text)).toThrow("Failed to load image");
});

test("a keyring that works encrypts, and another key does not open it", async () => {
  const { safeStorage } = await double();
  expect([safeStorage.isEncryptionAvailable(), safeStorage.getSelectedStorageBackend()]).toEqual([
    true,
    "gnome_libsecret",
  ]);
  const bytes = safeStorage.encryptString("secret");
  expect(bytes.includes("secret")).toBe(false);
  expect(safeStorage.decryptString(bytes)).toBe("secret");
  expect(() => safeStorage.decryptString(Buffer.from("secret"))).toThrow("not appear to be encrypted");
  const changed = (await double("changed")).safeStorage;
  expect(() => changed.decryptString(bytes)).toThrow("Error while decrypting");
});

test("without a keyring there is no encryption, until plain text is allowed", async () => {
  const { safeStorage } = await double("none");
  expect([safeStorage.isEncryptionAvailable(), safeStorage.getSelectedStorageBackend()]).toEqual([false, "basic_text"]);
  expect(() => safeStorage.encryptString("secret")).toThrow("not available");
  safeStorage.setUsePlainTextEncryption(true);
  expect(safeStorage.decryptString(safeStorage.encryptString("secret"))).toBe("secret");
});

test("handlers: one a channel, and only the message of a failure crosses", async () => {
  const { ipcMain } = await double();
  ipcMain.handle("sum", (_event, a: number, b: number) => a + b);
  expect(() => ipcMain.handle("sum", () => 0)).toThrow("second handler");
  const event = {} as Electron.IpcMainInvokeEvent;
  const answer = (channel: string, ...args: unknown[]) => ipcMain.answer(channel, event, args, JSON.stringify);
  expect(await answer("sum", 1, 2)).toEqual({ value: "3" });
  vi.spyOn(console, "error").mockReturnValue();
  ipcMain.handleOnce("fail", () => Promise.reject(new RangeError("no")));
  expect(await answer("fail")).toEqual({ message: "Error invoking remote method 'fail': RangeError: no" });
  expect(await answer("fail")).toEqual({
    message: "Error invoking remote method 'fail': Error: No handler registered for 'fail'",
  });
});

test("addresses of the app are its own on both sides", async () => {
  await double();
  const { protocol, outerUrl, innerUrl, outerHeader } = await import("../../e2e/host/double/protocol.ts");
  const { app } = await import("../../e2e/host/double/app.ts");
  protocol.registerSchemesAsPrivileged([{ scheme: "app", privileges: { standard: true, secure: true } }]);
  app.start();
  protocol.handle("app", () => new Response());
  const inner = "app://culvert/a/b.js?x=1#y";
  expect(innerUrl(outerUrl(inner))).toBe(inner);
  expect(new URL(outerUrl(inner)).protocol).toBe("https:");
  expect(innerUrl("https://example.com/")).toBe("https://example.com/");
  expect(innerUrl("https://evil.example/?culvert.app.stand-in.invalid/")).toBe(
    "https://evil.example/?culvert.app.stand-in.invalid/",
  );
  expect(outerHeader("script-src 'self' app://culvert https://example.com")).toBe(
    `script-src 'self' ${outerUrl("app://culvert")} https://example.com`,
  );
});
