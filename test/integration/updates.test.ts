import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import type { KeyObject } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";
import { LibraryInstaller } from "../../src/main/updates/electron-updater.ts";
import { findRelease } from "../../src/main/updates/feed.ts";
import type { Release } from "../../src/main/updates/release.ts";
import { publicKeyOf } from "../../src/main/updates/signature.ts";
import { newSigningKey, sha512Of, UpdateServer } from "../support/update-feed.ts";

let server: UpdateServer;
beforeAll(async () => {
  server = await UpdateServer.start();
});
afterAll(() => server.close());
beforeEach(() => {
  server.files.clear();
  server.asked.length = 0;
});

const name = "Culvert-1.5.0-x86_64.AppImage";
const never = new AbortController().signal;

const keyOf = (text: string): KeyObject => {
  const key = publicKeyOf(text);
  if (key === null) throw new Error("not a key");
  return key;
};

/** A computer with the app as an AppImage (or as an NSIS installation) and its caches. */
function computer(options: { readonly way?: "appimage" | "nsis"; readonly running?: string } = {}) {
  const { way = "appimage", running = "1.4.2" } = options;
  const folder = mkdtempSync(path.join(os.tmpdir(), "culvert-updates-"));
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
  const logged: string[] = [];
  const installer = new LibraryInstaller({
    way: way === "nsis" ? { way } : { way, file: image },
    feedUrl: server.url,
    version: running,
    cacheFolder: caches,
    configFile: path.join(folder, "app-update.yml"),
    roots,
    squirrel: () => {
      throw new Error("this is not macOS");
    },
    log: (level, message) => logged.push(`${level} ${message}`),
  });
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
  const download = (release: Release, signal = never): Promise<void> =>
    installer.download(release, { signal, received: () => undefined });
  const pending = path.join(caches, "culvert-updater/pending");
  return { folder, apps, image, caches, pending, installer, find, found, download, logged };
}

/** A program for the place of the AppImage, which tells that it was started. */
const newImage = (marker: string): Buffer =>
  Buffer.from(`#!/bin/sh\n# ${"x".repeat(200_000)}\nprintf started >> '${marker}'\n`);

test("a signed release is found, downloaded whole, and put in the place of the running AppImage", async () => {
  const { apps, folder, image, pending, installer, found } = computer();
  const marker = path.join(folder, "marker");
  const content = newImage(marker);
  server.publish("1.5.0", { [name]: content });
  const release = await found();
  expect(release).toEqual({ version: "1.5.0", file: { name, sha512: sha512Of(content), size: content.length } });
  expect(server.asked).toEqual(["/stable/latest-linux.yml", "/stable/latest-linux.yml.sig"]);

  let received = 0;
  await installer.download(release, { signal: never, received: (bytes) => (received = bytes) });
  expect(received).toBe(content.length);
  // Nothing that tells one computer from another.
  expect(Object.keys(server.headers).toSorted()).toEqual([
    "accept",
    "cache-control",
    "connection",
    "host",
    "user-agent",
  ]);
  expect(server.headers["user-agent"]).toBe("Culvert");
  expect(readFileSync(image, "utf8")).toContain("exit 0");

  await installer.prepare(never);
  expect(installer.install(true)).toBe(true);
  expect(readFileSync(image).equals(content)).toBe(true);
  // In place, under the old name, with nothing beside it.
  expect(readdirSync(apps)).toEqual([path.basename(image)]);
  const limit = Date.now() + 20_000;
  while (!existsSync(marker) && Date.now() < limit) await sleep(20);
  expect(readFileSync(marker, "utf8")).toBe("started");
  // Nothing as large as the app is left behind.
  expect(readdirSync(pending)).not.toContain(name);
});

test("without a restart the new version is in place and not started", async () => {
  const { folder, image, installer, found, download } = computer();
  const marker = path.join(folder, "marker");
  server.publish("1.5.0", { [name]: newImage(marker) });
  await download(await found());
  await installer.prepare(never);
  expect(installer.install(false)).toBe(true);
  expect(readFileSync(image, "utf8")).toContain(marker);
  // Started by us, and by nobody before.
  execFileSync(image);
  expect(readFileSync(marker, "utf8")).toBe("started");
});

