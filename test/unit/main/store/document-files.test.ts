import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DocumentFile } from "../../../../src/main/store/document-file.ts";
import { PlainDocumentFile } from "../../../../src/main/store/plain-document-file.ts";

// Outside Electron the module "electron" is the path of its binary; with this it does not look whether there is one.
process.env["ELECTRON_OVERRIDE_DIST_PATH"] = tmpdir();
const { ElectronDocumentFile } = await import("../../../../src/main/store/electron-document-file.ts");

let root: string;
let folder: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "culvert-document-"));
  folder = path.join(root, "home", "app");
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const modeOf = (file: string): number => statSync(file).mode & 0o777;

const kinds: [string, () => DocumentFile, string][] = [
  ["plain", () => new PlainDocumentFile(path.join(folder, "doc.json")), `doc.json.${"0a".repeat(12)}.tmp`],
  ["electron-store", () => new ElectronDocumentFile(folder, "doc"), "doc.next.json.tmp-1234567890abcdef"],
];

describe.each(kinds)("a document file of kind %s", (kind, make, leftover) => {
  test("is nothing before it is written, and makes nothing by being read", () => {
    const file = make();
    expect(file.path).toBe(path.join(folder, "doc.json"));
    expect(file.read()).toBeUndefined();
    expect(readdirSync(root)).toEqual([]);
  });

  test("comes back as it was written, also in another process's eyes", () => {
    const value = { version: 1, list: [{ "a.b": 1, text: "ä\u2028" }, null], deep: { x: [true] } };
    make().write(value);
    expect(make().read()).toEqual(value);
    expect(JSON.parse(readFileSync(path.join(folder, "doc.json"), "utf8"))).toEqual(value);
  });

  test.skipIf(process.platform === "win32")(
    "only this user can read it, whatever the umask and the folder were",
    () => {
      mkdirSync(folder, { recursive: true });
      chmodSync(folder, 0o777);
      const before = process.umask(0);
      try {
        make().write({ a: 1 });
      } finally {
        process.umask(before);
      }
      expect([modeOf(folder), modeOf(path.join(folder, "doc.json"))]).toEqual([0o700, 0o600]);
      chmodSync(path.join(folder, "doc.json"), 0o644);
      make().write({ a: 2 });
      expect(modeOf(path.join(folder, "doc.json"))).toBe(0o600);
    },
  );

  test.skipIf(process.platform === "win32")("folders above it that are made for it are private as well", () => {
    make().write({ a: 1 });
    expect(modeOf(path.dirname(folder))).toBe(0o700);
  });

  test("of two rapid writes the second stands, and nothing else is left", () => {
    const file = make();
    file.write({ a: 1 });
    file.write({ a: 2 });
    expect(file.read()).toEqual({ a: 2 });
    expect(readdirSync(folder)).toEqual(["doc.json"]);
  });

  test("what a crash before the rename left behind is ignored and cleared away; other files stay", () => {
    make().write({ a: 1 });
    for (const name of [leftover, "doc.json.bak", "doc-kept-2026-11-21.json"]) {
      writeFileSync(path.join(folder, name), '{"a":');
    }
    if (kind === "electron-store") writeFileSync(path.join(folder, "doc.next.json"), '{"a":');
    expect(make().read()).toEqual({ a: 1 });
    expect(readdirSync(folder).sort()).toEqual(["doc-kept-2026-11-21.json", "doc.json", "doc.json.bak"]);
  });

  test("what is no JSON throws and stays as it is", () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, "doc.json"), '{"a":');
    expect(() => make().read()).toThrow(SyntaxError);
    expect(readFileSync(path.join(folder, "doc.json"), "utf8")).toBe('{"a":');
  });

  test.skipIf(process.platform === "win32")("a disk that takes half of it is an error, and the old one stays", () => {
    make().write({ a: 1 });
    const worker = path.join(import.meta.dirname, "write-worker.ts");
    const command = `ulimit -f 16; exec "${process.execPath}" "${worker}" "$@"`;
    const run = (characters: string): string =>
      execFileSync("sh", ["-c", command, "sh", kind, folder, characters], { encoding: "utf8" });
    expect(run("1000000")).toMatch(/^(ENOSPC|EFBIG)$/);
    expect(readdirSync(folder)).toEqual(["doc.json"]);
    expect(make().read()).toEqual({ a: 1 });
    expect(run("100")).toBe("written");
    expect(make().read()).toEqual({ text: "x".repeat(100) });
    expect(readdirSync(folder)).toEqual(["doc.json"]);
  });
});
