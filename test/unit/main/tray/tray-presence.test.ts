import { expect, test } from "vitest";
import { askSessionBus, hasLinuxTray, hasSessionBus, parseBusAnswer } from "../../../../src/main/tray/tray-presence.ts";

test.each([
  ["(<true>,)\n", true],
  ["(<false>,)\n", false],
  ["method return time=1.2 sender=:1.5\n   variant       boolean true\n", true],
  ["   variant       boolean false\n", false],
  ["", null],
  ["Error: GDBus.Error:org.freedesktop.DBus.Error.ServiceUnknown", null],
])("%j means %j", (output, answer) => {
  expect(parseBusAnswer(output)).toBe(answer);
});

test("there is a tray where somebody says so, and the user is always believed", () => {
  expect(hasLinuxTray({}, true)).toBe(true);
  expect(hasLinuxTray({}, false)).toBe(false);
  expect(hasLinuxTray({}, null)).toBe(false);
  expect(hasLinuxTray({ CULVERT_TRAY: "yes" }, null)).toBe(true);
  expect(hasLinuxTray({ CULVERT_TRAY: "no" }, true)).toBe(false);
  expect(hasLinuxTray({ CULVERT_TRAY: "maybe" }, true)).toBe(true);
});

test("without a session bus nothing is started to ask it", async () => {
  expect(hasSessionBus({})).toBe(false);
  expect(hasSessionBus({ DBUS_SESSION_BUS_ADDRESS: "unix:path=/run/user/1000/bus" })).toBe(true);
  expect(await askSessionBus({})).toBeNull();
});
