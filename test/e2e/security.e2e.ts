import { readFileSync } from "node:fs";
import path from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchApp } from "./host/launch.ts";
import type { RunningApp } from "./host/running-app.ts";
import { callMain, rawCall } from "./support/call.ts";

/** What a page that has been taken over could try. */
let app: RunningApp;
let page: Page;

beforeAll(async () => {
  app = await launchApp();
  page = await app.window();
});
afterAll(() => app.close());

test("the page cannot reach Node or Electron", async () => {
  const names = ["require", "process", "module", "exports", "Buffer", "global", "electron", "ipcRenderer", "__dirname"];
  expect(await page.evaluate((all) => all.filter((name) => name in window), names)).toEqual([]);
});

test("the page has two functions of ours, which it cannot change", async () => {
  const found = await page.evaluate(() => {
    const { culvert } = window;
    const types = Object.entries(culvert).map(([name, value]) => `${name}: ${typeof value}`);
    return { types, frozen: Object.isFrozen(culvert), prototype: Object.getPrototypeOf(culvert) === Object.prototype };
  });
  expect(found).toEqual({ types: ["call: function", "subscribe: function"], frozen: true, prototype: true });
  const written = await page.evaluate(
    () => Reflect.set(window.culvert, "call", null) || Reflect.set(window, "culvert", {}),
  );
  expect(written).toBe(false);
});

const refused = { ok: false, error: { code: "request-refused", retryable: false } };

test.each([
  ["an unknown name", "no-such-call", []],
  ["a name of Object.prototype", "constructor", []],
  ["another of them", "__proto__", []],
  ["another of them", "hasOwnProperty", ["snapshot"]],
  ["a name that is no text", 5, []],
  ["no name", null, []],
  ["no arguments where some are needed", "set-on", []],
  ["arguments of the wrong kind", "set-on", [["not an id"], true]],
  ["too many arguments", "snapshot", [1]],
  ["arguments that are no list", "snapshot", { length: 0 }],
  ["an origin with a path", "open-sign-in-page", ["https://example.com/path"]],
  ["an address of another kind", "open-sign-in-page", ["file:///etc/passwd"]],
  ["a file name that leaves its folder", "save-text", [{ suggestedName: "../x.json", text: "" }]],
] as const)("a call with %s is refused: %s", async (_what, name, args) => {
  expect(await rawCall(page, name, args)).toMatchObject(refused);
});

test("a call that no clone can carry fails in the page", async () => {
  const thrown = await page
    .evaluate(() => window.culvert.call("snapshot", [() => 1]))
    .catch((error: Error) => error.message);
  expect(thrown).toContain("could not be cloned");
});

test("scripts that are not the app's own do not run", async () => {
  const blocked = await page.evaluate(async () => {
    const seen = (act: () => void): Promise<string> =>
      new Promise((resolve) => {
        const tell = (event: SecurityPolicyViolationEvent): void => resolve(event.effectiveDirective);
        document.addEventListener("securitypolicyviolation", tell, { once: true });
        try {
          act();
        } catch {
          // A blocked sink throws as well.
        }
      });
    const element = (name: string, attributes: Record<string, string>): void => {
      const made = document.createElement(name);
      for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
      document.body.append(made);
    };
    return {
      inline: await seen(() => {
        const script = document.createElement("script");
        script.append("window.taken = true");
        document.body.append(script);
      }),
      handler: await seen(() => element("img", { src: "x.png", onerror: "window.taken = true" })),
      html: await seen(() => (document.body.innerHTML = "<b></b>")),
      image: await seen(() => element("img", { src: "https://example.com/x.png" })),
      frame: await seen(() => element("iframe", { src: "https://example.com/" })),
      style: await seen(() => element("link", { rel: "stylesheet", href: "https://example.com/x.css" })),
      fetch: await seen(() => void fetch("https://example.com/").catch(() => undefined)),
      own: await seen(() => void fetch("index.html").catch(() => undefined)),
      socket: await seen(() => void new WebSocket("wss://example.com/")),
      form: await seen(() => {
        const form = Object.assign(document.createElement("form"), { action: "https://example.com/" });
        document.body.append(form);
        form.submit();
      }),
      taken: "taken" in window,
    };
  });
  expect(blocked).toEqual({
    inline: "require-trusted-types-for",
    handler: "require-trusted-types-for",
    html: "require-trusted-types-for",
    image: "img-src",
    frame: "frame-src",
    style: "style-src-elem",
    fetch: "connect-src",
    own: "connect-src",
    socket: "connect-src",
    form: "form-action",
    taken: false,
  });
});

test("text does not become code", async () => {
  // From a timer of the page: Playwright's own evaluation may do what the page may not.
  const result = await page.evaluate(
    () =>
      new Promise<string[]>((resolve) => {
        setTimeout(() => {
          const tries = [(): unknown => (0, eval)("1"), (): unknown => Reflect.construct(Function, ["return 1"])];
          resolve(
            tries.map((attempt) => {
              try {
                return String(attempt());
              } catch (error) {
                return (error as Error).name;
              }
            }),
          );
        }, 0);
      }),
  );
  expect(result).toEqual(["EvalError", "EvalError"]);
});

test("no other page takes the place of the app's", async () => {
  const before = page.url();
  expect(await page.evaluate(() => window.open("https://example.com/"))).toBeNull();
  await page.evaluate(() => {
    for (const target of ["_self", "_blank"]) {
      const link = Object.assign(document.createElement("a"), { href: "https://example.com/", target });
      document.body.append(link);
      link.click();
    }
  });
  const denied = (): string => readFileSync(path.join(app.userData, "logs", "culvert.log"), "utf8");
  await expect.poll(denied).toMatch(/navigation/);
  expect(denied()).toMatch(/a window/);
  expect(denied()).not.toContain("example.com");
  expect(page.url()).toBe(before);
  expect(await app.openedUrls()).toEqual([]);
  expect(await app.windowState()).toMatchObject({ count: 1 });
  await callMain(page, "snapshot");
});

test("every permission is denied", async () => {
  const names = ["geolocation", "notifications", "camera", "microphone", "midi", "clipboard-read"];
  const states = await page.evaluate(
    (all) =>
      Promise.all(
        all.map(
          async (name) => `${name} ${(await navigator.permissions.query({ name: name as PermissionName })).state}`,
        ),
      ),
    names,
  );
  expect(states).toEqual(names.map((name) => `${name} denied`));
  expect(await page.evaluate(() => Notification.requestPermission())).toBe("denied");
});
