import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SettingsStore } from "../../../../src/main/store/settings-store.ts";
import { defaultSettings } from "../../../../src/shared/model/settings.ts";
import { FaultyFile } from "./faulty-file.ts";

let folder: string;
let file: FaultyFile;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "culvert-settings-"));
  file = new FaultyFile(path.join(folder, "settings.json"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const kept = "settings-kept-2026-11-21.json";
const open = (): SettingsStore => new SettingsStore({ file, now: () => new Date(2026, 10, 21) });

test("begin at their defaults, and a change stays", () => {
  const store = open();
  expect(store.load()).toEqual([]);
  expect(store.current).toEqual(defaultSettings);
  const changed = { ...defaultSettings, theme: "dark" as const, warnBeforeSessionEnds: 5 as const };
  expect(store.change({ theme: "dark", warnBeforeSessionEnds: 5 })).toEqual(changed);
  const again = open();
  expect(again.load()).toEqual([]);
  expect(again.current).toEqual(changed);
});

test("a file that lacks newer settings gets their defaults, without a word", () => {
  writeFileSync(file.path, '{"version":1,"settings":{"theme":"dark"}}');
  const store = open();
  expect(store.load()).toEqual([]);
  expect(store.current).toEqual({ ...defaultSettings, theme: "dark" });
});

test("one that is wrong goes to its default, is told once, and the file is kept", () => {
  const content = '{"version":1,"settings":{"theme":"pink","density":"compact","colour":1,"__proto__":2}}';
  writeFileSync(file.path, content);
  const store = open();
  expect(store.load()).toMatchObject([
    {
      id: "settings-unreadable",
      kind: "store-unreadable",
      message: `3 settings could not be read and are at their defaults. The file was kept as ${kept}.`,
      file: path.join(folder, kept),
    },
  ]);
  expect(store.current).toEqual({ ...defaultSettings, density: "compact" });
  expect(readFileSync(path.join(folder, kept), "utf8")).toBe(content);
  const again = open();
  expect(again.load()).toEqual([]);
  expect(again.current).toEqual(store.current);
});

test.each(["junk", '{"version":1,"settings":[]}', '{"settings":{}}'])("%s is kept aside as a whole", (content) => {
  writeFileSync(file.path, content);
  const store = open();
  expect(store.load()).toMatchObject([
    {
      message: `Your settings could not be read. A copy was kept as ${kept} and every setting is at its default.`,
    },
  ]);
  expect(store.current).toEqual(defaultSettings);
  expect(readFileSync(path.join(folder, kept), "utf8")).toBe(content);
});

test("a full disk leaves the change in memory, to be saved again", () => {
  const store = open();
  store.load();
  file.fault = "ENOSPC";
  store.change({ theme: "light" });
  expect(store.current.theme).toBe("light");
  expect(store.saveFailure?.message).toBe("Changes could not be saved: the disk is full.");
  file.fault = null;
  store.saveAgain();
  expect(store.saveFailure).toBeNull();
  const again = open();
  again.load();
  expect(again.current.theme).toBe("light");
});

test("closing writes what a full disk did not take", () => {
  const store = open();
  store.load();
  file.fault = "ENOSPC";
  store.change({ theme: "dark" });
  file.fault = null;
  store.close();
  store.close();
  expect(file.writes).toBe(1);
  const again = open();
  again.load();
  expect(again.current.theme).toBe("dark");
});

test("what is locked holds and is never written: the file keeps what the user had", () => {
  const store = open();
  store.load();
  store.change({ theme: "light" });
  store.lock({ theme: "dark", density: "compact" });
  expect(store.current).toMatchObject({ theme: "dark", density: "compact" });
  expect([store.isLocked("theme"), store.isLocked("logLevel")]).toEqual([true, false]);
  expect(store.change({ logLevel: "debug" })).toMatchObject({ theme: "dark", logLevel: "debug" });
  const again = open();
  again.load();
  expect(again.current).toEqual({ ...defaultSettings, theme: "light", logLevel: "debug" });
  // A lock that is there before the file is read holds as well.
  const early = open();
  early.lock({ theme: "dark" });
  early.load();
  expect(early.current.theme).toBe("dark");
  early.lock({});
  expect(early.current.theme).toBe("light");
});
