import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { StoreNotice } from "../../../../src/main/store/notices.ts";
import { keychainCipher, type KeychainApi } from "../../../../src/main/store/secret-cipher.ts";
import { SecretStore } from "../../../../src/main/store/secret-store.ts";
import { FaultyFile } from "./faulty-file.ts";
import { connectionLimits } from "../../../../src/shared/model/connection.ts";
import { TestKeychain } from "./test-keychain.ts";

let folder: string;
let file: FaultyFile;
let keychain: TestKeychain;
let notices: StoreNotice[];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "culvert-secrets-"));
  file = new FaultyFile(path.join(folder, "secrets.json"));
  keychain = new TestKeychain();
  notices = [];
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const kept = "secrets-kept-2026-11-21.json";
async function open(keychainMs = 10_000): Promise<SecretStore> {
  const store = new SecretStore({
    file,
    cipher: keychain,
    notify: (notice) => notices.push(notice),
    now: () => new Date(2026, 10, 21),
    keychainMs,
  });
  await store.load();
  return store;
}
const text = (): string => readFileSync(file.path, "utf8");
const entries = (): { name: string; data: string }[] =>
  (JSON.parse(text()) as { entries: { name: string; data: string }[] }).entries;
const ids = (): string[] => notices.map(({ id }) => id);
const secrets = { key: "PRIVATE-KEY", passphrase: "PASSPHRASE" };
const noKeychain = {
  id: "no-keychain",
  kind: "no-keychain",
  message: "The system keychain is not available. You will sign in again after quitting.",
};

