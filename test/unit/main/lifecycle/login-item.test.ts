import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  ElectronLoginItem,
  LinuxLoginItem,
  macStartState,
  runValueName,
  windowsStartState,
  type LoginItem,
  type StartState,
} from "../../../../src/main/lifecycle/login-item.ts";
import { SignInStart } from "../../../../src/main/lifecycle/sign-in-start.ts";
import { leaveMount, ownProgram } from "../../../../src/main/lifecycle/app-image.ts";
import { autostartEntry, autostartState } from "../../../../src/main/lifecycle/start-at-sign-in.ts";

const program = "/opt/Culvert/culvert";
const entry = autostartEntry([program]);

test.each([
  ["as it was written", entry, { on: true, note: null }],
  ["without quotes", entry.replace(/Exec=.*/, `Exec=${program} --hidden`), { on: true, note: null }],
  ["with arguments of a person", entry.replace("--hidden", "--hidden --verbose"), { on: true, note: null }],
  ["hidden by a desktop", `${entry}Hidden=true\n`, { on: false, note: "off-in-system" }],
  ["off in GNOME", entry.replace("enabled=true", "enabled=false"), { on: false, note: "off-in-system" }],
  ["for another program", entry.replace("/opt/Culvert", "/tmp/old"), { on: true, isStale: true, note: null }],
  ["for a longer name", entry.replace("culvert", "culvert2"), { on: true, isStale: true, note: null }],
  ["with a key in another group", `${entry}[Desktop Action x]\nHidden=true\n`, { on: true, note: null }],
  ["with another line end", entry.replaceAll("\n", "\r\n"), { on: true, note: null }],
  ["empty", "", { on: false, note: null }],
  ["something else", "Exec=culvert\n", { on: false, note: null }],
])("a desktop entry %s", (_what, text, state) => {
  expect(autostartState(text, program)).toEqual(state);
});

test("an AppImage starts from its own file, and a program that it has started does not", () => {
  const env = { APPIMAGE: "/home/ada/Culvert.AppImage", APPDIR: "/tmp/.mount_Culv" };
  expect(ownProgram("/tmp/.mount_Culv/culvert", env)).toBe("/home/ada/Culvert.AppImage");
  expect(ownProgram("/opt/Culvert/culvert", env)).toBe("/opt/Culvert/culvert");
  expect(ownProgram("/tmp/.mount_Culvert2/culvert", env)).toBe("/tmp/.mount_Culvert2/culvert");
  expect(ownProgram("/opt/Culvert/culvert", {})).toBe("/opt/Culvert/culvert");
});

test("what is started gets nothing from a mount that is gone with the AppImage, and keeps what is the user's", () => {
  const mount = "/tmp/.mount_Culv";
  const inside = {
    ...{ APPIMAGE: "/home/ada/Culvert.AppImage", APPDIR: mount, HOME: "/home/ada" },
    PATH: `${mount}:${mount}/usr/sbin:/home/ada/bin:/usr/bin`,
    LD_LIBRARY_PATH: `${mount}/usr/lib`,
    XDG_DATA_DIRS: `${mount}/usr/share/:/tmp/.mount_Culvert2/usr/share:/usr/share/`,
  };
  const env: Record<string, string | undefined> = { ...inside };
  leaveMount(`${mount}/culvert`, env);
  expect(env).toEqual({
    ...{ APPIMAGE: inside.APPIMAGE, APPDIR: mount, HOME: "/home/ada" },
    PATH: "/home/ada/bin:/usr/bin",
    XDG_DATA_DIRS: "/tmp/.mount_Culvert2/usr/share:/usr/share/",
  });
  // Another AppImage's, such as that of the terminal which started it, is there as long as that one.
  const other: Record<string, string | undefined> = { ...inside };
  leaveMount("/opt/Culvert/culvert", other);
  expect(other).toEqual(inside);
});

