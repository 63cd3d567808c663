import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { autostartEntry, autostartFile, setLinuxAutostart } from "../../../../src/main/lifecycle/start-at-sign-in.ts";

test("the entry starts Culvert without a window, and quotes what a desktop would read otherwise", () => {
  expect(autostartEntry(["/opt/Culvert/culvert"])).toContain('\nExec="/opt/Culvert/culvert" "--hidden"\n');
  expect(autostartEntry(['/opt/a "b" $c %f/culvert'])).toContain(String.raw`Exec="/opt/a \\"b\\" \\$c %%f/culvert"`);
});

test("it is where the desktop looks", () => {
  expect(autostartFile({}, "/home/ada")).toBe("/home/ada/.config/autostart/culvert.desktop");
  expect(autostartFile({ XDG_CONFIG_HOME: "/cfg" }, "/home/ada")).toBe("/cfg/autostart/culvert.desktop");
  expect(autostartFile({ XDG_CONFIG_HOME: "relative" }, "/home/ada")).toContain("/home/ada/.config");
});

test("it is written and removed, also where it is not there", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "culvert-autostart-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = autostartFile({ XDG_CONFIG_HOME: folder }, "/");
  setLinuxAutostart(file, null);
  setLinuxAutostart(file, ["/usr/bin/culvert"]);
  expect(readFileSync(file, "utf8")).toBe(autostartEntry(["/usr/bin/culvert"]));
  setLinuxAutostart(file, null);
  expect(existsSync(file)).toBe(false);
});

test.runIf(process.platform === "linux")("a place that takes no folders is an error, not a wait for ever", () => {
  expect(() => setLinuxAutostart("/proc/nowhere/autostart/culvert.desktop", ["culvert"])).toThrow();
});
