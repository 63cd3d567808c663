import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { app, dialog } from "electron";
import { asAppError } from "../shared/errors.ts";
import type { Place } from "../shared/ipc/snapshot.ts";
import { defaultSettings } from "../shared/model/settings.ts";
import { createHandlers } from "./calls/handlers.ts";
import { turnOff, turnOn } from "./calls/turn-on.ts";
import { closeAll } from "./compose/closing.ts";
import { certificateHelper, certificateStore } from "./compose/certificate-store.ts";
import { createCore } from "./compose/core.ts";
import { ElectronDesktop } from "./compose/desktop.ts";
import { hostInfo } from "./compose/host-info.ts";
import { createNotifications } from "./compose/notify.ts";
import { loginItem, policyReader } from "./compose/outside.ts";
import { appFolders, createShell, ownPage } from "./compose/shell.ts";
import { Stores } from "./compose/stores.ts";
import { createUpdates, leaveWith } from "./compose/updates.ts";
import { CallGate } from "./ipc/call-gate.ts";
import { IpcServer } from "./ipc/ipc-server.ts";
import { UpdateFeed } from "./ipc/update-feed.ts";
import { connectionFileAmong, isFileUrl, placeOfFile } from "./connection-file.ts";
import { appId, launchOf, type Launch } from "./launch.ts";
import { LinkInbox, linkAmong, placeOfLink } from "./links.ts";
import { leaveMount } from "./lifecycle/app-image.ts";
import { QuitFlow } from "./lifecycle/quit-flow.ts";
import { SignInStart } from "./lifecycle/sign-in-start.ts";
import { FileLog } from "./log/file-log.ts";
import { applyRules } from "./policy/apply-rules.ts";
import { OutsideSettings } from "./policy/outside-settings.ts";
import { SignInDesk } from "./sign-in/sign-in-desk.ts";
import { AppState } from "./state/app-state.ts";
import { NoticeBoard } from "./state/notice-board.ts";
import { SessionList } from "./state/session-list.ts";
import { notOpened, notOpenedNotice } from "./store/notices.ts";
import { AppTray } from "./tray/tray.ts";
import { actOn, type TrayActor } from "./tray/tray-actions.ts";
import { TrayWatch } from "./tray/tray-watch.ts";
import { registerAppScheme } from "./window/app-protocol.ts";
import { denyNetwork } from "./window/lockdown.ts";
import { platformOf } from "./window/window-look.ts";

