import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeFixture } from "./host/fixture-app/write-fixture.ts";
import { launchApp, type LaunchOptions } from "./host/launch.ts";
import type { RunningApp } from "./host/running-app.ts";

/** What the specs rely on, held against a tiny app; it has to hold in Electron and in the stand-in. */
let folder: string;
let app: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "culvert-fixture-"));
  app = writeFixture(path.join(folder, "app"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Fixture {
  invoke(channel: string, ...args: unknown[]): Promise<unknown>;
  listen(listener: (value: unknown) => void): () => void;
  readonly data: { list: number[] };
  fail(): void;
  readonly type: string;
}
declare global {
  interface Window {
    readonly fixture: Fixture;
    readonly ran?: boolean;
    readonly inline?: boolean;
  }
}

const launch = (options: LaunchOptions = {}): Promise<RunningApp> => launchApp({ app, ...options });
const diary = (running: RunningApp): string[] =>
  readFileSync(path.join(running.userData, "diary.txt"), "utf8").trimEnd().split("\n");
/** How a call of the page fails. */
const failure = (page: Page, act: () => unknown): Promise<string> =>
  page.evaluate(act).then(
    () => "it did not fail",
    (error: Error) => error.message,
  );

test("the page, its preload and its policy", async () => {
  const running = await launch();
  const page = await running.window();
  expect(await page.title()).toBe("Fixture");
  expect(await page.evaluate(() => [window.ran, window.inline])).toEqual([true, undefined]);
  const names = ["require", "process", "module", "Buffer", "culvertSend", "culvertDeliver"];
  expect(await page.evaluate((all) => all.filter((name) => name in window), names)).toEqual([]);
  expect(await page.evaluate(() => Object.keys(window.fixture))).toEqual(["invoke", "listen", "data", "fail", "type"]);
  expect(await page.evaluate(() => window.fixture.type)).toBe("object true");
  expect(await page.evaluate(() => Object.isFrozen(window.fixture) && Object.isFrozen(window.fixture.data.list))).toBe(
    true,
  );
  const evalResult = await page.evaluate(() => {
    const script = document.createElement("script");
    try {
      script.textContent = "window.inline = true";
      document.body.append(script);
    } catch (error) {
      return String(error);
    }
    return String(window.inline);
  });
  expect(evalResult).toContain("TrustedScript");
});

test("calls between the page and the main process", async () => {
  const running = await launch();
  const page = await running.window();
  const echoed = await page.evaluate(async () => {
    const loop: Record<string, unknown> = { when: new Date(5), set: new Set([1]), nothing: undefined, big: 3n };
    loop["self"] = loop;
    const result = (await window.fixture.invoke("echo", loop, new Uint8Array([1, 2]), -0)) as {
      args: [{ self: unknown; when: Date; set: Set<number>; big: bigint }, Uint8Array, number];
      from: string;
      top: boolean;
    };
    const [object, bytes, zero] = result.args;
    const { when, set, big } = object;
    const kept = ["self" in object, "nothing" in object, when.getTime(), set.has(1), big === 3n];
    return { kept, bytes: [...bytes], zero: Object.is(zero, -0), from: result.from, top: result.top };
  });
  expect(echoed).toEqual({
    kept: [true, true, 5, true, true],
    bytes: [1, 2],
    zero: true,
    from: "app://fixture/index.html",
    top: true,
  });
  expect(await failure(page, () => window.fixture.invoke("fail"))).toContain(
    "Error: Error invoking remote method 'fail': TypeError: no",
  );
  expect(await failure(page, () => window.fixture.invoke("none"))).toContain(
    "Error: Error invoking remote method 'none': Error: No handler registered for 'none'",
  );
  expect(await failure(page, () => window.fixture.invoke("function"))).toContain("could not be cloned");
  expect(await failure(page, () => window.fixture.invoke("echo", () => 1))).toContain("could not be cloned");
  expect(await failure(page, () => window.fixture.fail())).toContain("Error: too much");

  const news = await page.evaluate(async () => {
    const heard: unknown[] = [];
    const stop = window.fixture.listen((value) => heard.push(value));
    await window.fixture.invoke("push", { first: true });
    while (heard.length === 0) await new Promise(requestAnimationFrame);
    stop();
    await window.fixture.invoke("push", { second: true });
    await window.fixture.invoke("echo");
    return heard;
  });
  expect(news).toEqual([{ first: true }]);
});

test("links, windows and permissions go nowhere", async () => {
  const running = await launch();
  const page = await running.window();
  const before = page.url();
  expect(await page.evaluate(() => window.open("https://example.com/popup"))).toBeNull();
  await page.evaluate(() => {
    const link = Object.assign(document.createElement("a"), { href: "https://example.com/away" });
    document.body.append(link);
    link.click();
  });
  await expect.poll(() => diary(running)).toContain("will-navigate https://example.com/away");
  expect(diary(running)).toContain("window https://example.com/popup");
  expect(page.url()).toBe(before);
  const states = await page.evaluate(async () => {
    const names = ["geolocation", "notifications", "camera", "midi"] as PermissionName[];
    return await Promise.all(names.map(async (name) => (await navigator.permissions.query({ name })).state));
  });
  expect(new Set(states)).toEqual(new Set(["denied"]));
});

test("an app without handlers permits everything", async () => {
  const running = await launch({ args: ["--permit"] });
  const page = await running.window();
  expect(await page.evaluate(async () => (await navigator.permissions.query({ name: "geolocation" })).state)).toBe(
    "granted",
  );
});

test("the tray, dialogs, notifications, the browser and the clipboard", async () => {
  const running = await launch();
  await running.window();
  const { tooltip, items } = await running.tray();
  expect(tooltip).toBe("Fixture");
  expect(items.map(({ label, type, enabled }) => [label, type, enabled])).toEqual([
    ["Ask", "normal", true],
    ["Off", "normal", false],
    ["", "separator", true],
    ["More", "submenu", true],
    ["Quit", "normal", true],
  ]);
  await running.clickTray(["Ask"]);
  await expect.poll(() => running.dialogs.asked()).toMatchObject([{ message: "Really?", buttons: ["No", "Yes"] }]);
  expect(await running.notifications()).toEqual([]);
  await running.dialogs.answer("Yes");
  await expect.poll(() => running.notifications()).toEqual([{ title: "Answer", body: "yes", closed: false }]);
  await expect(running.clickTray(["Off"])).rejects.toThrow("disabled");
  await expect(running.clickTray(["More", "None"])).rejects.toThrow('no "None"');
  await running.clickTray(["More", "Tick"]);
  expect((await running.tray()).items[3]?.items?.[0]).toMatchObject({ checked: true });
  expect(diary(running)).toContain("tick true");
  await running.clickTray(["More", "Open"]);
  expect(await running.openedUrls()).toEqual(["https://example.com/"]);
  await running.clickTray(["More", "Copy"]);
  expect(await running.clipboard()).toBe("copied");
});

test("the window hides, and a second process brings it back", async () => {
  const running = await launch();
  await running.window();
  await expect.poll(() => running.windowState()).toMatchObject({ visible: true });
  await running.closeWindow();
  expect(await running.windowState()).toMatchObject({ count: 1, visible: false });
  expect(await running.secondLaunch(["--word=hello"])).toMatchObject({ exitCode: 0 });
  await expect.poll(() => running.windowState()).toEqual({ count: 1, visible: true, minimised: false, focused: true });
  expect(diary(running)).toContain("second-instance --word=hello");
  await running.closeWindow();
  await running.clickTrayIcon();
  expect(await running.windowState()).toMatchObject({ visible: true });
});

test("quitting has its order, and can be stopped", async () => {
  const running = await launch({ userData: path.join(folder, "order") });
  await running.window();
  await running.clickTray(["More", "Keep"]);
  await running.evaluateMain(({ app: main }) => main.quit());
  expect(running.ended).toBe(false);
  expect(diary(running)).toEqual(["ready", "before-quit"]);
  await running.close();

  const other = await launch({ userData: path.join(folder, "other") });
  await other.window();
  await other.clickTray(["Quit"]);
  await other.waitForEnd();
  expect(other.exitCode).toBe(0);
  expect(diary(other)).toEqual(["ready", "before-quit", "will-quit", "quit"]);
});

test("the keyring", async () => {
  const running = await launch({ keyring: "none" });
  await running.window();
  await running.clickTray(["More", "Encrypt"]);
  expect(diary(running)).toContain("none basic_text");
});

test("dark and light", async () => {
  const running = await launch();
  const page = await running.window();
  const dark = (): Promise<boolean> => page.evaluate(() => matchMedia("(prefers-color-scheme: dark)").matches);
  expect(await dark()).toBe(false);
  await running.setTheme("dark");
  await expect.poll(dark).toBe(true);
});