test("Windows: what Task Manager has turned off is off, and other arguments are put right", () => {
  const item = (args: string[], enabled: boolean): Electron.LaunchItems => ({
    name: runValueName,
    path: "C:\\Culvert\\Culvert.exe",
    args,
    scope: "user",
    enabled,
  });
  const state = (...launchItems: Electron.LaunchItems[]): StartState =>
    windowsStartState({ launchItems }, ["--hidden"]);
  expect(state()).toEqual({ on: false, note: null });
  expect(state(item(["--hidden"], true))).toEqual({ on: true, note: null });
  expect(state(item(["--hidden"], false))).toEqual({ on: false, note: "off-in-system" });
  expect(state(item([], true))).toEqual({ on: true, isStale: true, note: null });
  expect(state(item([], false), item(["--hidden"], true))).toEqual({ on: true, note: null });
  const quoted = windowsStartState({ launchItems: [item(["C:\\a b", "--hidden"], true)] }, ['"C:\\a b"', "--hidden"]);
  expect(quoted).toEqual({ on: true, note: null });
});

test("macOS: an item that waits for approval is off, and says what it waits for", () => {
  expect(macStartState({ status: "enabled" })).toEqual({ on: true, note: null });
  expect(macStartState({ status: "requires-approval" })).toEqual({ on: false, note: "needs-approval" });
  expect(macStartState({ status: "not-registered" })).toEqual({ on: false, note: null });
  expect(macStartState({ status: "not-found" })).toEqual({ on: false, note: null });
});

/** Electron's part of the app, with a system that takes every setting unless told otherwise. */
function fakeApp(platform: "darwin" | "win32", takes: "all" | "none" | "after-approval" = "all") {
  const asked: Electron.Settings[] = [];
  const read: (Electron.LoginItemSettingsOptions | undefined)[] = [];
  let on = false;
  const app = {
    setLoginItemSettings: (settings: Electron.Settings) => {
      asked.push(settings);
      if (takes === "all") on = settings.openAtLogin ?? false;
    },
    getLoginItemSettings: (options?: Electron.LoginItemSettingsOptions): Electron.LoginItemSettings => {
      read.push(options);
      const item = { name: runValueName, path: options?.path ?? "", args: options?.args ?? [], scope: "user" } as const;
      return {
        openAtLogin: false,
        wasOpenedAtLogin: false,
        status: takes === "after-approval" ? "requires-approval" : on ? "enabled" : "not-registered",
        executableWillLaunchAtLogin: on,
        launchItems: platform === "win32" && on ? [{ ...item, enabled: true }] : [],
      };
    },
  };
  return { app, asked, read };
}

test("Windows is told the program and its arguments, those of the app where it runs from its sources", () => {
  const { app, asked, read } = fakeApp("win32");
  const common = { platform: "win32", app, appPath: "C:\\src\\culvert app" } as const;
  const item = new ElectronLoginItem({ ...common, isPackaged: true, execPath: "C:\\Culvert\\Culvert.exe" });
  item.set(true);
  const installed = { path: "C:\\Culvert\\Culvert.exe", args: ["--hidden"] };
  expect(asked).toEqual([{ openAtLogin: true, ...installed, name: runValueName, enabled: true }]);
  // Electron compares with what it is given here.
  expect(read.at(-1)).toEqual(installed);
  expect(item.read()).toEqual({ on: true, note: null });
  item.set(false);
  expect(item.read()).toEqual({ on: false, note: null });
  new ElectronLoginItem({ ...common, isPackaged: false, execPath: "C:\\electron.exe" }).set(true);
  expect(asked.at(-1)).toMatchObject({ path: "C:\\electron.exe", args: ['"C:\\src\\culvert app"', "--hidden"] });
});

test("what the system does not take is an error, and what it wants first is said", () => {
  const of = (platform: "darwin" | "win32", takes: "none" | "after-approval", isPackaged = true): LoginItem =>
    new ElectronLoginItem({ platform, app: fakeApp(platform, takes).app, isPackaged, execPath: "/e", appPath: "/a" });
  expect(() => of("win32", "none").set(true)).toThrow(expect.objectContaining({ code: "storage-failed" }));
  const approval = of("darwin", "after-approval");
  expect(() => approval.set(true)).toThrow(expect.objectContaining({ code: "setting-invalid" }));
  approval.set(false);
  // macOS would start Electron itself.
  expect(() => of("darwin", "none", false).set(true)).toThrow(expect.objectContaining({ code: "not-available-yet" }));
});

