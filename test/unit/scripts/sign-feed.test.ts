import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { parse, stringify } from "yaml";
import { joinFeeds, signFolder, signingKeys } from "../../../scripts/sign-feed.ts";
import { updateSource } from "../../../scripts/update-source.ts";
import { releaseIn } from "../../../src/main/updates/release.ts";
import { isSigned, publicKeysOf } from "../../../src/main/updates/signature.ts";
import { newSigningKey, sha512Of } from "../../support/update-feed.ts";

const one = newSigningKey();
const other = newSigningKey();
const program = Buffer.from("program");

/** A folder as electron-builder leaves it. */
function release(change: Readonly<Record<string, unknown>> = {}): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "culvert-feed-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = { url: "Culvert-1.5.0.AppImage", sha512: sha512Of(program), size: program.length, ...change };
  writeFileSync(path.join(folder, "Culvert-1.5.0.AppImage"), program);
  writeFileSync(path.join(folder, "latest-linux.yml"), stringify({ version: "1.5.0", files: [file] }));
  return folder;
}

test("metadata is signed by each key, as the app checks it", async () => {
  const folder = release();
  expect(await signFolder(folder, [one.pem, other.pem])).toEqual(["latest-linux.yml"]);
  const content = readFileSync(path.join(folder, "latest-linux.yml"));
  const signatures = readFileSync(path.join(folder, "latest-linux.yml.sig"), "latin1");
  for (const { publicKey } of [one, other])
    expect(isSigned("latest-linux.yml", content, signatures, publicKeysOf(publicKey) ?? [])).toBe(true);
});

test("what the app would refuse is not signed", async () => {
  await expect(signFolder(release({ size: 8 }), [one.pem])).rejects.toThrow("is not the file that its metadata");
  await expect(signFolder(release({ sha512: sha512Of(Buffer.from("x")) }), [one.pem])).rejects.toThrow(
    "is not the file",
  );
  await expect(signFolder(release({ url: "gone.AppImage" }), [one.pem])).rejects.toThrow("is not there");
  await expect(signFolder(release({ url: "../x.AppImage" }), [one.pem])).rejects.toThrow("metadata is not in order");
  const empty = mkdtempSync(path.join(os.tmpdir(), "culvert-feed-"));
  onTestFinished(() => rmSync(empty, { recursive: true }));
  await expect(signFolder(empty, [one.pem])).rejects.toThrow("There is no latest*.yml");
});

test("metadata can be good for some days only, and is renewed by signing it again", async () => {
  const folder = release();
  const file = path.join(folder, "latest-linux.yml");
  const before = readFileSync(file, "utf8");
  const day = 86_400_000;
  const now = Date.parse("2026-11-21T10:00:00Z");
  const untilOf = (): unknown => (parse(readFileSync(file, "utf8")) as Record<string, unknown>)["validUntil"];
  await signFolder(folder, [one.pem], { validDays: 30, now });
  expect(untilOf()).toBe("2026-12-21T10:00:00.000Z");
  await signFolder(folder, [one.pem], { validDays: 30, now: now + 20 * day });
  expect(readFileSync(file, "utf8")).toBe(`${before}validUntil: 2027-01-10T10:00:00.000Z\n`);
  const signatures = readFileSync(`${file}.sig`, "latin1");
  expect(isSigned("latest-linux.yml", readFileSync(file), signatures, publicKeysOf(one.publicKey) ?? [])).toBe(true);
  // Signed as it is, and it is too late for that.
  await signFolder(folder, [one.pem], { now: now + 21 * day });
  expect(untilOf()).toBe("2027-01-10T10:00:00.000Z");
  await expect(signFolder(folder, [one.pem], { now: now + 60 * day })).rejects.toThrow(
    "latest-linux.yml was good until 2027-01-10T10:00:00.000Z: set CULVERT_UPDATE_VALID_DAYS",
  );
});

/** What one machine leaves for macOS. */
function built(arch: string, version = "1.5.0"): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "culvert-feed-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const url = `culvert-${version}-mac-${arch}.zip`;
  const content = Buffer.from(arch);
  writeFileSync(path.join(folder, url), content);
  writeFileSync(path.join(folder, `culvert-${version}-mac-${arch}.dmg`), "image");
  const files = [{ url, sha512: sha512Of(content), size: content.length, blockMapSize: 5 }];
  writeFileSync(path.join(folder, "latest-mac.yml"), stringify({ version, files, path: url, releaseDate: "2026" }));
  // Of no use to anybody but who has built it.
  mkdirSync(path.join(folder, "mac-unpacked"));
  for (const name of ["builder-debug.yml", "builder-effective-config.yaml", ".DS_Store", "latest-mac.yml.sig"])
    writeFileSync(path.join(folder, name), "");
  return folder;
}

test("what two machines have built becomes one feed with all that is to be published", async () => {
  const feed = path.join(release(), "feed");
  const [x64, arm64] = [built("x64"), built("arm64")];
  joinFeeds([x64, arm64], feed);
  // Again, as a release that is made anew.
  expect(joinFeeds([arm64, x64], feed)).toEqual(["latest-mac.yml"]);
  expect(readdirSync(feed).sort()).toEqual([
    "culvert-1.5.0-mac-arm64.dmg",
    "culvert-1.5.0-mac-arm64.zip",
    "culvert-1.5.0-mac-x64.dmg",
    "culvert-1.5.0-mac-x64.zip",
    "latest-mac.yml",
  ]);
  expect(await signFolder(feed, [one.pem])).toEqual(["latest-mac.yml"]);
  const wanted = { running: "1.4.2", way: "squirrel", system: "25.0.0" } as const;
  const metadata: unknown = parse(readFileSync(path.join(feed, "latest-mac.yml"), "utf8"));
  for (const arch of ["x64", "arm64"])
    expect(releaseIn(metadata, { ...wanted, arch })?.file.name).toBe(`culvert-1.5.0-mac-${arch}.zip`);
});

