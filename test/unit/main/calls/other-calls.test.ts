import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test, vi } from "vitest";
import type { Session } from "../../../../src/engine/index.ts";
import { AppError } from "../../../../src/shared/errors.ts";
import { checkBrowserCommand } from "../../../../src/main/calls/browser-command.ts";
import { isShortcut } from "../../../../src/shared/model/shortcut.ts";
import { connectionInput } from "../connections.ts";
import { rig } from "./rig.ts";

const plain = { turnOn: false, restart: false, secretsFrom: null } as const;
const session = (proxy: string, about: Partial<Session> = {}): Session => ({
  proxy,
  jwt: "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.a-secret-jwt",
  createdAt: 5,
  pomerium: null,
  verified: true,
  ...about,
});

test("sessions are told without their JWT, with who uses them", async () => {
  const user = { email: "ada@example.com", name: "Ada" };
  const { calls, state, tunnels } = await rig({
    sessions: [session("https://access.example.com", { user, expiresAt: 9 }), session("https://other.example.com")],
  });
  const input = connectionInput();
  await calls["save-connection"](input, { ...plain, turnOn: true });
  await vi.waitFor(() => expect(tunnels.status(input.id).kind).toBe("listening"), { timeout: 5_000 });
  const { sessions } = state.snapshot();
  expect(sessions).toContainEqual({
    proxy: "https://access.example.com",
    createdAt: 5,
    user: "ada@example.com",
    expiresAt: 9,
    inUseBy: 1,
  });
  expect(sessions).toContainEqual(
    expect.objectContaining({ proxy: "https://other.example.com", user: null, expiresAt: null, inUseBy: 0 }),
  );
  expect(JSON.stringify(state.snapshot())).not.toContain("a-secret-jwt");
});

test("a sign-in that is over can be neither opened nor copied", async () => {
  const { calls } = await rig();
  const gone = { code: "not-found" };
  await expect(calls["open-sign-in-page"]("https://access.example.com")).rejects.toMatchObject(gone);
  await expect(calls["copy-sign-in-link"]("https://access.example.com")).rejects.toMatchObject(gone);
});

test("cancelling a sign-in turns off one connection, or all that wait", async () => {
  const { calls, tunnels } = await rig();
  const off = vi.spyOn(tunnels, "turnOff");
  vi.spyOn(tunnels, "waitingFor").mockReturnValue(["b", "c"]);
  await calls["cancel-sign-in"]("https://access.example.com", "a");
  expect(off.mock.calls).toEqual([["a"]]);
  await calls["cancel-sign-in"]("https://access.example.com", null);
  expect(off.mock.calls).toEqual([["a"], ["b"], ["c"]]);
});

test("a changed setting is applied, saved and told; one that the system refuses is not saved", async () => {
  const { calls, settings, desktop, state, changes } = await rig();
  state.snapshot();
  await calls["change-settings"]({ theme: "dark" });
  expect(desktop.applied.at(-1)?.theme).toBe("dark");
  expect(settings.current.theme).toBe("dark");
  await vi.waitFor(() => expect(changes()).toContainEqual({ type: "settings", settings: settings.current }));
  desktop.refuses = new AppError("setting-invalid", "Another program uses Ctrl+K.");
  await expect(async () => calls["change-settings"]({ paletteShortcut: "Ctrl+K" })).rejects.toMatchObject({
    code: "setting-invalid",
  });
  expect(settings.current.paletteShortcut).toBe("");
});

test("a browser command with an open quote is refused", async () => {
  const { calls, settings } = await rig();
  await expect(async () => calls["change-settings"]({ browserCommand: "firefox 'x" })).rejects.toMatchObject({
    code: "setting-invalid",
  });
  expect(settings.current.browserCommand).toBe("");
});