/** Builds the app and starts it. The parts know each other by these functions alone, and call them once all are built. */
async function start(launch: Launch, links: LinkInbox): Promise<void> {
  const platform = platformOf(process.platform);
  const logFolder = app.getPath("logs");
  const log = new FileLog({ folder: logFolder, level: "info" });
  const closing = new AbortController();
  const readPolicy = policyReader(platform);
  const policy = await readPolicy();
  // Stores tell what they found before there is anybody to tell.
  let state: AppState | null = null;
  let tray: AppTray | null = null;

  const notices = new NoticeBoard(() => state?.noticesChanged());
  const stores = new Stores(app.getPath("userData"), notices);
  const { connections, secrets, settings } = stores;
  const loaded = stores.loadSecrets();
  const trayWatch = new TrayWatch(platform, process.env);

  const openAt = (place: Place | null): void => {
    if (place !== null) state?.goTo(place);
    window.show();
  };
  /** A link, or a connection file as a file: URL. */
  const open = async (link: string): Promise<void> => {
    try {
      const place = isFileUrl(link) ? await placeOfFile(link) : placeOfLink(link);
      notices.remove(notOpened);
      openAt(place);
    } catch (thrown) {
      notices.put(notOpenedNotice(asAppError(thrown)));
      openAt(null);
    }
  };
  const desktop = new ElectronDesktop({
    platform,
    dialogParent: () => window.dialogParent,
    openPalette: () => openAt({ page: "palette" }),
    setLogLevel: (level) => (log.level = level),
    startAtSignIn: (on) => signInStart.set(on),
    quit: () => void quit.request(),
  });
  const signInStart = new SignInStart(loginItem(platform), (thrown) =>
    log.failure(asAppError(thrown).toData(), "starting at sign-in"),
  );
  const outside = new OutsideSettings({
    ...{ settings, notices, policy, readPolicy, start: signInStart },
    apply: (now, before) => {
      desktop.applySettings(now, before);
      if (now.updates !== before.updates) updates.settingChanged();
    },
    changed: () => {
      state?.settingsChanged();
      state?.outsideChanged();
    },
    rulesChanged: () => applyRules(connections, tunnels, outside.policy.rules),
    log: (event, message) => log.write("error", event, { message }),
  });
  const desk = new SignInDesk({
    openUrl: (url, signal) => desktop.openUrl(settings.current.browserCommand, url, signal),
    copyText: (text) => desktop.copyText(text),
    opensByItself: () => settings.current.openSignInPage,
    changed: () => state?.signInsChanged(),
    now: Date.now,
  });
  const places = { isPackaged: app.isPackaged, resources: process.resourcesPath, app: app.getAppPath() };
  const helper = certificateHelper(platform, process.arch, places);
  const password = (): string | undefined => stores.storePassword.current;
  const certificates = certificateStore(platform, os.homedir(), process.env, password, helper);
  const { engine, tunnels, followed } = createCore({
    stores,
    sessions: stores.sessions,
    certificates,
    desk,
    loaded,
    shareSessions: settings.current.shareSessions,
    rules: () => outside.policy.rules,
    changed: (id) => state?.tunnelChanged(id),
    connectionsChanged: (ids) => {
      for (const id of ids) state?.connectionChanged(id);
    },
    notSaved: (thrown) => stores.notSaved(thrown),
    logged: (id, entries) => state?.logged(id, entries),
    ticked: () => state?.sampled(window.isVisible),
    events: (event) => log.event(event),
    sessionsChanged: () => void sessions.reload(),
  });
  const sessions = new SessionList(
    () => engine.sessions(),
    () => state?.signInsChanged(),
  );
  const openSignInPage = (proxy: string): void => {
    // What went wrong is shown beside the sign-in.
    desk.open(proxy).catch(() => openAt(null));
  };
  const notifications = createNotifications({
    stores,
    tunnels,
    isFocused: () => window.isFocused,
    openAt,
    openSignInPage,
  });
  const feed = new UpdateFeed((update) => server.send(update));
  const appState = new AppState({
    connections,
    settings,
    tunnels,
    notices,
    sessions,
    host: hostInfo(platform),
    feed,
    signIns: () => desk.waiting(),
    update: () => updates.status,
    outside: () => outside.outside,
    watcher: {
      changed: () => tray?.changed(),
      statusChanged: (id, status) => notifications.statusChanged(id, status),
      signInsChanged: (signIns) => notifications.signInsChanged(signIns.map(({ proxy }) => proxy)),
      sessionsChanged: (list) => notifications.sessionsChanged(list),
    },
  });
  state = appState;

  const updates = createUpdates({
    platform,
    folder: app.getPath("userData"),
    policyFeed: policy.updateFeed,
    log,
    setting: () => settings.current.updates,
    clients: () => appState.clients,
    ask: (question, goOn) => desktop.ask(question, goOn),
    restart: () => quit.restart(),
    changed: () => appState.updateChanged(),
    tell: (version, ready) => notifications.updateFound(version, ready),
  });

  const close = (): Promise<void> => {
    closing.abort();
    const faces = [window, server, notifications, updates, outside, appState, ...(tray ? [tray] : [])];
    const steps = [
      faces.map((face) => ({ name: face.constructor.name, close: () => face.close() })),
      [{ name: "tunnels", close: () => tunnels.close({ graceMs: 0 }) }],
      [{ name: "engine", close: () => engine.close({ graceMs: 0 }) }],
      [{ name: "stores", close: () => stores.close() }],
    ];
    return closeAll(steps, log);
  };
  const quit = new QuitFlow({
    clients: () => appState.clients,
    ask: (question) => desktop.ask(question, "Quit"),
    close,
    leave: (why) => leaveWith(updates, why),
    exit: (code) => app.exit(code),
  });

  const window = createShell({
    launch,
    platform,
    log,
    store: stores.window,
    trayWatch,
    quit,
    whenWindowCloses: () => settings.current.whenWindowCloses,
    kept: () => trayWatch.tell(notices),
    pageGone: () => appState.unwatch(),
    visibilityChanged: () => appState.sampled(window.isVisible),
    woke: () => tunnels.tryAllNow(),
    openAt,
    openLink: (link) => links.take(link),
  });

  const context = {
    ...{ connections, settings, secrets, tunnels, engine, desk, sessions, notices, desktop, logFolder, loaded },
    ...{ certificates, followed, storePassword: stores.storePassword },
    state: appState,
    updates,
    outside,
    saveAgain: () => stores.saveAgain(),
    notSaved: (thrown: unknown) => stores.notSaved(thrown),
    log: (level: "info" | "error", event: string, message: string) => log.write(level, event, { message }),
    closing: closing.signal,
  };
  const gate = new CallGate(createHandlers(context), (event, message) => log.write("error", event, { message }));
  const server = new IpcServer({ contents: () => window.contents(), isOwn: ownPage(launch) }, gate);

  const actor: TrayActor = {
    openAt,
    setOn: (ids, on) => (on ? turnOn : turnOff)(context, ids),
    openSignInPage,
    quit: () => void quit.request(),
  };
  tray = new AppTray({
    platform,
    images: path.join(appFolders().assets, "tray"),
    state: () => ({ connections: connections.all(), statuses: appState.statuses(), signIns: appState.signIns }),
    act: (action) => actOn(action, actor),
    clicked: () => window.toggle(),
  });

  try {
    desktop.applySettings(settings.current, { ...defaultSettings, startAtSignIn: settings.current.startAtSignIn });
  } catch (thrown) {
    log.failure(asAppError(thrown).toData(), "applying settings");
  }
  log.write("info", "started", { version: app.getVersion(), platform: process.platform });
  for (const { id, startAtLaunch } of connections.all()) if (startAtLaunch) tunnels.turnOn(id);
  void loaded.then(() => sessions.reload());
  updates.start();

  const hasLink = links.whenReady((link) => void open(link));
  if (!launch.hidden && !hasLink) window.show();
  // Without a tray nobody would find a window that was never shown.
  if (!(await trayWatch.look()) && launch.hidden && !hasLink) window.showMinimized();
}