test("two versions, two files of one name, and what is no metadata do not become a feed", () => {
  const feed = path.join(release(), "feed");
  const x64 = built("x64");
  expect(() => joinFeeds([x64, built("arm64", "1.5.1")], feed)).toThrow("is of 1.5.0 in one folder and of 1.5.1");
  expect(() => joinFeeds([x64, built("x64")], feed)).toThrow("culvert-1.5.0-mac-x64.dmg is in ");
  writeFileSync(path.join(x64, "latest-mac.yml"), "version: 1.5.0\nfiles: none\n");
  expect(() => joinFeeds([x64], feed)).toThrow("metadata is not in order (files)");
});

const script = path.join(import.meta.dirname, "../../../scripts/sign-feed.ts");

/** Runs it as the workflow does. */
function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: "utf8", env });
  return { status, said: stdout + stderr };
}

test("builds without a feed are gathered without a key; with one a key has to be there, and the app to believe it", () => {
  const feed = path.join(release(), "feed");
  const x64 = built("x64");
  expect(run(["--into", feed, x64])).toEqual({
    status: 1,
    said: "There is no key: set CULVERT_UPDATE_SIGNING_KEY or CULVERT_UPDATE_SIGNING_KEY_FILE\n",
  });
  const signed = { CULVERT_UPDATE_SIGNING_KEY: one.pem };
  expect(run(["--into", feed, x64], signed)).toEqual({ status: 0, said: "latest-mac.yml.sig\n" });
  expect(readFileSync(path.join(feed, "latest-mac.yml"), "utf8")).not.toContain("validUntil");
  for (const days of ["0", "-1", "1.5", "month", "4000"])
    expect(run(["--into", feed, x64], { ...signed, CULVERT_UPDATE_VALID_DAYS: days })).toEqual({
      status: 1,
      said: `CULVERT_UPDATE_VALID_DAYS is a number of days from 1 to 3650, not ${days}\n`,
    });
  expect(run(["--into", feed, x64], { ...signed, CULVERT_UPDATE_VALID_DAYS: "30" }).status).toBe(0);
  expect(readFileSync(path.join(feed, "latest-mac.yml"), "utf8")).toMatch(/^validUntil: 2\d{3}-/m);
  const keys = (publicKey: string) => ({ ...signed, CULVERT_UPDATE_KEYS: publicKey });
  expect(run(["--into", feed, x64], keys(`${other.publicKey} ${one.publicKey}`)).status).toBe(0);
  expect(run(["--into", feed, x64], keys(other.publicKey))).toEqual({
    status: 1,
    said: "The app would refuse this feed: CULVERT_UPDATE_KEYS has the public half of none of the signing keys\n",
  });
  rmSync(path.join(x64, "latest-mac.yml"));
  const without = path.join(release(), "feed");
  expect(run(["--into", without, x64])).toMatchObject({
    status: 0,
    said: expect.stringContaining("have no feed of updates") as string,
  });
  expect(readdirSync(without)).toEqual(["culvert-1.5.0-mac-x64.dmg", "culvert-1.5.0-mac-x64.zip"]);
});

test("keys come from the environment or from a file, several at once", () => {
  expect(signingKeys({ CULVERT_UPDATE_SIGNING_KEY: one.pem })).toHaveLength(1);
  const file = path.join(release(), "keys.pem");
  writeFileSync(file, `${one.pem}\n${other.pem}`);
  expect(signingKeys({ CULVERT_UPDATE_SIGNING_KEY_FILE: file })).toHaveLength(2);
  expect(() => signingKeys({})).toThrow("There is no key");
  expect(() => signingKeys({ CULVERT_UPDATE_SIGNING_KEY: "secret" })).toThrow("There is no key");
});

test("a build takes a feed with its keys, keys alone, or nothing; all else stops it", () => {
  expect(updateSource({})).toEqual({ url: "", keys: "" });
  const url = "https://updates.example/culvert";
  const keys = `${one.publicKey} ${other.publicKey}`;
  expect(updateSource({ CULVERT_UPDATE_URL: url, CULVERT_UPDATE_KEYS: keys })).toEqual({ url, keys });
  expect(updateSource({ CULVERT_UPDATE_KEYS: keys })).toEqual({ url: "", keys });
  expect(() => updateSource({ CULVERT_UPDATE_URL: url })).toThrow("needs CULVERT_UPDATE_KEYS");
  expect(() => updateSource({ CULVERT_UPDATE_URL: url, CULVERT_UPDATE_KEYS: "x" })).toThrow("32 bytes");
  for (const wrong of ["http://updates.example/", "updates.example", "https://me:secret@updates.example/"])
    expect(() => updateSource({ CULVERT_UPDATE_URL: wrong, CULVERT_UPDATE_KEYS: keys }), wrong).toThrow("not an https");
});
