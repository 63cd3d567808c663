import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import type { KeyObject } from "node:crypto";
import path from "node:path";
import { afterAll, beforeEach, onTestFinished } from "vitest";
import { LibraryInstaller } from "../../src/main/updates/electron-updater.ts";
import { findRelease } from "../../src/main/updates/feed.ts";
import type { Release } from "../../src/main/updates/release.ts";
import { publicKeyOf } from "../../src/main/updates/signature.ts";
import { UpdateServer } from "./update-feed.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** The app, as the feed of the tests names it. */
export const appImage = "Culvert-1.5.0-x86_64.AppImage";

export const never: AbortSignal = new AbortController().signal;

export const keyOf = (text: string): KeyObject => {
  const key = publicKeyOf(text);
  if (key === null) throw new Error("not a key");
  return key;
};

/** A server for the tests of a file: each finds it empty. */
export async function emptyUpdateServer(): Promise<UpdateServer> {
  const server = await UpdateServer.start();
  afterAll(() => server.close());
  beforeEach(() => {
    server.files.clear();
    server.asked.length = 0;
  });
  return server;
}

/** A computer with the app as an AppImage (or as an NSIS installation) and its caches, until the test ends. */
export function updatingComputer(
  server: UpdateServer,
  { way = "appimage", running = "1.4.2" }: { readonly way?: "appimage" | "nsis"; readonly running?: string } = {},
) {
  const folder = temporaryFolder("updates");
  const apps = path.join(folder, "apps");
  mkdirSync(apps);
  const image = path.join(apps, "Culvert-1.4.2.AppImage");
  writeFileSync(image, "#!/bin/sh\nexit 0\n");
  chmodSync(image, 0o755);
  process.env["APPIMAGE"] = image;
  onTestFinished(() => {
    delete process.env["APPIMAGE"];
    rmSync(folder, { recursive: true, force: true });
  });
  const caches = path.join(folder, "caches");
  const roots = (): readonly string[] => [server.caPem];
  /** As each start of the app makes it. */
  const startInstaller = (): LibraryInstaller =>
    new LibraryInstaller({
      way: way === "nsis" ? { way } : { way, file: image },
      feedUrl: server.url,
      version: running,
      cacheFolder: caches,
      configFile: path.join(folder, "app-update.yml"),
      roots,
      squirrel: () => {
        throw new Error("this is not macOS");
      },
      log: () => undefined,
    });
  const installer = startInstaller();
  const find = (change: { readonly keys?: readonly KeyObject[]; readonly url?: string; signal?: AbortSignal } = {}) =>
    findRelease(
      {
        url: change.url ?? server.url,
        keys: change.keys ?? [keyOf(server.key.publicKey)],
        wanted: { running, way, arch: "x64", system: "6.1.0" },
        roots,
        parse: (text) => installer.parse(text),
      },
      change.signal ?? never,
    );
  const found = async (): Promise<Release> => {
    const release = await find();
    if (release === null) throw new Error("nothing newer");
    return release;
  };
  const download = (release: Release, signal: AbortSignal = never): Promise<void> =>
    installer.download(release, { signal, received: () => undefined });
  const pending = path.join(caches, "culvert-updater/pending");
  return { folder, apps, image, pending, installer, startInstaller, find, found, download };
}