if (!app.requestSingleInstanceLock()) app.exit(0);
else {
  leaveMount(process.execPath, process.env);
  app.enableSandbox();
  registerAppScheme();
  // A development server is on the network.
  if (launchOf(process.argv, process.env, app.isPackaged).devUrl === null) denyNetwork();
  // Without a listener the last window would take the app with it.
  app.on("window-all-closed", () => undefined);
  // Windows keeps notifications and the taskbar's button under the id of the installed shortcut.
  if (process.platform === "win32" && app.isPackaged) app.setAppUserModelId(appId);
  const links = new LinkInbox();
  app.on("open-url", (event, url) => {
    event.preventDefault();
    links.take(url);
  });
  app.on("open-file", (event, file) => {
    event.preventDefault();
    links.take(pathToFileURL(file).href);
  });
  const link = linkAmong(process.argv) ?? connectionFileAmong(process.argv, process.cwd());
  if (link !== null) links.take(link);
  app
    .whenReady()
    .then(() => {
      const atSignIn = process.platform === "darwin" && app.getLoginItemSettings().wasOpenedAtLogin;
      return start(launchOf(process.argv, process.env, app.isPackaged, atSignIn), links);
    })
    .catch((thrown: unknown) => {
      console.error(thrown);
      dialog.showErrorBox("Culvert could not start", asAppError(thrown).message);
      app.exit(1);
    });
}
