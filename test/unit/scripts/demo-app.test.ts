import { expect, test } from "vitest";
import { whyNoApp } from "../../../scripts/demo-app.ts";

test.each([
  ["linux", {}, true, "there is no display"],
  ["linux", { DISPLAY: ":0" }, true, null],
  ["linux", { WAYLAND_DISPLAY: "wayland-0" }, true, null],
  ["darwin", {}, true, null],
  ["win32", {}, false, "Electron's binary is not installed (npm start fetches it)"],
] as const)("the demo on %s with %j and a binary: %s", (platform, env, hasBinary, why) => {
  expect(whyNoApp(platform, env, hasBinary)).toBe(why);
});
