import { accessSync, constants, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { app, autoUpdater } from "electron";
import { defaultRoots } from "../../engine/index.ts";
import { ownProgram } from "../lifecycle/app-image.ts";
import type { FileLog } from "../log/file-log.ts";
import { PlainDocumentFile } from "../store/plain-document-file.ts";
import { builtInFeed } from "../updates/build.ts";
import { LibraryInstaller } from "../updates/electron-updater.ts";
import { feedFolder, findRelease } from "../updates/feed.ts";
import { UpdateMemory } from "../updates/memory.ts";
import { publicKeysOf } from "../updates/signature.ts";
import { Updates, type UpdatesPorts } from "../updates/updates.ts";
import { updateWay } from "../updates/way.ts";
import type { Platform } from "../window/window-look.ts";

export interface UpdatePorts extends Pick<
  UpdatesPorts,
  "setting" | "clients" | "ask" | "restart" | "changed" | "tell"
> {
  readonly platform: Platform;
  /** Where the app keeps what it stores. */
  readonly folder: string;
  /** The feed that a policy names in the place of the built-in one; "" for none. The keys are the built-in ones in any case. */
  readonly policyFeed: string;
  readonly log: FileLog;
}

/** The updates of this copy of the app. */
export function createUpdates(ports: UpdatePorts): Updates {
  const { log, platform } = ports;
  const feedUrl = ports.policyFeed === "" ? builtInFeed.url : ports.policyFeed;
  const keys = publicKeysOf(builtInFeed.keys) ?? [];
  const resources = process.resourcesPath;
  const way = updateWay({
    platform,
    isPackaged: app.isPackaged,
    env: process.env,
    program: process.execPath,
    packageType: packageTypeIn(resources),
    hasFeed: keys.length > 0 && isFeed(feedUrl),
    canWrite,
  });
  const running = app.getVersion();
  const source = (): ConstructorParameters<typeof Updates>[0]["source"] => {
    if (way.way === "none") return null;
    const installer = new LibraryInstaller({
      way,
      feedUrl,
      version: running,
      cacheFolder: cacheFolder(platform, process.env),
      configFile: path.join(resources, "app-update.yml"),
      roots: defaultRoots,
      squirrel: () => autoUpdater,
      log: (level, message) => log.write(level, "updater", { message }),
    });
    const wanted = { running, way: way.way, arch: process.arch, system: os.release() };
    const parse = (text: string): Promise<unknown> => installer.parse(text);
    return {
      installer,
      find: (signal) => findRelease({ url: feedUrl, keys, wanted, roots: defaultRoots, parse }, signal),
    };
  };
  return new Updates({
    source: source(),
    why: way.way === "none" ? way.why : "no-feed",
    memory: new UpdateMemory(new PlainDocumentFile(path.join(ports.folder, "updates.json"))),
    setting: () => ports.setting(),
    clients: () => ports.clients(),
    ask: (question, goOn) => ports.ask(question, goOn),
    restart: () => ports.restart(),
    changed: (status) => ports.changed(status),
    tell: (version, ready) => ports.tell(version, ready),
    log: (level, event, fields) => log.write(level, event, fields),
    now: Date.now,
    random: Math.random,
  });
}

/** How long macOS is waited for to end this process and install, milliseconds. */
const systemEndsMs = 30_000;

/** The end of the process: installs what is to be installed. A restart that cannot begin starts the old version again. */
export async function leaveWith(updates: Updates, why: "quit" | "restart"): Promise<void> {
  const restart = why === "restart";
  // The new version would find this one in its place, and give up.
  if (restart) app.releaseSingleInstanceLock();
  const begun = await updates.installAtEnd(restart);
  if (!restart) return;
  if (!begun) app.relaunch({ execPath: ownProgram(process.execPath, process.env) });
  else if (process.platform === "darwin") await new Promise((resolve) => setTimeout(resolve, systemEndsMs));
}

function isFeed(url: string): boolean {
  try {
    feedFolder(url);
    return true;
  } catch {
    return false;
  }
}

/** electron-builder notes there what kind of package it has made; null where it has made none. */
function packageTypeIn(resources: string): string | null {
  try {
    return readFileSync(path.join(resources, "package-type"), "utf8").trim();
  } catch {
    return null;
  }
}

function canWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where the system keeps what can be had again. */
function cacheFolder(platform: Platform, env: NodeJS.ProcessEnv): string {
  const home = app.getPath("home");
  if (platform === "win32") return env["LOCALAPPDATA"] ?? path.join(home, "AppData", "Local");
  if (platform === "darwin") return path.join(home, "Library", "Caches");
  const wanted = env["XDG_CACHE_HOME"] ?? "";
  return path.isAbsolute(wanted) ? wanted : path.join(home, ".cache");
}