describe("with a keychain", () => {
  test("secrets come back, and nothing of them is on the disk in clear", async () => {
    const store = await open();
    expect(store.get("a")).toEqual({});
    await store.set("a", secrets);
    await store.set("b", { token: "TOKEN" });
    await store.set("a", { ...secrets, key: "OTHER-KEY" });
    expect(text()).not.toMatch(/KEY|PASSPHRASE|TOKEN/);
    expect(text()).not.toContain(Buffer.from("PASSPHRASE").toString("base64").slice(2, -4));
    if (process.platform !== "win32") expect(statSync(file.path).mode & 0o777).toBe(0o600);
    const again = await open();
    expect([again.get("a"), again.get("b")]).toEqual([{ ...secrets, key: "OTHER-KEY" }, { token: "TOKEN" }]);
    expect(notices).toEqual([]);
  });

  test("there is room for so many of them, and a replaced one makes room", async () => {
    const store = await open();
    const key = "x".repeat(connectionLimits.pemLength);
    const full = Math.floor(connectionLimits.secretsLength / key.length);
    for (let at = 0; at < full; at += 1) await store.set(`connection ${at}`, { key });
    expect(() => store.checkRoom("another", { key })).toThrow(expect.objectContaining({ code: "setting-invalid" }));
    store.checkRoom("connection 0", { key });
    store.checkRoom("another", {});
  });

  test("an empty set removes, and so does the end of a connection", async () => {
    const store = await open();
    await store.set("a", secrets);
    await store.set("b", secrets);
    await store.set("c", secrets);
    await store.set("a", {});
    await store.keepOnly(["c", "x"]);
    expect(entries().map(({ name }) => name)).toEqual(["c"]);
    expect((await open()).get("b")).toEqual({});
  });

  test("a delete can be undone, from memory alone", async () => {
    const store = await open();
    await store.set("a", secrets);
    await store.set("b", { token: "TOKEN" });
    const { taken, saved } = store.take(["a", "unknown"]);
    expect(store.get("a")).toEqual({});
    await saved;
    expect(entries().map(({ name }) => name)).toEqual(["b"]);
    await store.giveBack(taken);
    expect(store.get("a")).toEqual(secrets);
    expect((await open()).get("a")).toEqual(secrets);
  });

  test("an undo that overtakes the delete wins, and a newer secret is not undone", async () => {
    const store = await open();
    await store.set("a", secrets);
    const { taken, saved } = store.take(["a"]);
    const back = store.giveBack(taken);
    await Promise.all([saved, back]);
    expect((await open()).get("a")).toEqual(secrets);
    const again = store.take(["a"]);
    await store.set("a", { token: "NEW" });
    await store.giveBack(again.taken);
    expect(store.get("a")).toEqual({ token: "NEW" });
  });

  test("an entry that was put under another connection's name is not taken for its secret", async () => {
    const store = await open();
    await store.set("a", secrets);
    await store.set("b", { token: "TOKEN" });
    const [a, b] = entries();
    const swapped = JSON.stringify({ version: 1, entries: [{ ...a, data: b?.data }, b] });
    writeFileSync(file.path, swapped);
    const again = await open();
    expect([again.get("a"), again.get("b")]).toEqual([{}, { token: "TOKEN" }]);
    expect(notices).toMatchObject([{ id: "secrets-unreadable" }]);
    expect(readFileSync(path.join(folder, kept), "utf8")).toBe(swapped);
  });

  test("that has another key now: told once, the file is kept, the rest works", async () => {
    const store = await open();
    await store.set("a", secrets);
    const content = text();
    const { key } = keychain;
    keychain.key = Buffer.alloc(32);
    const again = await open();
    expect(again.get("a")).toEqual({});
    expect(again.isLocked("a")).toBe(false);
    expect(notices).toMatchObject([
      {
        kind: "store-unreadable",
        message: `The private keys and tokens of 1 connection could not be decrypted; enter them again. The file was kept as ${kept}.`,
        file: path.join(folder, kept),
      },
    ]);
    await again.set("b", { token: "TOKEN" });
    notices.length = 0;
    expect((await open()).get("b")).toEqual({ token: "TOKEN" });
    expect(notices).toEqual([]);
    // With the old key the kept file still opens.
    keychain.key = key;
    writeFileSync(file.path, readFileSync(path.join(folder, kept)));
    expect(text()).toBe(content);
    expect((await open()).get("a")).toEqual(secrets);
  });

  test("a full disk is an error, memory keeps the change, and the next write takes it along", async () => {
    const store = await open();
    file.fault = "ENOSPC";
    await expect(store.set("a", secrets)).rejects.toMatchObject({ code: "storage-failed" });
    expect(store.get("a")).toEqual(secrets);
    file.fault = null;
    await store.saveAgain();
    expect((await open()).get("a")).toEqual(secrets);
  });

  test("what is replaced or removed while it is being encrypted does not come back", async () => {
    const store = await open();
    let free = (): void => undefined;
    keychain.hold = new Promise<void>((resolve) => (free = resolve));
    void store.set("a", { token: "old" });
    await vi.waitFor(() => expect(keychain.asked).toBe(1));
    void store.set("a", { token: "new" });
    free();
    await store.close();
    keychain.hold = new Promise<void>((resolve) => (free = resolve));
    void store.set("b", { token: "gone" });
    await vi.waitFor(() => expect(keychain.asked).toBe(3));
    store.take(["b"]);
    free();
    await store.close();
    expect([store.get("a"), store.get("b")]).toEqual([{ token: "new" }, {}]);
    const again = await open();
    expect([again.get("a"), again.get("b")]).toEqual([{ token: "new" }, {}]);
  });

  test("many changes at once end in the last ones", async () => {
    const store = await open();
    void Promise.all(Array.from({ length: 20 }, (_, number) => store.set(`id-${number % 4}`, { token: `T${number}` })));
    await store.close();
    const again = await open();
    expect([0, 1, 2, 3].map((id) => again.get(`id-${id}`).token)).toEqual(["T16", "T17", "T18", "T19"]);
  });
});