test("what an earlier run has downloaded is taken where it is still the same", async () => {
  const first = computer();
  server.publish("1.5.0", { [name]: newImage("/dev/null") });
  await first.download(await first.found());
  server.asked.length = 0;
  const options = { signal: never, received: () => undefined };
  const again = (): LibraryInstaller =>
    new LibraryInstaller({
      way: { way: "appimage", file: first.image },
      feedUrl: server.url,
      version: "1.4.2",
      cacheFolder: first.caches,
      configFile: path.join(first.folder, "app-update.yml"),
      roots: () => [server.caPem],
      squirrel: () => {
        throw new Error("this is not macOS");
      },
      log: () => undefined,
    });
  const release = await first.found();
  server.asked.length = 0;
  await again().download(release, options);
  expect(server.asked).toEqual([]);
  writeFileSync(path.join(first.pending, name), "something else");
  const third = again();
  await third.download(release, options);
  expect(server.asked).toEqual([`/stable/${name}`]);
  await third.prepare(never);
});

test("Windows takes its installer, and one that is not the signed one is refused", async () => {
  const { found, download, installer, pending } = computer({ way: "nsis" });
  const setup = "Culvert-Setup-1.5.0.exe";
  server.publish("1.5.0", { [setup]: Buffer.from("MZ good") }, { name: "latest.yml" });
  const release = await found();
  await download(release);
  await installer.prepare(never);
  expect(readFileSync(path.join(pending, setup), "utf8")).toBe("MZ good");

  const other = computer({ way: "nsis" });
  server.files.set(setup, Buffer.from("MZ evil"));
  await expect(other.download(release)).rejects.toMatchObject({
    code: "update-refused",
    message: "The update that was downloaded is not the one that was signed.",
  });
  expect(existsSync(other.pending) ? readdirSync(other.pending) : []).toEqual([]);
  await expect(other.installer.prepare(never)).rejects.toMatchObject({ code: "update-failed" });
  expect(other.installer.install(true)).toBe(false);
});

test.each<[string, (content: Buffer) => Buffer]>([
  ["one byte of another value", (content) => Buffer.concat([content.subarray(0, -1), Buffer.from("!")])],
  ["a byte less", (content) => content.subarray(0, -1)],
  ["a byte more", (content) => Buffer.concat([content, Buffer.from("!")])],
  ["nothing", () => Buffer.alloc(0)],
])("a file with %s than was signed is not kept, and the program stays", async (_what, change) => {
  const { image, installer, found, download, pending } = computer();
  const content = newImage("/dev/null");
  server.publish("1.5.0", { [name]: content });
  const release = await found();
  server.files.set(name, change(content));
  await expect(download(release)).rejects.toMatchObject({ name: "AppError" });
  expect(readdirSync(pending)).toEqual([]);
  expect(installer.install(true)).toBe(false);
  expect(readFileSync(image, "utf8")).toContain("exit 0");
  // The right one is taken afterwards.
  server.files.set(name, content);
  await download(release);
  await installer.prepare(never);
});

test("a file that changes or goes after the download is noticed before anything closes, and can be had again", async () => {
  const { image, installer, found, download, pending } = computer();
  server.publish("1.5.0", { [name]: newImage("/dev/null") });
  const release = await found();
  await download(release);
  writeFileSync(path.join(pending, name), "something else");
  await expect(installer.prepare(never)).rejects.toMatchObject({ code: "update-refused" });
  expect(installer.install(true)).toBe(false);
  await download(release);
  await installer.prepare(never);
  rmSync(path.join(pending, name));
  await expect(installer.prepare(never)).rejects.toMatchObject({
    message: "The update that was downloaded is no longer there.",
  });
  await download(release);
  await installer.prepare(never);
  expect(readFileSync(image, "utf8")).toContain("exit 0");
});

