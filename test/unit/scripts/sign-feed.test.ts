import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

test("what two machines have built becomes one feed, and two versions do not", async () => {
  const built = (arch: string, version = "1.5.0"): string => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "culvert-feed-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const url = `culvert-${version}-mac-${arch}.zip`;
    const content = Buffer.from(arch);
    writeFileSync(path.join(folder, url), content);
    const files = [{ url, sha512: sha512Of(content), size: content.length, blockMapSize: 5 }];
    writeFileSync(path.join(folder, "latest-mac.yml"), stringify({ version, files, path: url, releaseDate: "2026" }));
    return folder;
  };
  const feed = path.join(release(), "feed");
  const [x64, arm64] = [built("x64"), built("arm64")];
  joinFeeds([x64, arm64], feed);
  // Again, as a release that is made anew.
  joinFeeds([arm64, x64], feed);
  expect(await signFolder(feed, [one.pem])).toEqual(["latest-mac.yml"]);
  const wanted = { running: "1.4.2", way: "squirrel", system: "25.0.0" } as const;
  const metadata: unknown = parse(readFileSync(path.join(feed, "latest-mac.yml"), "utf8"));
  for (const arch of ["x64", "arm64"])
    expect(releaseIn(metadata, { ...wanted, arch })?.file.name).toBe(`culvert-1.5.0-mac-${arch}.zip`);
  expect(() => joinFeeds([x64, built("arm64", "1.5.1")], feed)).toThrow("is of 1.5.0 in one folder and of 1.5.1");
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