describe("without a keychain", () => {
  test("secrets live until the app quits, nothing is written, and the user is told once", async () => {
    keychain.available = false;
    const store = await open();
    await store.set("a", secrets);
    await store.set("b", secrets);
    expect(store.get("a")).toEqual(secrets);
    expect(notices).toEqual([noKeychain]);
    expect(existsSync(file.path)).toBe(false);
    expect((await open()).get("a")).toEqual({});
  });

  test("one that comes later gets what was waiting for it", async () => {
    keychain.available = false;
    const store = await open();
    await store.set("a", secrets);
    keychain.available = true;
    await store.set("b", { token: "TOKEN" });
    expect((await open()).get("a")).toEqual(secrets);
  });

  test("what the file holds waits for it, but removing and replacing works", async () => {
    const before = await open();
    for (const id of ["a", "b", "c"]) await before.set(id, { token: id });
    keychain.available = false;
    const store = await open();
    expect([store.get("a"), store.isLocked("a"), store.isLocked("x")]).toEqual([{}, true, false]);
    expect(ids()).toEqual(["no-keychain"]);
    await store.set("b", { token: "new" });
    expect(store.isLocked("b")).toBe(false);
    const { taken } = store.take(["c"]);
    await store.close();
    expect(entries().map(({ name }) => name)).toEqual(["a"]);
    await store.giveBack(taken);
    keychain.available = true;
    const after = await open();
    expect(["a", "b", "c"].map((id) => after.get(id).token)).toEqual(["a", undefined, "c"]);
    expect(readdirSync(folder)).toEqual(["secrets.json"]);
  });

  test("one that fails later is told then", async () => {
    const store = await open();
    keychain.locked = true;
    await store.set("a", secrets);
    await store.set("b", secrets);
    expect([ids(), store.get("a")]).toEqual([["no-keychain"], secrets]);
    keychain.locked = false;
    await store.saveAgain();
    expect((await open()).get("a")).toEqual(secrets);
  });

  test("one that does not answer holds nothing up, and nothing is given up as lost", async () => {
    const before = await open();
    await before.set("a", secrets);
    await before.set("b", secrets);
    const content = text();
    keychain.silent = true;
    const store = await open(20);
    expect([ids(), store.isLocked("a"), store.isLocked("b")]).toEqual([["no-keychain"], true, true]);
    await store.set("c", secrets);
    expect(store.get("c")).toEqual(secrets);
    expect(text()).toBe(content);
  });
});

describe("safeStorage on Linux", () => {
  const api = (backend: string, prefix = "v11"): KeychainApi => ({
    backend: () => backend,
    isAvailable: () => true,
    encrypt: (clear) => Buffer.from(prefix + clear),
    decrypt: (data) => data.subarray(3).toString(),
  });

  test.each([
    ["linux", "basic_text", false],
    ["linux", "unknown", false],
    ["linux", "gnome_libsecret", true],
    ["linux", "kwallet6", true],
    ["darwin", "basic_text", true],
    ["win32", "unknown", true],
  ] as const)("%s with %s: %s", async (platform, backend, available) => {
    expect(await keychainCipher(platform, api(backend)).isAvailable()).toBe(available);
  });

  test("what came out encrypted with a known key is refused", async () => {
    const known = api("gnome_libsecret", "v10");
    await expect(keychainCipher("linux", known).encrypt("x")).rejects.toThrow("known key");
    expect(await keychainCipher("darwin", known).encrypt("x")).toEqual(Buffer.from("v10x"));
    const cipher = keychainCipher("linux", api("kwallet5"));
    expect(await cipher.decrypt(await cipher.encrypt("clear"))).toBe("clear");
  });
});

test("closing writes what a full disk did not take", async () => {
  const store = await open();
  file.fault = "ENOSPC";
  await expect(store.set("a", secrets)).rejects.toMatchObject({ code: "storage-failed" });
  file.fault = null;
  await store.close();
  await store.close();
  expect(file.writes).toBe(1);
  expect((await open()).get("a")).toEqual(secrets);
});
