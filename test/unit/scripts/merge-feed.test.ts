import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { mergeFolders, mergeMetadata } from "../../../scripts/merge-feed.ts";
import { readMetadata } from "../../../src/main/updates/release.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "culvert-merge-feed-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const sha512 = (letter: string): string => `${letter.repeat(86)}==`;

/** Metadata as electron-builder writes it for one architecture. */
const metadata = (arch: string, version = "1.2.3"): string =>
  stringify({
    version,
    files: [{ url: `culvert-${version}-win-${arch}.exe`, sha512: sha512(arch.slice(0, 1)), size: 7, blockMapSize: 3 }],
    path: `culvert-${version}-win-${arch}.exe`,
    sha512: sha512(arch.slice(0, 1)),
    releaseDate: "2026-01-02T03:04:05.000Z",
  });

/** A folder of one machine. */
function built(name: string, files: Readonly<Record<string, string>>): string {
  const at = path.join(folder, name);
  mkdirSync(at);
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(at, file), text);
  return at;
}

test("what was built for two architectures becomes one feed, which the app can read", () => {
  const x64 = built("x64", { "latest.yml": metadata("x64"), "culvert-1.2.3-win-x64.exe": "MZ x64" });
  const arm64 = built("arm64", { "latest.yml": metadata("arm64"), "culvert-1.2.3-win-arm64.exe": "MZ arm" });
  const linux = built("linux", { "latest-linux.yml": metadata("x64") });
  const out = path.join(folder, "out");
  mergeFolders(out, [x64, arm64, linux]);
  expect(readdirSync(out).sort()).toEqual([
    "culvert-1.2.3-win-arm64.exe",
    "culvert-1.2.3-win-x64.exe",
    "latest-linux.yml",
    "latest.yml",
  ]);
  const merged = parse(readFileSync(path.join(out, "latest.yml"), "utf8")) as Record<string, unknown>;
  expect(readMetadata(merged).files.map(({ url }) => url)).toEqual([
    "culvert-1.2.3-win-x64.exe",
    "culvert-1.2.3-win-arm64.exe",
  ]);
  expect(merged).toMatchObject({
    path: "culvert-1.2.3-win-x64.exe",
    files: [{ blockMapSize: 3 }, { blockMapSize: 3 }],
  });
  expect(readFileSync(path.join(out, "latest-linux.yml"), "utf8")).toBe(metadata("x64"));
});

test.each([
  ["two versions", () => [metadata("x64"), metadata("arm64", "1.2.4")], /not of one version: 1\.2\.3, 1\.2\.4/],
  ["one file twice", () => [metadata("x64"), metadata("x64")], /culvert-1\.2\.3-win-x64\.exe was built twice/],
  ["what is no metadata", () => [metadata("x64"), "version: 1.2.3\nfiles: none\n"], /files/],
])("%s is not merged", (_what, texts, message) => {
  expect(() => mergeMetadata(texts())).toThrow(message);
});

test("two files of one name are not one", () => {
  const folders = ["a", "b"].map((name) => built(name, { "culvert.deb": name }));
  expect(() => mergeFolders(path.join(folder, "out"), folders)).toThrow("culvert.deb is in more than one folder");
});
