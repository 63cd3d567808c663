import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ConnectionStore } from "../../../../src/main/store/connection-store.ts";
import { notSavedNotice } from "../../../../src/main/store/notices.ts";
import type { AppError } from "../../../../src/shared/errors.ts";
import { connectionLimits } from "../../../../src/shared/model/connection.ts";
import { FaultyFile } from "./faulty-file.ts";
import { connection } from "./samples.ts";

let folder: string;
let file: FaultyFile;
let saves: (AppError | null)[];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "culvert-connections-"));
  file = new FaultyFile(path.join(folder, "connections.json"));
  saves = [];
});

afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true, force: true });
});

const now = (): Date => new Date(2026, 10, 21, 12);
const open = (more: object = {}): ConnectionStore =>
  new ConnectionStore({ file, now, onSave: (failure) => void saves.push(failure), ...more });
const onDisk = (): unknown => JSON.parse(readFileSync(file.path, "utf8"));
const put = (text: string | object): string => {
  const content = typeof text === "string" ? text : JSON.stringify(text);
  writeFileSync(file.path, content);
  return content;
};
const namesOf = (store: ConnectionStore): string[] => store.all().map(({ name }) => name);
const kept = "connections-kept-2026-11-21.json";

describe("the list", () => {
  test("comes back whole and in its order", () => {
    const store = open();
    expect(store.load()).toEqual([]);
    const [one, two] = [connection({ name: "one" }), connection({ name: "two" })];
    store.put(one, two);
    const changed = { ...one, name: "one more", pinned: false };
    store.put(changed);
    expect(onDisk()).toEqual({ version: 1, connections: [changed, two] });
    const again = open();
    expect(again.load()).toEqual([]);
    expect(again.all()).toEqual([changed, two]);
    expect(again.get(two.id)).toEqual(two);
    expect(again.get("x")).toBeUndefined();
  });

  test("what is removed can be brought back to its place", () => {
    const store = open();
    const all = ["a", "b", "c", "d"].map((name) => connection({ name }));
    store.put(...all);
    const removed = store.remove([all[2]?.id ?? "", all[0]?.id ?? "", "unknown"]);
    expect(namesOf(store)).toEqual(["b", "d"]);
    store.restore(removed);
    expect(store.all()).toEqual(all);
    store.restore(removed);
    expect(store.all()).toEqual(all);
    expect(onDisk()).toEqual({ version: 1, connections: all });
  });

  test("is put in order; ids that are missing stay where they are, unknown and repeated ones count for nothing", () => {
    const store = open();
    const all = ["a", "b", "c", "d"].map((name) => connection({ name }));
    store.put(...all);
    const id = (name: string): string => all.find((one) => one.name === name)?.id ?? "";
    store.reorder([id("d"), "unknown", id("a"), id("d"), id("c")]);
    expect(namesOf(store)).toEqual(["d", "b", "a", "c"]);
  });

  test("has a bound", () => {
    const store = open();
    store.put(...Array.from({ length: connectionLimits.connections }, () => connection({ tags: [] })));
    const removed = store.remove([store.all()[0]?.id ?? ""]);
    store.put(connection());
    for (const beyond of [() => store.put(connection()), () => store.restore(removed)]) {
      expect(beyond).toThrow(expect.objectContaining({ code: "setting-invalid" }));
    }
    expect(store.all()).toHaveLength(connectionLimits.connections);
    expect(file.writes).toBe(3);
  });

  test("has a bound for all certificates together, since they are held in memory", () => {
    const store = open();
    const pem = "x".repeat(connectionLimits.pemLength);
    const full = Math.floor(connectionLimits.certificatesLength / pem.length);
    const small = { trust: { kind: "system" }, clientCertificate: { kind: "none" } } as const;
    const large = () => connection({ ...small, trust: { kind: "ca", pem, label: "" } });
    store.put(...Array.from({ length: full }, large));
    const before = store.all();
    expect(() => store.put(large())).toThrow(expect.objectContaining({ code: "setting-invalid" }));
    expect(store.all()).toBe(before);
    store.put(connection(small));
  });

  test("uses are written together, and at the latest when it closes", () => {
    vi.useFakeTimers();
    const store = open();
    const [one, two] = [connection(), connection()];
    store.put(one, two);
    for (let use = 1; use <= 50; use++) store.touch([one.id], use);
    store.touch(["unknown"], 1);
    expect(store.get(one.id)?.lastUsedAt).toBe(50);
    expect(file.writes).toBe(1);
    vi.advanceTimersByTime(60_000);
    expect(file.writes).toBe(2);
    expect(onDisk()).toMatchObject({ connections: [{ lastUsedAt: 50 }, { lastUsedAt: 1_000 }] });
    store.touch([two.id], 77);
    store.close();
    store.close();
    expect(onDisk()).toMatchObject({ connections: [{ lastUsedAt: 50 }, { lastUsedAt: 77 }] });
    vi.advanceTimersByTime(60_000);
    expect(file.writes).toBe(3);
  });
});

