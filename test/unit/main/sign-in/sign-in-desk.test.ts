import { expect, test } from "vitest";
import type { SignInPage } from "../../../../src/engine/index.ts";
import { SignInDesk } from "../../../../src/main/sign-in/sign-in-desk.ts";
import { AppError } from "../../../../src/shared/errors.ts";

const proxy = "https://access.example.com";
const first = "https://authenticate.example.com/sign_in?secret=1";
const fresh = "https://authenticate.example.com/sign_in?secret=2";

function page(about: Partial<SignInPage> = {}): SignInPage {
  return { proxy, url: first, freshUrl: () => Promise.resolve(fresh), submit: () => false, ...about };
}

function desk({ opensByItself = true, fails = false } = {}) {
  const opened: string[] = [];
  const copied: string[] = [];
  let changes = 0;
  let now = 1_000;
  const made = new SignInDesk({
    openUrl: (url) => {
      opened.push(url);
      return fails
        ? Promise.reject(new AppError("sign-in-failed", "Culvert could not open firefox."))
        : Promise.resolve();
    },
    copyText: (text) => {
      copied.push(text);
      return Promise.resolve();
    },
    opensByItself: () => opensByItself,
    changed: () => changes++,
    now: () => (now += 1),
  });
  return { desk: made, opened, copied, changes: () => changes };
}

test("a sign-in opens its page, is there while it waits, and goes when it is over", async () => {
  const { desk: one, opened, changes } = desk();
  const over = new AbortController();
  await one.show(page(), over.signal);
  expect(opened).toEqual([first]);
  expect(one.waiting()).toEqual([{ proxy, startedAt: 1_001, openedAt: 1_002 }]);
  expect(JSON.stringify(one.waiting())).not.toContain("secret");
  const before = changes();
  over.abort();
  expect(one.waiting()).toEqual([]);
  expect(changes()).toBe(before + 1);
  await expect(one.open(proxy)).rejects.toMatchObject({ code: "not-found" });
});

test("where the user wants to open it himself it waits for him", async () => {
  const { desk: one, opened } = desk({ opensByItself: false });
  await one.show(page(), new AbortController().signal);
  expect(opened).toEqual([]);
  expect(one.waiting()[0]?.openedAt).toBeNull();
  await one.open(proxy);
  expect(opened).toEqual([fresh]);
  expect(one.waiting()[0]?.openedAt).not.toBeNull();
});

test("a sign-in that the user asked for opens its page all the same, and no later one does", async () => {
  const { desk: one, opened } = desk({ opensByItself: false });
  await one.byHand(proxy, () => one.show(page(), new AbortController().signal));
  expect(opened).toEqual([first]);
  await one.byHand("https://other.example.com", () => one.show(page(), new AbortController().signal));
  await expect(one.byHand(proxy, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  await one.show(page(), new AbortController().signal);
  expect(opened).toEqual([first]);
});

test("opening again and copying ask for a page that is good again", async () => {
  const { desk: one, opened, copied } = desk();
  await one.show(page(), new AbortController().signal);
  await one.open(proxy);
  await one.copyLink(proxy);
  expect(opened).toEqual([first, fresh]);
  expect(copied).toEqual([fresh]);
});

test("a browser that does not open is told and kept, until it does", async () => {
  const { desk: one } = desk({ fails: true });
  await expect(one.show(page(), new AbortController().signal)).rejects.toMatchObject({ code: "sign-in-failed" });
  expect(one.waiting()).toMatchObject([{ openedAt: null, browserError: { code: "sign-in-failed" } }]);
});

test.each([
  "http://authenticate.example.com/",
  "file:///etc/passwd",
  "javascript:alert(1)",
  "https://user:password@example.com/",
  "ms-settings:privacy",
  "not a url",
])("the page %s is never opened or copied", async (url) => {
  const { desk: one, opened, copied } = desk();
  const bad = page({ url, freshUrl: () => Promise.resolve(url) });
  const refused = { code: "sign-in-failed" };
  await expect(one.show(bad, new AbortController().signal)).rejects.toMatchObject(refused);
  await expect(one.open(proxy)).rejects.toMatchObject(refused);
  await expect(one.copyLink(proxy)).rejects.toMatchObject(refused);
  expect([...opened, ...copied]).toEqual([]);
});

test("http is opened on this computer alone", async () => {
  const { desk: one, opened } = desk();
  await one.show(page({ url: "http://127.0.0.1:8080/sign_in" }), new AbortController().signal);
  expect(opened).toEqual(["http://127.0.0.1:8080/sign_in"]);
});

test("of two sign-ins at one proxy the newest is shown, and the older one when it is over", async () => {
  const { desk: one } = desk();
  const newer = new AbortController();
  await one.show(page(), new AbortController().signal);
  await one.show(page(), newer.signal);
  expect(one.waiting()).toHaveLength(1);
  expect(one.waiting()[0]?.startedAt).toBeGreaterThan(1_002);
  newer.abort();
  expect(one.waiting()).toEqual([{ proxy, startedAt: 1_001, openedAt: 1_002 }]);
});

test("however often a page is asked for, it opens once at a time", async () => {
  const { desk: one, opened } = desk({ opensByItself: false });
  await one.show(page(), new AbortController().signal);
  await Promise.all(Array.from({ length: 50 }, () => one.open(proxy)));
  expect(opened).toEqual([fresh]);
  await one.open(proxy);
  expect(opened).toEqual([fresh, fresh]);
});
