import { EventEmitter, once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { registerHooks } from "node:module";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { LibraryInstaller } from "../../src/main/updates/electron-updater.ts";
import { sha512Of, UpdateServer } from "../support/update-feed.ts";

/**
 * Electron's updater for macOS as the library uses it: fetches the update from the library's own server, as Squirrel does, and says
 * how that went. What macOS itself checks and replaces is not in here.
 */
class SquirrelDouble extends EventEmitter {
  feed: { readonly url: string; readonly headers: Record<string, string> } | null = null;
  fetched: Buffer = Buffer.alloc(0);
  quits = 0;
  fails = false;

  setFeedURL(feed: { readonly url: string; readonly headers: Record<string, string> }): void {
    this.feed = feed;
  }

  checkForUpdates(): void {
    void this.#fetch();
  }

  quitAndInstall(): void {
    this.quits += 1;
  }

  async #fetch(): Promise<void> {
    if (this.feed === null) throw new Error("no feed");
    const answer = JSON.parse((await get(this.feed.url, this.feed.headers)).toString()) as { readonly url: string };
    this.fetched = await get(answer.url, {});
    if (this.fails) this.emit("error", new Error("Code signature did not pass validation"));
    else this.emit("update-downloaded");
  }
}

async function get(url: string, headers: Record<string, string>): Promise<Buffer> {
  const [response] = (await once(http.get(url, { headers }), "response")) as [http.IncomingMessage];
  return Buffer.concat((await response.toArray()) as Buffer[]);
}

const squirrel = new SquirrelDouble();

beforeAll(() => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "culvert-squirrel-"));
  const file = path.join(folder, "electron.cjs");
  writeFileSync(file, "module.exports = { get autoUpdater() { return globalThis.culvertSquirrel; } };");
  Object.assign(globalThis, { culvertSquirrel: squirrel });
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "electron" ? { url: pathToFileURL(file).href, shortCircuit: true } : next(specifier, context),
  });
  return () => {
    hooks.deregister();
    rmSync(folder, { recursive: true });
  };
});

const name = "Culvert-1.5.0-mac.zip";
const content = Buffer.from("a zip of a newer app");
const never = new AbortController().signal;

async function downloaded(): Promise<LibraryInstaller> {
  Object.assign(squirrel, { feed: null, fetched: Buffer.alloc(0), quits: 0, fails: false });
  const server = await UpdateServer.start();
  const folder = mkdtempSync(path.join(os.tmpdir(), "culvert-mac-"));
  onTestFinished(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  server.files.set(name, content);
  const installer = new LibraryInstaller({
    way: { way: "squirrel" },
    feedUrl: server.url,
    version: "1.4.2",
    cacheFolder: folder,
    configFile: path.join(folder, "app-update.yml"),
    roots: () => [server.caPem],
    squirrel: () => squirrel,
    log: () => undefined,
  });
  const release = { version: "1.5.0", file: { name, sha512: sha512Of(content), size: content.length } };
  await installer.download(release, { signal: never, received: () => undefined });
  return installer;
}

test("the system gets the update only when it is to be installed, and restarts into it", async () => {
  const installer = await downloaded();
  // It installs what it was given as soon as the app ends, whether that was wanted or not.
  expect(squirrel.fetched).toHaveLength(0);
  await installer.prepare(never);
  expect(squirrel.fetched.equals(content)).toBe(true);
  expect(squirrel.quits).toBe(0);
  expect(installer.install(true)).toBe(true);
  expect(squirrel.quits).toBe(1);
});

test("at the end of the app the system installs by itself", async () => {
  const installer = await downloaded();
  await installer.prepare(never);
  expect(installer.install(false)).toBe(true);
  expect(squirrel.quits).toBe(0);
});

test("what the system does not accept is told before anything closes", async () => {
  const installer = await downloaded();
  squirrel.fails = true;
  await expect(installer.prepare(never)).rejects.toMatchObject({
    code: "update-failed",
    message: "The update could not be prepared: Code signature did not pass validation.",
  });
  expect(squirrel.quits).toBe(0);
});

test("who no longer waits for the system is let go", async () => {
  const installer = await downloaded();
  const stop = new AbortController();
  const listeners = squirrel.listenerCount("update-downloaded");
  squirrel.fails = false;
  const checkForUpdates = squirrel.checkForUpdates.bind(squirrel);
  squirrel.checkForUpdates = () => stop.abort();
  onTestFinished(() => void (squirrel.checkForUpdates = checkForUpdates));
  await expect(installer.prepare(stop.signal)).rejects.toMatchObject({ code: "cancelled" });
  expect(squirrel.listenerCount("update-downloaded")).toBe(listeners);
});