describe("a full disk", () => {
  test("is told, loses nothing in memory, and saving again writes it", () => {
    const store = open();
    const [one, two] = [connection({ name: "one" }), connection({ name: "two" })];
    store.put(one);
    file.fault = "ENOSPC";
    store.put(two);
    store.touch([one.id], 5);
    expect(namesOf(store)).toEqual(["one", "two"]);
    expect(onDisk()).toEqual({ version: 1, connections: [one] });
    const failure = store.saveFailure;
    expect(failure).toMatchObject({
      code: "storage-failed",
      message: "Changes could not be saved: the disk is full.",
      retryable: true,
    });
    expect(failure && notSavedNotice(failure)).toMatchObject({ kind: "not-saved", action: "save-again" });
    expect(() => store.saveAgain()).toThrow("the disk is full");
    file.fault = null;
    store.saveAgain();
    expect(store.saveFailure).toBeNull();
    expect(onDisk()).toEqual({ version: 1, connections: [{ ...one, lastUsedAt: 5 }, two] });
    expect(saves.map((save) => save?.code ?? null)).toEqual([null, "storage-failed", "storage-failed", null]);
  });

  test("the words follow what the system says", () => {
    const store = open();
    const words = ["EDQUOT", "EROFS", "EACCES", "EFBIG", "EIO"].map((fault) => {
      file.fault = fault;
      store.put(connection());
      return store.saveFailure?.message;
    });
    expect(words).toEqual([
      "Changes could not be saved: the disk is full.",
      "Changes could not be saved: the disk is read-only.",
      "Changes could not be saved: Culvert may not write to its folder.",
      "Changes could not be saved: the file would be too large.",
      "Changes could not be saved: the file cannot be written (EIO).",
    ]);
  });
});

describe("a file that cannot be read", () => {
  test.each([
    ["no JSON", '{"version":1,"connections":[{'],
    ["empty", ""],
    ["not an object", "[]"],
    ["without a version", '{"connections":[]}'],
    ["of an odd version", '{"version":1.5,"connections":[]}'],
    ["of a version that no step leads from", '{"version":0,"connections":[]}'],
    ["without a list", '{"version":1,"connections":{}}'],
  ])("%s: it is kept under another name, told, and the list is empty", (_what, content) => {
    put(content);
    const store = open();
    expect(store.load()).toEqual([
      {
        id: "connections-unreadable",
        kind: "store-unreadable",
        message: `Your connections could not be read. A copy was kept as ${kept} and an empty list was opened.`,
        action: "show-file",
        file: path.join(folder, kept),
      },
    ]);
    expect(store.all()).toEqual([]);
    store.put(connection());
    expect(readFileSync(path.join(folder, kept), "utf8")).toBe(content);
    expect(open().load()).toEqual([]);
  });

  test("one that was kept before is never written over", () => {
    for (const [index, name] of [kept, "connections-kept-2026-11-21-2.json"].entries()) {
      put(`junk ${index}`);
      expect(open().load()[0]?.message).toContain(name);
    }
    expect(readFileSync(path.join(folder, kept), "utf8")).toBe("junk 0");
    expect(readFileSync(path.join(folder, "connections-kept-2026-11-21-2.json"), "utf8")).toBe("junk 1");
  });

  test("of a newer version: kept untouched and told", () => {
    const content = put({ version: 2, connections: "something else" });
    expect(open().load()).toMatchObject([
      {
        id: "connections-newer",
        kind: "newer-file",
        message: `Your connections were written by a newer Culvert. The file was kept as ${kept} and an empty list was opened.`,
      },
    ]);
    expect(readFileSync(path.join(folder, kept), "utf8")).toBe(content);
  });

  test("a folder in its place is moved away like a file", () => {
    mkdirSync(path.join(file.path, "inside"), { recursive: true });
    const store = open();
    expect(store.load()).toMatchObject([{ kind: "store-unreadable" }]);
    store.put(connection());
    expect(store.saveFailure).toBeNull();
    expect(existsSync(path.join(folder, kept, "inside"))).toBe(true);
  });

  test("while it cannot be kept, nothing is written over it", () => {
    const content = put("junk");
    // Every name of the day is taken.
    for (let number = 1; number <= 1_000; number++) {
      writeFileSync(path.join(folder, `connections-kept-2026-11-21${number === 1 ? "" : `-${number}`}.json`), "");
    }
    const store = open();
    expect(store.load()).toMatchObject([{ kind: "store-unreadable", file: file.path }]);
    store.put(connection({ name: "new" }));
    expect(store.saveFailure).toMatchObject({ code: "storage-failed", retryable: true });
    expect(readFileSync(file.path, "utf8")).toBe(content);
    rmSync(path.join(folder, kept));
    store.saveAgain();
    expect(readFileSync(path.join(folder, kept), "utf8")).toBe(content);
    expect(onDisk()).toMatchObject({ connections: [{ name: "new" }] });
  });
});