test("the check before installing ends when it is told to, and keeps the file for the next time", async () => {
  const { installer, found, download, pending } = computer();
  server.publish("1.5.0", { [name]: newImage("/dev/null") });
  await download(await found());
  // A disk that does not answer, in so far as a test can have one.
  const file = path.join(pending, name);
  renameSync(file, `${file}.kept`);
  execFileSync("mkfifo", [file]);
  const late = new AbortController();
  const prepared = installer.prepare(late.signal);
  const writer = openSync(file, constants.O_RDWR);
  onTestFinished(() => closeSync(writer));
  late.abort();
  await expect(prepared).rejects.toMatchObject({ code: "cancelled" });
  expect(existsSync(file)).toBe(true);
  renameSync(`${file}.kept`, file);
  await installer.prepare(never);
});

test("a link that somebody else has left beside an AppImage is not written through", async () => {
  const { apps, folder, image, installer, found, download } = computer();
  const treasure = path.join(folder, "treasure");
  writeFileSync(treasure, "mine");
  symlinkSync(treasure, path.join(apps, `.${path.basename(image)}.update`));
  server.publish("1.5.0", { [name]: newImage("/dev/null") });
  await download(await found());
  await installer.prepare(never);
  expect(installer.install(false)).toBe(true);
  expect(readFileSync(treasure, "utf8")).toBe("mine");
  expect(lstatSync(image).isFile()).toBe(true);
  expect(lstatSync(image).mode & 0o777).toBe(0o755);
});

test("an AppImage that cannot be replaced stays whole, with nothing beside it", async () => {
  const { apps, image, installer, found, download, pending } = computer();
  server.publish("1.5.0", { [name]: newImage("/dev/null") });
  await download(await found());
  await installer.prepare(never);
  rmSync(path.join(pending, name));
  expect(installer.install(true)).toBe(false);
  expect(readFileSync(image, "utf8")).toContain("exit 0");
  expect(readdirSync(apps)).toEqual([path.basename(image)]);
});

test("nothing is downloaded, nor even read, without a good signature", async () => {
  const { find } = computer();
  const refused = {
    code: "update-refused",
    message: expect.stringContaining("offers an update with a wrong signature") as string,
  };
  server.publish("1.5.0", { [name]: Buffer.from("x") });
  await expect(find({ keys: [keyOf(newSigningKey().publicKey)] })).rejects.toMatchObject(refused);
  // The signature of another system's metadata, though by the right key.
  server.publish("1.5.0", { [name]: Buffer.from("x") }, { name: "latest-mac.yml" });
  const { files } = server;
  files.set("latest-linux.yml", files.get("latest-mac.yml") ?? Buffer.alloc(0));
  files.set("latest-linux.yml.sig", files.get("latest-mac.yml.sig") ?? Buffer.alloc(0));
  await expect(find()).rejects.toMatchObject(refused);
  // Signed and changed afterwards.
  server.publish("1.5.0", { [name]: Buffer.from("x") });
  const good = files.get("latest-linux.yml") as Buffer;
  files.set("latest-linux.yml", Buffer.from(good.toString().replace("1.5.0", "1.6.0")));
  await expect(find()).rejects.toMatchObject(refused);
  files.set("latest-linux.yml.sig", Buffer.from("<html>"));
  await expect(find()).rejects.toMatchObject(refused);
  expect(server.asked.filter((one) => !one.includes("latest"))).toEqual([]);
});

test("old metadata with a good signature offers nothing", async () => {
  const { find } = computer({ running: "1.6.0" });
  server.publish("1.5.0", { [name]: Buffer.from("x") });
  expect(await find()).toBeNull();
  server.publish("1.6.0", { [name]: Buffer.from("x") });
  expect(await find()).toBeNull();
});

test("the library itself refuses a lower version, should one get that far", async () => {
  const { download } = computer({ running: "1.6.0" });
  const file = { name, sha512: sha512Of(Buffer.from("x")), size: 1 };
  await expect(download({ version: "1.5.0", file })).rejects.toMatchObject({ code: "update-failed" });
  expect(server.asked).toEqual([]);
});

test("signed metadata out of order is refused: no YAML, tricks of YAML, other hosts", async () => {
  const { find } = computer();
  for (const text of [
    "{",
    "",
    "version: !!js/function 'x'",
    `version: 1.5.0\nfiles:\n  - url: https://evil.example/a.AppImage\n    sha512: ${"A".repeat(86)}==\n    size: 1\n`,
    `version: 1.5.0\nfiles:\n  - url: ../../a.AppImage\n    sha512: ${"A".repeat(86)}==\n    size: 1\n`,
    "version: 1.5.0\nfiles: &a [*a]\n",
    "__proto__:\n  version: 1.5.0\n",
  ]) {
    server.putSigned("latest-linux.yml", text);
    await expect(find(), text).rejects.toMatchObject({ code: "update-refused" });
  }
});

