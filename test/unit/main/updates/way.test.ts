import { expect, test } from "vitest";
import { updateWay, type CopyFacts } from "../../../../src/main/updates/way.ts";

const image = "/home/ada/Apps/Culvert.AppImage";
const mount = "/tmp/.mount_CulverXyz";
const facts = (change: Partial<CopyFacts> = {}): CopyFacts => ({
  platform: "linux",
  isPackaged: true,
  env: { APPIMAGE: image, APPDIR: mount },
  program: `${mount}/culvert`,
  packageType: null,
  hasFeed: true,
  canWrite: (folder) => folder === "/home/ada/Apps",
  ...change,
});
const none = (why: string) => ({ way: "none", why });

test.each<[string, Partial<CopyFacts>, object]>([
  ["an AppImage", {}, { way: "appimage", file: image }],
  ["a build without a feed", { hasFeed: false }, none("no-feed")],
  ["a deb", { packageType: "deb", env: {}, program: "/opt/Culvert/culvert" }, none("package-manager")],
  ["a deb without a feed", { packageType: "deb", hasFeed: false }, none("package-manager")],
  ["a deb started from an editor's AppImage", { program: "/opt/Culvert/culvert" }, none("other-copy")],
  ["a mount of a like name", { program: `${mount}2/culvert` }, none("other-copy")],
  ["an unpacked AppImage", { env: {}, program: "/home/ada/squashfs-root/culvert" }, none("other-copy")],
  ["a relative AppImage", { env: { APPIMAGE: "Culvert.AppImage", APPDIR: mount } }, none("other-copy")],
  [
    "a folder of the administrator",
    { env: { APPIMAGE: "/opt/C.AppImage", APPDIR: mount } },
    none("folder-not-writable"),
  ],
  ["Windows", { platform: "win32", env: {} }, { way: "nsis" }],
  ["a portable program", { platform: "win32", env: { PORTABLE_EXECUTABLE_FILE: "D:\\C.exe" } }, none("other-copy")],
  ["Windows while developing", { platform: "win32", isPackaged: false }, none("other-copy")],
  ["macOS", { platform: "darwin", env: {} }, { way: "squirrel" }],
  ["macOS while developing", { platform: "darwin", isPackaged: false }, none("other-copy")],
])("%s", (_what, change, expected) => {
  expect(updateWay(facts(change))).toEqual(expected);
});
