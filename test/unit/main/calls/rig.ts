import { rmSync } from "node:fs";
import path from "node:path";
import { onTestFinished } from "vitest";
import type { Desktop, FilePurpose, Question } from "../../../../src/main/calls/context.ts";
import { createHandlers } from "../../../../src/main/calls/handlers.ts";
import { certificateStore } from "../../../../src/main/compose/certificate-store.ts";
import { createCore } from "../../../../src/main/compose/core.ts";
import { LinuxLoginItem } from "../../../../src/main/lifecycle/login-item.ts";
import { SignInStart } from "../../../../src/main/lifecycle/sign-in-start.ts";
import { applyRules } from "../../../../src/main/policy/apply-rules.ts";
import { OutsideSettings } from "../../../../src/main/policy/outside-settings.ts";
import { UpdateFeed } from "../../../../src/main/ipc/update-feed.ts";
import { SignInDesk } from "../../../../src/main/sign-in/sign-in-desk.ts";
import { AppState } from "../../../../src/main/state/app-state.ts";
import { NoticeBoard } from "../../../../src/main/state/notice-board.ts";
import { SessionList } from "../../../../src/main/state/session-list.ts";
import { ConnectionStore } from "../../../../src/main/store/connection-store.ts";
import { PlainDocumentFile } from "../../../../src/main/store/plain-document-file.ts";
import type { SecretCipher } from "../../../../src/main/store/secret-cipher.ts";
import { StorePassword } from "../../../../src/main/store/store-password.ts";
import { SecretStore } from "../../../../src/main/store/secret-store.ts";
import { SettingsStore } from "../../../../src/main/store/settings-store.ts";
import { MemorySessionStore, type Session } from "../../../../src/engine/index.ts";
import type { AppError } from "../../../../src/shared/errors.ts";
import type { Change, Update } from "../../../../src/shared/ipc/snapshot.ts";
import { restingStatus } from "../../../../src/shared/model/update.ts";
import { noPolicy } from "../../../../src/shared/model/policy.ts";
import type { Settings } from "../../../../src/shared/model/settings.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

/** A desktop that notes what it is asked for, and chooses the files that a test puts there. */
class TestDesktop implements Desktop {
  readonly copied: string[] = [];
  readonly applied: Settings[] = [];
  readonly shown: string[] = [];
  readonly questions: Question[] = [];
  agrees = true;
  file: string | null = null;
  quits = 0;
  refuses: AppError | null = null;

  copyText(text: string): Promise<void> {
    this.copied.push(text);
    return Promise.resolve();
  }
  chooseFile(_purpose: FilePurpose): Promise<string | null> {
    return Promise.resolve(this.file);
  }
  choosePlaceToSave(_name: string): Promise<string | null> {
    return Promise.resolve(this.file);
  }
  confirm(question: Question): Promise<boolean> {
    this.questions.push(question);
    return Promise.resolve(this.agrees);
  }
  openFolder(folder: string): Promise<void> {
    this.shown.push(folder);
    return Promise.resolve();
  }
  showFile(file: string): void {
    this.shown.push(file);
  }
  applySettings(settings: Settings): void {
    if (this.refuses) throw this.refuses;
    this.applied.push(settings);
  }
  quit(): void {
    this.quits += 1;
  }
}

const cipher: SecretCipher = {
  isAvailable: () => true,
  encrypt: (text) => Buffer.from(text).reverse(),
  decrypt: (data) => Buffer.from(data).reverse().toString(),
};

