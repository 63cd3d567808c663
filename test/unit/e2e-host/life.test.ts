import { expect, test, vi } from "vitest";

/** A fresh double with what happens in it, in order. */
async function start() {
  vi.resetModules();
  const world = await import("./world.ts");
  const { exits } = world.hostWithoutBrowser();
  const electron = await import("../../e2e/host/double/electron.ts");
  const { app } = electron;
  const seen: string[] = [];
  for (const name of ["ready", "before-quit", "window-all-closed", "will-quit", "quit"])
    app.on(name, () => seen.push(name));
  return { ...electron, exits, seen };
}

test("it is ready once, and then has windows", async () => {
  const { app, BrowserWindow, session, protocol, seen } = await start();
  expect(app.isReady()).toBe(false);
  expect(() => new BrowserWindow()).toThrow("before app is ready");
  expect(() => session.defaultSession).toThrow("when app is ready");
  expect(() => protocol.handle("app", () => new Response())).toThrow("after app is ready");
  protocol.registerSchemesAsPrivileged([]);
  app.start();
  await app.whenReady();
  expect(seen).toEqual(["ready"]);
  expect(() => protocol.registerSchemesAsPrivileged([])).toThrow("before app is ready");
  expect(() => app.enableSandbox()).toThrow("before app is ready");
  expect(new BrowserWindow().isVisible()).toBe(true);
});

test("quitting asks everyone in order", async () => {
  const { app, BrowserWindow, exits, seen } = await start();
  app.start();
  const window = new BrowserWindow({ show: false });
  window.on("close", () => seen.push("close")).on("closed", () => seen.push("closed"));
  app.quit();
  expect(seen).toEqual(["ready", "before-quit", "close", "closed", "will-quit", "quit"]);
  expect(exits).toEqual([]);
  await vi.waitFor(() => expect(exits).toEqual([0]));
  app.quit();
  expect(seen).toHaveLength(6);
});

test.each(["before-quit", "close", "will-quit"])("%s can stop it, and it can be tried again", async (stopped) => {
  const { app, BrowserWindow, seen } = await start();
  app.start();
  const window = new BrowserWindow({ show: false });
  const prevent = (event: { preventDefault(): void }): void => event.preventDefault();
  const source = stopped === "close" ? window : app;
  source.on(stopped, prevent);
  app.quit();
  expect(seen).not.toContain("quit");
  source.off(stopped, prevent);
  app.quit();
  expect(seen.at(-1)).toBe("quit");
});

test("exit asks nobody", async () => {
  const { app, BrowserWindow, exits, seen } = await start();
  app.start();
  new BrowserWindow().on("close", (event: { preventDefault(): void }) => event.preventDefault());
  app.exit(3);
  expect(seen).toEqual(["ready", "quit"]);
  await vi.waitFor(() => expect(exits).toEqual([3]));
});

test("the last window says so, or ends an app that does not listen", async () => {
  const listening = await start();
  listening.app.start();
  new listening.BrowserWindow().close();
  expect(listening.seen).toEqual(["ready", "window-all-closed"]);

  const other = await start();
  other.app.removeAllListeners("window-all-closed");
  other.app.start();
  new other.BrowserWindow().close();
  expect(other.seen).toEqual(["ready", "before-quit", "will-quit", "quit"]);
});

test("an app that quits before it is ready never becomes it", async () => {
  const { app, exits, seen } = await start();
  app.quit();
  app.start();
  expect(seen).toEqual(["before-quit", "will-quit", "quit"]);
  await vi.waitFor(() => expect(exits).toEqual([0]));
});

test("a window has the state it was given", async () => {
  const { app, BrowserWindow } = await start();
  app.start();
  const window = new BrowserWindow({ show: false, width: 500, height: 400, minWidth: 480 });
  const seen: string[] = [];
  for (const name of ["show", "hide", "focus", "blur", "minimize", "restore", "resize"])
    window.on(name, () => seen.push(name));
  window.show();
  window.show();
  expect([window.isVisible(), window.isFocused(), BrowserWindow.getFocusedWindow()]).toEqual([true, true, window]);
  window.minimize();
  expect([window.isMinimized(), window.isFocused()]).toEqual([true, false]);
  window.restore();
  window.hide();
  window.setSize(100, 450);
  expect(window.getBounds()).toMatchObject({ width: 480, height: 450 });
  expect(seen).toEqual(["show", "focus", "blur", "minimize", "restore", "hide", "resize"]);
  window.destroy();
  expect(() => window.show()).toThrow("destroyed");
  expect(BrowserWindow.getAllWindows()).toEqual([]);
});

test.each([{ sandbox: false }, { contextIsolation: false }, { nodeIntegration: true }, { webviewTag: true }])(
  "a page with %o is refused",
  async (webPreferences) => {
    const { app, BrowserWindow } = await start();
    app.start();
    expect(() => new BrowserWindow({ webPreferences })).toThrow("sandboxed");
  },
);