test("Linux: set, read, turned off by the desktop, and turned on again", () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "culvert-autostart-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "autostart/culvert.desktop");
  const item = new LinuxLoginItem(file, [program]);
  expect(item.read()).toEqual({ on: false, note: null });
  item.set(true);
  expect(item.read()).toEqual({ on: true, note: null });
  writeFileSync(file, `${entry}Hidden=true\n`);
  expect(item.read()).toEqual({ on: false, note: "off-in-system" });
  item.set(true);
  expect(readFileSync(file, "utf8")).toBe(entry);
  item.set(false);
  item.set(false);
  expect(item.read()).toEqual({ on: false, note: null });
});

test.skipIf(process.platform === "win32")(
  "Linux: a pipe in the place of the entry, and one without an end, are none",
  () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "culvert-autostart-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = path.join(folder, "culvert.desktop");
    // In a process of its own, since reading it would stop this one.
    execFileSync("mkfifo", [file]);
    const module = new URL("../../../../src/main/lifecycle/login-item.ts", import.meta.url).href;
    const code = `import { LinuxLoginItem } from ${JSON.stringify(module)};
    console.log(JSON.stringify(new LinuxLoginItem(${JSON.stringify(file)}, ["/x"]).read()));`;
    const said = execFileSync(process.execPath, ["--input-type=module", "-e", code], { timeout: 15_000 });
    expect(JSON.parse(said.toString())).toEqual({ on: false, note: null });
    rmSync(file);
    writeFileSync(file, entry + "#".repeat(64 * 1024));
    expect(new LinuxLoginItem(file, [program]).read()).toEqual({ on: false, note: null });
  },
);

/** A system whose list anybody may change between two looks. */
function system(state: StartState, refuses?: Error) {
  const asked: boolean[] = [];
  const failures: unknown[] = [];
  const item = {
    state,
    read: () => item.state,
    set: (on: boolean) => {
      asked.push(on);
      if (refuses) throw refuses;
      item.state = { on, note: null };
    },
  };
  const start = new SignInStart(item, (thrown) => failures.push(thrown));
  return { item, start, asked, failures };
}
const on: StartState = { on: true, note: null };
const off: StartState = { on: false, note: null };

test("the setting shows what the system has: turned off or on elsewhere is turned off or on", () => {
  const agreed = system(on);
  expect([agreed.start.look(true, false), agreed.start.note, agreed.asked]).toEqual([true, null, []]);
  const gone = system(off);
  expect([gone.start.look(true, false), gone.start.note, gone.asked]).toEqual([false, "off-in-system", []]);
  // The next look finds the setting off, and still knows why.
  expect([gone.start.look(false, false), gone.start.note]).toEqual([false, "off-in-system"]);
  const blocked = system({ on: false, note: "off-in-system" });
  expect([blocked.start.look(false, false), blocked.start.note]).toEqual([false, "off-in-system"]);
  const elsewhere = system(on);
  expect([elsewhere.start.look(false, false), elsewhere.start.note]).toEqual([true, null]);
  const never = system(off);
  expect([never.start.look(false, false), never.start.note]).toEqual([false, null]);
});

test("an entry that leads elsewhere is put right; where that fails the app starts all the same", () => {
  const moved = system({ on: true, isStale: true, note: null });
  expect([moved.start.look(true, false), moved.asked, moved.item.state]).toEqual([true, [true], on]);
  const failing = system({ on: true, isStale: true, note: null }, new Error("disk full"));
  expect(failing.start.look(true, false)).toBe(true);
  expect(failing.failures).toHaveLength(1);
});

test("what the organisation manages is made true, also where the user turned it off in the system", () => {
  const wanted = system({ on: false, note: "off-in-system" });
  expect([wanted.start.look(true, true), wanted.asked, wanted.start.note]).toEqual([true, [true], null]);
  const unwanted = system(on);
  expect([unwanted.start.look(false, true), unwanted.asked, unwanted.item.state]).toEqual([false, [false], off]);
  const approval = system({ on: false, note: "needs-approval" }, new Error("approval"));
  expect([approval.start.look(true, true), approval.start.note]).toEqual([true, "needs-approval"]);
});

test("a user's wish goes to the system, and ends what was noted", () => {
  const blocked = system({ on: false, note: "off-in-system" });
  blocked.start.look(true, false);
  blocked.start.set(true);
  expect([blocked.item.state, blocked.start.note]).toEqual([on, null]);
  const approval = system({ on: false, note: "needs-approval" }, new Error("approval"));
  expect(() => approval.start.set(true)).toThrow("approval");
  expect(approval.start.note).toBe("needs-approval");
});