describe("single entries", () => {
  test("that are bad do not take the others with them, and are told once", () => {
    const [one, two] = [connection({ name: "one" }), connection({ name: "two" })];
    const content = put({ version: 1, connections: [one, { ...two, id: "7" }, null, { ...two, tags: 1 }, one, two] });
    const store = open();
    expect(store.load()).toMatchObject([
      {
        id: "connections-unreadable",
        message: `4 connections could not be read. The file was kept as ${kept}.`,
        action: "show-file",
      },
    ]);
    expect(namesOf(store)).toEqual(["one", "two"]);
    expect(readFileSync(path.join(folder, kept), "utf8")).toBe(content);
    expect(open().load()).toEqual([]);
  });

  test("with fields that are unknown keep the rest", () => {
    const one = connection({ name: "one" });
    put({
      version: 1,
      connections: [
        { ...one, colour: "red", trust: { ...one.trust, pin: 1 }, clientCertificate: { kind: "none", x: 2 } },
      ],
    });
    const store = open();
    expect(store.load()[0]?.message).toBe(
      `1 connection had settings that this Culvert does not know. The file was kept as ${kept}.`,
    );
    expect(store.all()).toEqual([{ ...one, clientCertificate: { kind: "none" } }]);
    expect(open().load()).toEqual([]);
  });

  test("are told again after a crash before the list was written, with the one copy", () => {
    put({ version: 1, connections: [connection(), 1] });
    file.fault = "EIO";
    expect(open().load()).toMatchObject([{ file: path.join(folder, kept) }]);
    expect(saves).toMatchObject([{ code: "storage-failed" }]);
    expect(open().load()).toMatchObject([{ file: path.join(folder, kept) }]);
    expect(readdirSync(folder).sort()).toEqual([kept, "connections.json"].sort());
  });

  test.skipIf(process.platform === "win32")("the copy is for this user only", () => {
    put({ version: 1, connections: [1] });
    chmodSync(file.path, 0o644);
    open().load();
    expect(statSync(path.join(folder, kept)).mode & 0o777).toBe(0o600);
  });
});

test("a file from before UDP opens as it is, and one with UDP too", () => {
  const { idleSeconds: _idleSeconds, ...old } = connection({ name: "old" });
  const content = put({ version: 1, connections: [old] });
  const store = open();
  expect(store.load()).toEqual([]);
  expect(store.all()).toEqual([{ ...old, idleSeconds: 120 }]);
  // Nothing was wrong with it, so nothing is written.
  expect(readFileSync(file.path, "utf8")).toBe(content);
  expect(readdirSync(folder)).toEqual(["connections.json"]);
  const dns = connection({ name: "DNS", protocol: "udp", destination: "dns.corp.test:53", idleSeconds: 30 });
  store.put(dns);
  const again = open();
  expect(again.load()).toEqual([]);
  expect(again.get(dns.id)).toEqual(dns);
});

test("an older version is migrated step by step and written as the current one", () => {
  const { pinned: _pinned, lastUsedAt: _lastUsedAt, ...old } = connection({ name: "old" });
  put({ version: 0, connections: [old] });
  const steps = {
    0: (fields: Readonly<Record<string, unknown>>) => ({
      ...fields,
      connections: (fields["connections"] as object[]).map((one) => ({ ...one, pinned: false, lastUsedAt: null })),
    }),
  };
  const store = open({ steps });
  expect(store.load()).toEqual([]);
  const migrated = { ...old, pinned: false, lastUsedAt: null };
  expect(store.all()).toEqual([migrated]);
  store.saveAgain();
  expect(onDisk()).toEqual({ version: 1, connections: [migrated] });
});
