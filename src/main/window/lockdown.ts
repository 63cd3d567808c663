import { app, session, type WebContents } from "electron";

/** Told about what was denied, for the log; addresses are left out, since a page could put anything there. */
export type DeniedLog = (what: string) => void;

/**
 * Takes the network from Chromium, which shows Culvert's own files and nothing else; tunnels and sign-ins use Node's. The policy
 * for content does not know of WebRTC and of hints to look up a name or to connect early. Must run before the app is ready.
 */
export function denyNetwork(): void {
  const { commandLine } = app;
  commandLine.appendSwitch("host-resolver-rules", "MAP * ~NOTFOUND");
  // Nor can an address be reached, this computer's own among them: there is no such proxy.
  commandLine.appendSwitch("proxy-server", "http://culvert.invalid:1");
  commandLine.appendSwitch("proxy-bypass-list", "<-loopback>");
}

/**
 * Denies every contents what the app's pages never need: other pages, windows, embedded pages, and every permission.
 * @param isOwn true for addresses of Culvert's own page.
 */
export function lockDown(isOwn: (url: string) => boolean, log: DeniedLog): void {
  app.on("web-contents-created", (_event, contents) => lockDownContents(contents, isOwn, log));
}

/** The session exists only once the app is ready. */
export function denyPermissions(log: DeniedLog): void {
  const { defaultSession } = session;
  defaultSession.setPermissionRequestHandler((_contents, permission, answer) => {
    log(`permission ${permission}`);
    answer(false);
  });
  defaultSession.setPermissionCheckHandler(() => false);
  defaultSession.setDevicePermissionHandler(() => false);
  defaultSession.on("will-download", (event) => {
    log("a download");
    event.preventDefault();
  });
}

function lockDownContents(contents: WebContents, isOwn: (url: string) => boolean, log: DeniedLog): void {
  // WebRTC would send packets around every proxy.
  contents.setWebRTCIPHandlingPolicy("disable_non_proxied_udp");
  contents.setWindowOpenHandler(() => {
    log("a window");
    return { action: "deny" };
  });
  // Reloading is navigation too; a dropped file or a link is not to our page.
  contents.on("will-navigate", (event) => {
    if (isOwn(event.url)) return;
    log("navigation");
    event.preventDefault();
  });
  contents.on("will-frame-navigate", (event) => {
    if (event.isMainFrame) return;
    log("a frame");
    event.preventDefault();
  });
  contents.on("will-redirect", (event) => event.preventDefault());
  contents.on("will-attach-webview", (event) => {
    log("a webview");
    event.preventDefault();
  });
}
