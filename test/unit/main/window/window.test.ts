import { expect, test } from "vitest";
import { applicationMenu } from "../../../../src/main/window/application-menu.ts";
import {
  backgroundOf,
  closeAction,
  overlayOf,
  platformOf,
  titleBarOf,
} from "../../../../src/main/window/window-look.ts";
import { launchOf } from "../../../../src/main/launch.ts";

const closing = { quitting: false, setting: "tray", hasTray: true, platform: "linux" } as const;

test.each([
  ["hides to the tray", closing, "hide"],
  ["is minimised where no tray could bring it back", { ...closing, hasTray: false }, "minimize"],
  ["hides on macOS, whose Dock brings it back", { ...closing, hasTray: false, platform: "darwin" as const }, "hide"],
  ["quits where the user wants that", { ...closing, setting: "quit" as const }, "quit"],
  ["quits where the user wants that, tray or not", { ...closing, setting: "quit" as const, hasTray: false }, "quit"],
  ["closes while the app quits", { ...closing, quitting: true, setting: "quit" as const }, "close"],
])("a window that is closed %s", (_how, state, action) => {
  expect(closeAction(state)).toBe(action);
});

test("the title bar is part of the toolbar on macOS and Windows, and the desktop's own on Linux", () => {
  expect(titleBarOf("darwin", false)).toEqual({
    titleBarStyle: "hiddenInset",
    trafficLightPosition: { x: 18, y: 17 },
  });
  expect(titleBarOf("win32", true)).toEqual({ titleBarStyle: "hidden", titleBarOverlay: overlayOf(true) });
  expect(titleBarOf("linux", false)).toEqual({});
  expect(overlayOf(true).color).not.toBe(overlayOf(false).color);
  expect([backgroundOf(false), backgroundOf(true)]).toEqual(["#ffffff", "#15181a"]);
  expect(["darwin", "win32", "linux", "freebsd"].map(platformOf)).toEqual(["darwin", "win32", "linux", "linux"]);
});

const actions = { settings: () => undefined, newConnection: () => undefined, close: () => undefined };

test("macOS has a menu bar with the roles that its keys come from, and no developer tools when packaged", () => {
  const menu = applicationMenu("darwin", actions, false) ?? [];
  const roles = menu.flatMap(({ submenu }) => (submenu ?? []).map(({ role }) => role));
  for (const role of ["about", "services", "hide", "quit", "undo", "cut", "copy", "paste", "selectAll", "minimize"])
    expect(roles).toContain(role);
  expect(roles).not.toContain("toggleDevTools");
  expect(JSON.stringify(applicationMenu("darwin", actions, true))).toContain("toggleDevTools");
});

test("the menu bar offers the command line where it can be installed", () => {
  const labels = (more: object): string => JSON.stringify(applicationMenu("darwin", { ...actions, ...more }, false));
  expect(labels({ installCommandLine: () => undefined })).toContain("Install Command Line Tool…");
  expect(labels({})).not.toContain("Command Line");
});

test("other systems have no menu bar", () => {
  expect(applicationMenu("win32", actions, true)).toBeNull();
  expect(applicationMenu("linux", actions, true)).toBeNull();
});

test("the development server counts only where the app is not packaged", () => {
  const env = { ELECTRON_RENDERER_URL: "http://localhost:5173" };
  expect(launchOf(["electron", "."], env, false)).toEqual({ hidden: false, devUrl: "http://localhost:5173" });
  expect(launchOf(["culvert", "--hidden"], env, true)).toEqual({ hidden: true, devUrl: null });
  expect(launchOf(["culvert"], {}, true, true)).toEqual({ hidden: true, devUrl: null });
  expect(launchOf(["electron", "."], { ELECTRON_RENDERER_URL: "nonsense" }, false).devUrl).toBeNull();
});
