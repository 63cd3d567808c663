import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  autostartEntry,
  autostartFile,
  autostartState,
  setLinuxAutostart,
} from "../../../../src/main/lifecycle/start-at-sign-in.ts";

test("the entry starts Culvert without a window, and quotes what a desktop would read otherwise", () => {
  expect(autostartEntry(["/opt/Culvert/culvert"])).toContain('\nExec="/opt/Culvert/culvert" "--hidden"\n');
  expect(autostartEntry(['/opt/a "b" $c %f/culvert'])).toContain(String.raw`Exec="/opt/a \\"b\\" \\$c %%f/culvert"`);
});

test("a line end in the name of a folder adds no line to the entry", () => {
  const program = "/opt/a\nExec=evil\r\n/culvert";
  const entry = autostartEntry([program]);
  expect(entry.split(/[\r\n]+/).filter((line) => line.startsWith("Exec="))).toEqual([
    String.raw`Exec="/opt/a\nExec=evil\r\n/culvert" "--hidden"`,
  ]);
  expect(autostartState(entry, program)).toEqual({ on: true, note: null });
});

test.each([
  ['env GTK_THEME=Adwaita "/opt/Culvert/culvert" --hidden', true],
  [`sh -c "sleep 20; /opt/Culvert/culvert --hidden"`, true],
  ["sh -c 'sleep 20 && exec /opt/Culvert/culvert'", true],
  ["/opt/Culvert/culvert-old --hidden", false],
  ["/mnt/opt/Culvert/culvert --hidden", false],
])("an entry that a person has changed to %s counts as this app's: %s", (exec, isOwn) => {
  const entry = autostartEntry(["x"]).replace(/^Exec=.*$/m, `Exec=${exec}`);
  expect(autostartState(entry, "/opt/Culvert/culvert")).toEqual({
    on: true,
    ...(isOwn ? {} : { isStale: true }),
    note: null,
  });
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
