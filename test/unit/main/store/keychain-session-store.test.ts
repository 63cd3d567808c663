import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Session } from "../../../../src/engine/index.ts";
import { KeychainSessionStore } from "../../../../src/main/store/keychain-session-store.ts";
import type { StoreNotice } from "../../../../src/main/store/notices.ts";
import { FaultyFile } from "./faulty-file.ts";
import { TestKeychain } from "./test-keychain.ts";

let folder: string;
let file: FaultyFile;
let keychain: TestKeychain;
let notices: StoreNotice[];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "culvert-sessions-"));
  file = new FaultyFile(path.join(folder, "sessions.json"));
  keychain = new TestKeychain();
  notices = [];
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function open(): Promise<KeychainSessionStore> {
  const store = new KeychainSessionStore({ file, cipher: keychain, notify: (notice) => notices.push(notice) });
  await store.load();
  return store;
}
const session = (jwt: string, createdAt: number, more: Partial<Session> = {}): Session => ({
  proxy: "https://redis.corp.test",
  jwt,
  createdAt,
  pomerium: "https://authenticate.corp.test",
  verified: true,
  ...more,
});
const other = { proxy: "https://pg.corp.test" };
const jwts = async (store: KeychainSessionStore): Promise<string[]> => (await store.list()).map(({ jwt }) => jwt);
const never = new AbortController().signal;

test("sessions come back whole, newest first, and are not on the disk in clear", async () => {
  const one = session("aaaa.b.1", 1, { user: { email: "ada@x", name: "Ada" }, expiresAt: 99, pomerium: null });
  const two = session("aaaa.b.2", 2, { ...other, verified: false });
  const store = await open();
  await store.put(one);
  await store.put(two);
  expect(await store.list()).toEqual([two, one]);
  expect(await (await open()).list()).toEqual([two, one]);
  expect(readFileSync(file.path, "utf8")).not.toMatch(/aaaa|corp|ada/);
});

test("a newer one replaces those of the same proxy, an older one does not", async () => {
  const store = await open();
  await store.put(session("a.b.1", 1));
  await store.put(session("a.b.2", 2));
  await store.put(session("a.b.5", 5, other));
  expect(await jwts(store)).toEqual(["a.b.5", "a.b.2"]);
  await store.put(session("a.b.0", 0));
  expect((await jwts(store))[1]).toBe("a.b.2");
  expect((await jwts(await open())).slice(0, 2)).toEqual(["a.b.5", "a.b.2"]);
});

test("the same session with more known of it is kept once", async () => {
  const store = await open();
  await store.put(session("a.b.1", 1));
  await store.put(session("a.b.1", 1, { user: { email: "ada@x" } }));
  expect(await (await open()).list()).toEqual([session("a.b.1", 1, { user: { email: "ada@x" } })]);
});

test("remove takes exactly the one it was given", async () => {
  const store = await open();
  await store.put(session("a.b.1", 1));
  await store.put(session("a.b.2", 2, other));
  await store.remove(session("a.b.9", 1));
  expect(await jwts(await open())).toHaveLength(2);
  await store.remove(session("a.b.1", 1));
  expect(await jwts(store)).toEqual(["a.b.2"]);
  expect(await jwts(await open())).toEqual(["a.b.2"]);
});

test("the number of sessions is bounded, the oldest go", async () => {
  keychain.available = false;
  const store = await open();
  for (let number = 1; number <= 300; number++) {
    await store.put(session(`a.b.${number}`, number, { proxy: `https://h${number}.test` }));
  }
  const all = await jwts(store);
  expect([all.length, all[0], all.at(-1)]).toEqual([256, "a.b.300", "a.b.45"]);
});

test("without a keychain they live until the app quits", async () => {
  keychain.available = false;
  const store = await open();
  await store.put(session("a.b.1", 1));
  expect(await jwts(store)).toEqual(["a.b.1"]);
  expect(existsSync(file.path)).toBe(false);
  expect(notices.map(({ kind }) => kind)).toEqual(["no-keychain"]);
});

test("those that cannot be decrypted now wait, but a new sign-in and signing out forget them", async () => {
  const before = await open();
  await before.put(session("a.b.1", 1));
  await before.put(session("a.b.2", 2, other));
  await before.put(session("a.b.3", 3, { proxy: "https://third.test" }));
  await before.put(session("a.b.4", 4, { proxy: "https://fourth.test" }));
  keychain.available = false;
  const store = await open();
  expect(await jwts(store)).toEqual([]);
  await store.put(session("a.b.9", 9));
  await store.remove(session("a.b.2", 2, other));
  keychain.available = true;
  const again = await open();
  expect(await jwts(again)).toEqual(["a.b.4", "a.b.3"]);
  keychain.available = false;
  const locked = await open();
  await locked.clear();
  keychain.available = true;
  expect(await jwts(await open())).toEqual([]);
});

test("a keychain with another key loses the sessions and nothing else", async () => {
  await (await open()).put(session("a.b.1", 1));
  keychain.key = Buffer.alloc(32);
  const store = await open();
  expect(await store.list()).toEqual([]);
  expect(notices[0]?.message).toMatch(
    /^1 session could not be decrypted; you will sign in again\. The file was kept as/,
  );
  await store.put(session("a.b.2", 2));
  expect(await jwts(await open())).toEqual(["a.b.2"]);
});

test("a full disk is an error, and the session is used all the same", async () => {
  const store = await open();
  file.fault = "ENOSPC";
  await expect(store.put(session("a.b.1", 1))).rejects.toMatchObject({
    code: "storage-failed",
    message: "Changes could not be saved: the disk is full.",
  });
  expect(await jwts(store)).toEqual(["a.b.1"]);
  file.fault = null;
  await store.saveAgain();
  expect(await jwts(await open())).toEqual(["a.b.1"]);
});

test("one turn at a time for each name, in order, and a waiter can leave", async () => {
  const store = await open();
  const order: string[] = [];
  let free = (): void => undefined;
  const first = store.exclusive("p", never, async () => {
    order.push("first in");
    await new Promise<void>((resolve) => (free = resolve));
    order.push("first out");
  });
  const leaver = new AbortController();
  const left = store.exclusive("p", leaver.signal, () => Promise.resolve(order.push("never")));
  const second = store.exclusive("p", never, () => Promise.resolve(order.push("second")));
  await store.exclusive("q", never, () => Promise.resolve(order.push("other name")));
  leaver.abort();
  await expect(left).rejects.toMatchObject({ code: "cancelled" });
  free();
  await Promise.all([first, second]);
  expect(order).toEqual(["first in", "other name", "first out", "second"]);
});
