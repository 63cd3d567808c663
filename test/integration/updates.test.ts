import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { execFileSync } from "node:child_process";
import type http from "node:http";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { sha512Of } from "../support/update-feed.ts";
import { appImage as name, emptyUpdateServer, never, updatingComputer } from "../support/updating-computer.ts";
import { eventually } from "./connector-clients.ts";

const server = await emptyUpdateServer();
const computer = (options?: Parameters<typeof updatingComputer>[1]) => updatingComputer(server, options);

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
  const release = await first.found();
  server.asked.length = 0;
  await first.startInstaller().download(release, options);
  expect(server.asked).toEqual([]);
  writeFileSync(path.join(first.pending, name), "something else");
  const third = first.startInstaller();
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

test("what comes to the place of an AppImage is what was signed, also where the download changes after the check", async () => {
  const { apps, image, installer, found, download, pending } = computer();
  const content = newImage("/dev/null");
  server.publish("1.5.0", { [name]: content });
  await download(await found());
  await installer.prepare(never);
  writeFileSync(path.join(pending, name), Buffer.concat([content, Buffer.from("evil\n")]));
  expect(installer.install(true)).toBe(false);
  expect(readFileSync(image, "utf8")).toContain("exit 0");
  expect(readdirSync(apps)).toEqual([path.basename(image)]);
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

test.each<[string, (image: string) => void]>([
  ["was moved", (image) => renameSync(image, `${image}.moved`)],
  ["was replaced by another program", (image) => writeFileSync(image, "#!/bin/sh\necho newer\n")],
  [
    "was moved, with a link to it in its place",
    (image) => {
      renameSync(image, `${image}.moved`);
      symlinkSync(`${image}.moved`, image);
    },
  ],
])("an AppImage that %s while it runs is not installed over", async (_what, change) => {
  const { apps, image, installer, found, download } = computer();
  server.publish("1.5.0", { [name]: newImage("/dev/null") });
  await download(await found());
  await installer.prepare(never);
  change(image);
  const after = readdirSync(apps).map((one) => [one, readFileSync(path.join(apps, one), "utf8")]);
  await expect(installer.prepare(never)).rejects.toMatchObject({
    code: "update-failed",
    message: "The AppImage that runs was moved or replaced.",
  });
  // Also where it happens in the last moment.
  expect(installer.install(false)).toBe(false);
  expect(readdirSync(apps).map((one) => [one, readFileSync(path.join(apps, one), "utf8")])).toEqual(after);
});

test("the library itself refuses a lower version, should one get that far", async () => {
  const { download } = computer({ running: "1.6.0" });
  const file = { name, sha512: sha512Of(Buffer.from("x")), size: 1 };
  await expect(download({ version: "1.5.0", file })).rejects.toMatchObject({ code: "update-failed" });
  expect(server.asked).toEqual([]);
});

test("a check and a download end when they are told to", async () => {
  const { find, found, download, pending } = computer();
  const silent = (response: http.ServerResponse): void => void response.writeHead(200).flushHeaders();
  server.files.set("latest-linux.yml", silent);
  const check = new AbortController();
  const checked = find({ signal: check.signal });
  await eventually(() => server.asked.length === 1);
  check.abort();
  await expect(checked).rejects.toMatchObject({ code: "cancelled" });

  server.publish("1.5.0", { [name]: newImage("/dev/null") });
  const release = await found();
  server.files.set(name, silent);
  const downloading = new AbortController();
  const downloaded = download(release, downloading.signal);
  await eventually(() => server.asked.includes(`/stable/${name}`));
  downloading.abort();
  await expect(downloaded).rejects.toMatchObject({ code: "cancelled" });
  expect(readdirSync(pending)).toEqual([]);
});