test.each<[string, (response: http.ServerResponse) => void, string]>([
  ["too much", (response) => void response.end(Buffer.alloc(200_000)), "sent more than was expected"],
  [
    "without an end",
    (response) => {
      const more = (): void => void (response.writable && response.write(Buffer.alloc(16_384), more));
      more();
    },
    "sent more than was expected",
  ],
  [
    "a size that is too much",
    (response) => void response.writeHead(200, { "content-length": "99999999" }).flushHeaders(),
    "more",
  ],
  ["an error", (response) => void response.writeHead(500).end(), "answered 500"],
  ["elsewhere", (response) => void response.writeHead(302, { location: "http://localhost:1/" }).end(), "answered 302"],
  [
    "half",
    (response) => void response.writeHead(200, { "content-length": "50" }).write("x", () => response.destroy()),
    "was lost",
  ],
  ["nothing", (response) => response.destroy(), "was lost"],
])("a server that sends %s costs nothing but a message", async (_what, answer, message) => {
  const { find } = computer();
  server.files.set("latest-linux.yml", answer);
  await expect(find()).rejects.toMatchObject({
    code: "update-failed",
    message: expect.stringContaining(message) as string,
  });
});

test("a server of another name, of another CA, without TLS, or none at all is not believed", async () => {
  const { find } = computer();
  server.publish("1.5.0", { [name]: Buffer.from("x") });
  await expect(find({ url: server.url.replace("localhost", "127.0.0.1") })).rejects.toMatchObject({
    message: expect.stringMatching(/^This computer does not trust the update server 127\.0\.0\.1:\d+\.$/) as string,
  });
  const stranger = await UpdateServer.start();
  onTestFinished(() => stranger.close());
  await expect(find({ url: stranger.url })).rejects.toMatchObject({
    message: expect.stringContaining("does not trust") as string,
  });
  await expect(find({ url: server.url.replace("https:", "http:") })).rejects.toMatchObject({ code: "setting-invalid" });
  const plain = http.createServer((_request, response) => response.end()).listen(0, "127.0.0.1");
  onTestFinished(() => void plain.close());
  await once(plain, "listening");
  const { port } = plain.address() as { readonly port: number };
  await expect(find({ url: `https://localhost:${port}/` })).rejects.toMatchObject({ code: "update-failed" });
  plain.close();
  await once(plain, "close");
  await expect(find({ url: `https://localhost:${port}/` })).rejects.toMatchObject({
    message: `The update server localhost:${port} refused the connection.`,
  });
  await expect(find({ url: "https://updates.invalid/" })).rejects.toMatchObject({
    message: "DNS knows no address for the update server updates.invalid.",
  });
});

test("a check and a download end when they are told to", async () => {
  const { find, found, download, pending } = computer();
  const silent = (response: http.ServerResponse): void => void response.writeHead(200).flushHeaders();
  server.files.set("latest-linux.yml", silent);
  const check = new AbortController();
  const checked = find({ signal: check.signal });
  await waitFor(() => server.asked.length === 1);
  check.abort();
  await expect(checked).rejects.toMatchObject({ code: "cancelled" });

  server.publish("1.5.0", { [name]: newImage("/dev/null") });
  const release = await found();
  server.files.set(name, silent);
  const downloading = new AbortController();
  const downloaded = download(release, downloading.signal);
  await waitFor(() => server.asked.includes(`/stable/${name}`));
  downloading.abort();
  await expect(downloaded).rejects.toMatchObject({ code: "cancelled" });
  expect(readdirSync(pending)).toEqual([]);
});

async function waitFor(holds: () => boolean): Promise<void> {
  const limit = Date.now() + 20_000;
  while (!holds()) {
    if (Date.now() > limit) throw new Error("it did not happen");
    await sleep(10);
  }
}
