import { EventEmitter } from "node:events";
import type { DevToolsSession } from "./chromium.ts";
import { app } from "./app.ts";
import { innerUrl, protocol } from "./protocol.ts";
import { knownEvents, loud, loudClass } from "./loud.ts";
import type { WebContents } from "./web-contents.ts";

type RequestHandler = Parameters<Electron.Session["setPermissionRequestHandler"]>[0];
type CheckHandler = Parameters<Electron.Session["setPermissionCheckHandler"]>[0];
type CheckedPermission = Parameters<NonNullable<CheckHandler>>[1];
type AskedPermission = Parameters<NonNullable<RequestHandler>>[1];

/** The names of permissions in Chromium, and in Electron. */
const permissions: readonly (readonly [string, string])[] = [
  ["geolocation", "geolocation"],
  ["notifications", "notifications"],
  ["camera", "media"],
  ["microphone", "media"],
  ["clipboard-read", "clipboard-read"],
  ["clipboard-write", "clipboard-sanitized-write"],
  ["midi", "midi"],
  ["idle-detection", "idle-detection"],
  ["window-management", "window-management"],
  ["local-fonts", "local-fonts"],
  ["storage-access", "storage-access"],
];

class Session
  extends EventEmitter
  implements
    Pick<
      Electron.Session,
      | "setPermissionRequestHandler"
      | "setPermissionCheckHandler"
      | "setDevicePermissionHandler"
      | "setSpellCheckerEnabled"
      | "isPersistent"
      | "clearStorageData"
      | "clearCache"
    >
{
  readonly protocol = protocol;
  #asks: RequestHandler = null;
  #checks: CheckHandler = null;

  setPermissionRequestHandler(handler: RequestHandler): void {
    this.#asks = handler;
  }

  setPermissionCheckHandler(handler: CheckHandler): void {
    this.#checks = handler;
  }

  /** No page of the stand-in meets a device. */
  setDevicePermissionHandler(_handler: unknown): void {}

  setSpellCheckerEnabled(_enabled: boolean): void {}

  isPersistent(): boolean {
    return true;
  }

  clearStorageData(): Promise<void> {
    return Promise.resolve();
  }

  clearCache(): Promise<void> {
    return Promise.resolve();
  }

  /**
   * Tells Chromium what the app's handlers say. They are asked when a page is loaded, not when it asks: Chromium cannot be made
   * to wait for an answer. As in Electron everything is granted where the app has no handlers.
   */
  async applyPermissions(contents: WebContents, browser: DevToolsSession, outer: string): Promise<void> {
    const origin = new URL(outer).origin;
    await Promise.all(
      permissions.map(async ([name, permission]) => {
        const granted = this.#grants(contents, permission, innerUrl(outer));
        const setting = granted ? "granted" : "denied";
        await browser.send("Browser.setPermission", { permission: { name }, setting, origin });
      }),
    );
  }

  #grants(contents: WebContents, permission: string, url: string): boolean {
    const details = { requestingUrl: url, isMainFrame: true };
    const page = contents as unknown as Electron.WebContents;
    const origin = `${url.split("/").slice(0, 3).join("/")}/`;
    if (this.#checks && !this.#checks(page, permission as CheckedPermission, origin, details)) return false;
    if (!this.#asks) return true;
    let granted = false;
    this.#asks(page, permission as AskedPermission, (answer) => (granted = answer), details);
    return granted;
  }
}
knownEvents("session", Session, ["will-download", "spellcheck-dictionary-initialized"]);
loudClass("session", Session);

const defaultSession = new Session();

export const session = loud("session", {
  get defaultSession(): Session {
    if (!app.isReady()) throw new Error("Session can only be received when app is ready");
    return defaultSession;
  },
});