test("a browser command is taken only where a person agrees to what it really is", async () => {
  const { calls, settings, desktop } = await rig();
  desktop.agrees = false;
  await expect(calls["change-settings"]({ browserCommand: "sh -c evil" })).rejects.toMatchObject({ code: "cancelled" });
  expect(desktop.questions).toMatchObject([{ detail: "sh -c evil" }]);
  expect(settings.current.browserCommand).toBe("");
  const disguised = `firefox\u202e\n${"\n".repeat(100)}`;
  await expect(calls["change-settings"]({ browserCommand: disguised })).rejects.toMatchObject({
    code: "setting-invalid",
  });
  desktop.agrees = true;
  await calls["change-settings"]({ browserCommand: "firefox -P work" });
  expect(settings.current.browserCommand).toBe("firefox -P work");
  expect(desktop.questions).toHaveLength(2);
  // Neither the same again nor going back to the system's own is worth a question.
  await calls["change-settings"]({ browserCommand: "firefox -P work" });
  await calls["change-settings"]({ browserCommand: "" });
  expect(settings.current.browserCommand).toBe("");
  expect(desktop.questions).toHaveLength(2);
});

test("a program on another computer is refused before anybody looks for it", () => {
  for (const command of ["\\\\evil.example\\share\\a.exe", "//evil.example/share/a.exe", " \\/evil.example/a"])
    expect(() => checkBrowserCommand(command, "win32", {})).toThrow("a program of this computer");
  checkBrowserCommand("C:\\browser.exe --new", "win32", {});
});

test.each([
  ["Control+Shift+K", true],
  ["Super+Space", true],
  ["CommandOrControl+Alt+P", true],
  ["F9", true],
  ["Shift+F24", true],
  ["A", false],
  ["Shift+A", false],
  ["Space", false],
  ["Return", false],
  ["F25", false],
  ["", false],
])("%s may be a shortcut of all programs: %s", (keys, may) => {
  expect(isShortcut(keys)).toBe(may);
});

test("a key that people write with does not become a shortcut", async () => {
  const { calls, settings, desktop } = await rig();
  await expect(calls["change-settings"]({ paletteShortcut: "Return" })).rejects.toMatchObject({
    code: "setting-invalid",
  });
  expect(settings.current.paletteShortcut).toBe("");
  expect(desktop.applied).toEqual([]);
});

test("signing in and out wait until the sessions have been read", async () => {
  let read: () => void = () => undefined;
  const { calls, engine } = await rig({ loaded: new Promise<void>((resolve) => (read = resolve)) });
  const login = vi.spyOn(engine, "login").mockRejectedValue(new AppError("sign-in-failed", "no"));
  const logout = vi.spyOn(engine, "logout").mockResolvedValue([]);
  const [signIn, signOut] = [
    calls["sign-in"]("https://access.example.com"),
    calls["sign-out"]("https://access.example.com"),
  ];
  const told = expect(signIn).rejects.toMatchObject({ code: "sign-in-failed" });
  await new Promise(setImmediate);
  expect([login.mock.calls, logout.mock.calls]).toEqual([[], []]);
  read();
  await told;
  await signOut;
  expect([login.mock.calls.length, logout.mock.calls.length]).toEqual([1, 1]);
});

test("signing out tells where a session may go on, and why", async () => {
  const { calls, engine } = await rig();
  const proxy = "https://access.example.com";
  const reason = new AppError("client-certificate-needed", "It asks for one.").toData();
  const logout = vi.spyOn(engine, "logout");
  logout.mockResolvedValueOnce([{ proxy, endedAtProxy: false, reason }]);
  expect(await calls["sign-out"](proxy)).toEqual([{ proxy, reason }]);
  logout.mockResolvedValueOnce([{ proxy, endedAtProxy: true }]);
  expect(await calls["sign-out"](proxy)).toEqual([]);
});

