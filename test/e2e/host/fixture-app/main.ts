import { appendFileSync } from "node:fs";
import path from "node:path";
import {
  app,
  BrowserWindow,
  clipboard,
  dialog,
  ipcMain,
  Menu,
  nativeImage,
  Notification,
  protocol,
  safeStorage,
  session,
  shell,
  Tray,
} from "electron";

/** A tiny app that does one of everything, so that both hosts can be held against the same expectations. */
const diary = (text: string): void => appendFileSync(path.join(app.getPath("userData"), "diary.txt"), `${text}\n`);
const policy = "default-src 'none'; script-src 'self'; require-trusted-types-for 'script'";

let quitting = false;
let keepOpen = false;

function start(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: "app", privileges: { standard: true, secure: true } }]);
  for (const name of ["ready", "before-quit", "window-all-closed", "will-quit", "quit"] as const)
    app.on(name as "ready", () => diary(name));
  app.on("before-quit", (event) => {
    if (keepOpen) event.preventDefault();
    else quitting = true;
  });
  app.on("web-contents-created", (_event, contents) => {
    contents.on("will-navigate", (event) => {
      diary(`will-navigate ${event.url}`);
      event.preventDefault();
    });
    contents.setWindowOpenHandler(({ url }) => {
      diary(`window ${url}`);
      return { action: "deny" };
    });
  });
  void app.whenReady().then(run);
}

function run(): void {
  if (!process.argv.includes("--permit")) {
    session.defaultSession.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
    session.defaultSession.setPermissionCheckHandler(() => false);
  }
  protocol.handle("app", ({ url }) => {
    const type = url.endsWith(".js") ? "text/javascript" : "text/html; charset=utf-8";
    const body = url.endsWith(".js")
      ? "window.ran = true"
      : "<!doctype html><title>Fixture</title><h1>Fixture</h1><script src='page.js'></script><script>window.inline = true</script>";
    return new Response(body, { headers: { "content-type": type, "content-security-policy": policy } });
  });

  const window = new BrowserWindow({
    show: false,
    webPreferences: { preload: path.join(import.meta.dirname, "preload.cjs"), sandbox: true },
  });
  void window.loadURL("app://fixture/index.html");
  window.once("ready-to-show", () => window.show());
  window.on("close", (event) => {
    if (quitting) return;
    event.preventDefault();
    window.hide();
  });
  app.on("second-instance", (_event, argv) => {
    diary(`second-instance ${argv.filter((one) => one.startsWith("--word")).join(" ")}`);
    window.show();
    window.focus();
  });

  ipcMain.handle("echo", (event, ...args: unknown[]) => ({
    args,
    from: event.senderFrame?.url,
    top: event.senderFrame?.parent === null,
  }));
  ipcMain.handle("fail", () => {
    throw new TypeError("no");
  });
  ipcMain.handle("function", () => ({ call: () => 1 }));
  ipcMain.handle("push", (event, value: unknown) => event.sender.send("news", value));

  const tray = new Tray(nativeImage.createEmpty());
  tray.setToolTip("Fixture");
  tray.on("click", () => window.show());
  tray.setContextMenu(
    Menu.buildFromTemplate([
      { label: "Ask", click: () => void ask() },
      { label: "Off", enabled: false },
      { type: "separator" },
      {
        label: "More",
        submenu: [
          { label: "Tick", type: "checkbox", checked: false, click: (item) => diary(`tick ${item.checked}`) },
          { label: "Open", click: () => void shell.openExternal("https://example.com/") },
          { label: "Copy", click: () => void clipboard.writeText("copied") },
          { label: "Keep", click: () => (keepOpen = true) },
          { label: "Encrypt", click: () => diary(encrypted()) },
        ],
      },
      { role: "quit" },
    ]),
  );
}

function encrypted(): string {
  if (!safeStorage.isEncryptionAvailable()) return `none ${safeStorage.getSelectedStorageBackend()}`;
  const bytes = safeStorage.encryptString("secret");
  return `${bytes.includes("secret") ? "plain" : "hidden"} ${safeStorage.decryptString(bytes)}`;
}

async function ask(): Promise<void> {
  const { response } = await dialog.showMessageBox({ message: "Really?", buttons: ["No", "Yes"], cancelId: 0 });
  new Notification({ title: "Answer", body: response === 1 ? "yes" : "no" }).show();
}

if (app.requestSingleInstanceLock()) start();
else app.quit();