/** The main process without Electron: real stores in a folder of their own, the real engine, every call. */
export async function rig({
  sessions = [] as readonly Session[],
  loaded = Promise.resolve(),
  platform = "linux",
  home = undefined as string | undefined,
  policy = noPolicy,
  policyAgainMs = 1,
} = {}) {
  const folder = temporaryFolder("calls");
  const file = (name: string): PlainDocumentFile => new PlainDocumentFile(path.join(folder, `${name}.json`));
  const updates: Update[] = [];
  const logged: string[] = [];
  /** What was asked of updates. */
  const asked: string[] = [];
  const notices = new NoticeBoard(() => state.noticesChanged());
  const connections = new ConnectionStore({ file: file("connections") });
  const settings = new SettingsStore({ file: file("settings") });
  const secrets = new SecretStore({ file: file("secrets"), cipher, notify: (notice) => notices.put(notice) });
  await secrets.load();
  const sessionStore = new MemorySessionStore();
  for (const session of sessions) await sessionStore.put(session);
  const desktop = new TestDesktop();
  const desk = new SignInDesk({
    openUrl: () => Promise.resolve(),
    copyText: (text) => desktop.copyText(text),
    opensByItself: () => true,
    changed: () => state.signInsChanged(),
    now: Date.now,
  });
  /** What the next look finds. */
  const administrator = { policy };
  const loginItem = new LinuxLoginItem(path.join(folder, "autostart/culvert.desktop"), ["/usr/bin/culvert"]);
  const outside = new OutsideSettings({
    ...{ settings, notices, policy },
    readPolicy: () => Promise.resolve(administrator.policy),
    start: new SignInStart(loginItem, (thrown) => logged.push(String(thrown))),
    apply: (now) => desktop.applySettings(now),
    changed: () => {
      state.settingsChanged();
      state.outsideChanged();
    },
    rulesChanged: () => applyRules(connections, tunnels, outside.policy.rules),
    log: (event, message) => logged.push(`error ${event}: ${message}`),
    againMs: policyAgainMs,
  });
  const feed = new UpdateFeed((update) => updates.push(update));
  const storePassword = new StorePassword({
    file: file("certificate-store"),
    cipher,
    notify: (notice) => notices.put(notice),
  });
  await storePassword.load();
  const certificates = certificateStore(platform, home ?? folder, {}, () => storePassword.current, null);
  const { engine, tunnels, followed } = createCore({
    stores: { connections, secrets },
    sessions: sessionStore,
    certificates,
    desk,
    loaded,
    shareSessions: true,
    rules: () => outside.policy.rules,
    changed: (id) => state.tunnelChanged(id),
    connectionsChanged: (ids) => {
      for (const id of ids) state.connectionChanged(id);
    },
    notSaved: (thrown) => logged.push(String(thrown)),
    logged: (id, entries) => state.logged(id, entries),
    ticked: () => state.sampled(true),
    events: () => undefined,
    sessionsChanged: () => void list.reload(),
  });
  const list = new SessionList(
    () => engine.sessions(),
    () => state.signInsChanged(),
  );
  const ignored = (): void => undefined;
  const state: AppState = new AppState({
    connections,
    settings,
    tunnels,
    notices,
    sessions: list,
    host: { platform: "linux", version: "1", versions: {}, browser: "your browser" },
    feed,
    signIns: () => desk.waiting(),
    update: () => restingStatus,
    outside: () => outside.outside,
    watcher: { changed: ignored, statusChanged: ignored, signInsChanged: ignored, sessionsChanged: ignored },
  });
  await list.reload();
  const closing = new AbortController();
  const calls = createHandlers({
    ...{ connections, settings, secrets, tunnels, engine, desk, state, sessions: list, notices, desktop, loaded },
    ...{ certificates, followed, storePassword, outside },
    updates: {
      check: () => Promise.resolve(void asked.push("check")),
      download: () => Promise.resolve(void asked.push("download")),
      install: () => Promise.resolve(void asked.push("install")),
      postpone: () => void asked.push("postpone"),
      settingChanged: () => void asked.push(`setting ${settings.current.updates}`),
    },
    logFolder: folder,
    saveAgain: () => Promise.resolve(),
    notSaved: (thrown) => logged.push(String(thrown)),
    log: (level, event, message) => logged.push(`${level} ${event}: ${message}`),
    closing: closing.signal,
  });
  onTestFinished(async () => {
    closing.abort();
    outside.close();
    await tunnels.close({ graceMs: 0 });
    await engine.close({ graceMs: 0 });
    state.close();
    feed.stop();
    await secrets.close();
    await storePassword.close();
    connections.close();
    rmSync(folder, { recursive: true });
  });
  const changes = (): readonly Change[] => updates.flatMap((update) => update.changes);
  return {
    calls,
    engine,
    followed,
    administrator,
    loginItem,
    outside,
    connections,
    settings,
    secrets,
    tunnels,
    state,
    notices,
    desktop,
    folder,
    storePassword,
    logged,
    asked,
    changes,
    list,
  };
}