test("a picked file is read, a token's is not, and one that is too large is refused", async () => {
  const { calls, desktop, folder } = await rig();
  expect(await calls["pick-file"]("ca")).toBeNull();
  desktop.file = path.join(folder, "ca.pem");
  writeFileSync(desktop.file, "PEM");
  expect(await calls["pick-file"]("ca")).toEqual({ name: "ca.pem", path: desktop.file, text: "PEM" });
  expect(await calls["pick-file"]("token")).toMatchObject({ text: "" });
  writeFileSync(desktop.file, "x".repeat(300 * 1024));
  await expect(calls["pick-file"]("ca")).rejects.toMatchObject({ code: "file-unreadable" });
  desktop.file = folder;
  await expect(calls["pick-file"]("ca")).rejects.toMatchObject({ code: "file-unreadable" });
});

test("a text is saved where the user says, and nowhere when he does not", async () => {
  const { calls, desktop, folder } = await rig();
  const text = { suggestedName: "log.json", text: "[]" };
  expect(await calls["save-text"](text)).toBe(false);
  desktop.file = path.join(folder, "log.json");
  expect(await calls["save-text"](text)).toBe(true);
  expect(readFileSync(desktop.file, "utf8")).toBe("[]");
  desktop.file = path.join(folder, "nowhere", "log.json");
  await expect(calls["save-text"](text)).rejects.toMatchObject({ code: "storage-failed" });
});

test("notices are told, acted on and dismissed; where their files are is not told", async () => {
  const { calls, notices, desktop, state } = await rig();
  notices.put({ id: "n", kind: "store-unreadable", message: "m", action: "show-file", file: "/secret/place" });
  expect(state.snapshot().notices).toEqual([{ id: "n", kind: "store-unreadable", message: "m", action: "show-file" }]);
  await calls["notice-action"]("n");
  expect(desktop.shown).toEqual(["/secret/place"]);
  await calls["dismiss-notice"]("n");
  expect(state.snapshot().notices).toEqual([]);
  await expect(calls["notice-action"]("n")).rejects.toMatchObject({ code: "not-found" });
});

test("activity is that of the watched connection, and its log follows without a gap or a repetition", async () => {
  const { calls, tunnels, state, changes } = await rig();
  const input = connectionInput();
  const other = connectionInput({ name: "Other" });
  await calls["save-connection"](input, plain);
  await calls["save-connection"](other, plain);
  state.snapshot();
  const activity = await calls.watch(input.id);
  await calls["set-on"]([input.id, other.id], true);
  await vi.waitFor(() => expect(tunnels.status(input.id).kind).toBe("listening"), { timeout: 5_000 });
  await vi.waitFor(() => {
    const told = changes().flatMap((change) => (change.type === "log" ? change.entries : []));
    expect([...(activity?.log ?? []), ...told]).toEqual(tunnels.activity(input.id).log);
  });
  const about = changes().flatMap((change) => (change.type === "log" || change.type === "activity" ? change.id : []));
  expect(new Set(about)).toEqual(new Set([input.id]));
  expect(await calls.watch(connectionInput().id)).toBeNull();
});

test("quitting and the page's failures reach whom they concern", async () => {
  const { calls, desktop, logged, folder } = await rig();
  await calls["report-failure"]("a stack");
  expect(logged).toEqual(["error page-failed: a stack"]);
  await calls["copy-text"]("127.0.0.1:5432");
  expect(desktop.copied).toEqual(["127.0.0.1:5432"]);
  await calls["open-log-folder"]();
  expect(desktop.shown).toEqual([folder]);
  await calls.quit();
  await vi.waitFor(() => expect(desktop.quits).toBe(1));
});

test("what is wanted of updates reaches them, a changed setting too", async () => {
  const { calls, asked } = await rig();
  await calls["check-for-update"]();
  await calls["download-update"]();
  await calls["postpone-update"]();
  await calls["install-update"]();
  await vi.waitFor(() => expect(asked).toEqual(["check", "download", "postpone", "install"]));
  await calls["change-settings"]({ theme: "dark" });
  await calls["change-settings"]({ updates: "off" });
  expect(asked.slice(4)).toEqual(["setting off"]);
});
