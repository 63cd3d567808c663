import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { UpdateMemory } from "../../../../src/main/updates/memory.ts";
import { checkEveryMs, firstCheckMs, jitterMs, lookEveryMs, Updates } from "../../../../src/main/updates/updates.ts";
import { VirtualFile } from "./virtual-file.ts";
import { failed, readyWorld, release, world } from "./world.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("the first check comes after the first minute and its chance, the next ones daily", async () => {
  const { updates, state, taken } = world();
  state.random = 0.5;
  updates.start();
  await vi.advanceTimersByTimeAsync(firstCheckMs + jitterMs / 2 - 1);
  expect(taken()).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(taken()).toEqual(["checking", "find", "resting"]);
  await vi.advanceTimersByTimeAsync(checkEveryMs - lookEveryMs);
  expect(taken()).toEqual([]);
  await vi.advanceTimersByTimeAsync(lookEveryMs);
  expect(taken()).toContain("find");
  updates.close();
  await vi.advanceTimersByTimeAsync(3 * checkEveryMs);
  expect(taken()).toEqual([]);
});

test("a check that failed is tried again after an hour, shown, and told to nobody", async () => {
  const { updates, state, taken } = world();
  state.offer = failed("The update server is down.");
  updates.start();
  await vi.advanceTimersByTimeAsync(firstCheckMs);
  expect(updates.status).toMatchObject({ kind: "resting", error: { message: "The update server is down." } });
  expect(taken().filter((one) => one.startsWith("told"))).toEqual([]);
  await vi.advanceTimersByTimeAsync(lookEveryMs);
  expect(taken()).toContain("find");
  updates.close();
});

test("a computer that slept for a day checks within an hour", async () => {
  const { updates, taken } = world();
  updates.start();
  await vi.advanceTimersByTimeAsync(firstCheckMs);
  taken();
  // Its timers stood still.
  vi.setSystemTime(Date.now() + checkEveryMs);
  await vi.advanceTimersByTimeAsync(lookEveryMs);
  expect(taken()).toContain("find");
  updates.close();
});

test("automatic: finds, downloads, tells once a version, also over a restart of the app", async () => {
  const file = new VirtualFile();
  const { updates, state, taken } = world({ file });
  state.offer = release("1.5.0");
  await updates.check();
  expect(taken()).toEqual([
    "checking",
    "find",
    "available",
    "downloading",
    "download 1.5.0",
    "downloading",
    "ready",
    "told of 1.5.0, ready",
  ]);
  await updates.check();
  expect(taken()).toEqual(["find"]);
  state.offer = release("1.6.0");
  await updates.check();
  expect(taken()).toContain("told of 1.6.0, ready");
  const again = world({ file });
  again.state.offer = release("1.6.0");
  await again.updates.check();
  expect(again.updates.status).toMatchObject({ kind: "ready", version: "1.6.0" });
  expect(again.taken().filter((one) => one.startsWith("told"))).toEqual([]);
});

test("who is at the window is told by a later check, not never", async () => {
  const { updates, state, taken } = world();
  state.focused = true;
  state.offer = release("1.5.0");
  await updates.check();
  state.focused = false;
  taken();
  await updates.check();
  expect(taken()).toEqual(["find", "told of 1.5.0, ready"]);
});

test("ask: tells, and downloads when it is asked to", async () => {
  const { updates, state, taken } = world({ setting: "ask" });
  state.offer = release("1.5.0");
  await updates.check();
  expect(taken()).toEqual(["checking", "find", "available", "told of 1.5.0"]);
  await updates.download();
  expect(taken()).toEqual(["downloading", "download 1.5.0", "downloading", "ready"]);
  expect(await updates.installAtEnd(false)).toBe(true);
  expect(taken()).toEqual([]);
});

test("off: nothing is asked of the server, and what is under way stops", async () => {
  const { updates, state, doing, taken } = world({ setting: "off" });
  state.offer = release("1.5.0");
  updates.start();
  await updates.check();
  await vi.advanceTimersByTimeAsync(2 * checkEveryMs);
  expect(taken()).toEqual([]);
  state.setting = "automatic";
  let go = (): void => undefined;
  doing.download = new Promise((resolve) => (go = resolve));
  const checked = updates.check();
  await vi.waitFor(() => expect(updates.status.kind).toBe("downloading"));
  state.setting = "off";
  updates.settingChanged();
  go();
  await checked;
  expect(updates.status).toMatchObject({ kind: "resting", error: null });
  expect(await updates.installAtEnd(false)).toBe(true);
  const said = taken();
  expect(said).toContain("stopped");
  expect(said).not.toContain("install");
  updates.close();
});

test("turned off while it is prepared or asked about: nothing restarts, and nothing is ready any more", async () => {
  const { updates, state, doing, taken } = await readyWorld();
  let go = (): void => undefined;
  doing.prepare = new Promise((resolve) => (go = resolve));
  const installed = updates.install();
  await vi.waitFor(() => expect(updates.status.kind).toBe("installing"));
  state.setting = "off";
  updates.settingChanged();
  go();
  await installed;
  expect(taken()).toEqual(["installing", "prepare", "ready", "resting"]);
  await updates.install();
  expect(await updates.installAtEnd(false)).toBe(true);
  expect(taken()).toEqual([]);

  const other = await readyWorld();
  other.doing.prepare = new Promise((resolve) => (go = resolve));
  const second = other.updates.install();
  await vi.waitFor(() => expect(other.updates.status.kind).toBe("installing"));
  other.state.clients = 1;
  let answer: (value: boolean) => void = () => undefined;
  other.state.answers = [new Promise<boolean>((resolve) => (answer = resolve))];
  go();
  await vi.waitFor(() => expect(other.taken().at(-1)).toContain("Restart Culvert to update?"));
  other.state.setting = "off";
  other.updates.settingChanged();
  answer(true);
  await second;
  expect(other.taken()).toEqual(["ready", "resting"]);
});

test("who turns it off and on again is not told to be up to date, and does not wait a day for what was found", async () => {
  const { updates, state, taken } = await readyWorld();
  for (const setting of ["off", "automatic"] as const) {
    state.setting = setting;
    updates.settingChanged();
  }
  expect(updates.status).toEqual({ kind: "resting", checkedAt: null, error: null });
  updates.start();
  await vi.advanceTimersByTimeAsync(2 * lookEveryMs);
  expect(updates.status).toMatchObject({ kind: "ready", version: "1.5.0" });
  // Where there was nothing to find, the last check still counts.
  state.offer = null;
  await updates.check();
  const { status } = updates;
  for (const setting of ["off", "automatic"] as const) {
    state.setting = setting;
    updates.settingChanged();
  }
  expect(updates.status).toEqual(status);
  updates.close();
  taken();
});

test.each(["install", "download"] as const)("a check that nobody sees makes way for %s", async (wish) => {
  const { updates, state, doing, taken } = world({ setting: wish === "install" ? "automatic" : "ask" });
  state.offer = release("1.5.0");
  await updates.check();
  taken();
  let go = (): void => undefined;
  doing.find = new Promise((resolve) => (go = resolve));
  const checked = updates.check();
  const wished = updates[wish]();
  go();
  await Promise.all([checked, wished]);
  expect(taken()).toContain(wish === "install" ? "install and restart" : "download 1.5.0");
});

test("a check that somebody sees is not stopped by what cannot be done", async () => {
  const { updates, doing } = world();
  let go = (): void => undefined;
  doing.find = new Promise((resolve) => (go = resolve));
  const checked = updates.check();
  await Promise.all([updates.install(), updates.download()]);
  go();
  await checked;
  expect(updates.status).toMatchObject({ kind: "resting", checkedAt: Date.now() });
});

test("from ask to automatic, what was found is downloaded", async () => {
  const { updates, state } = world({ setting: "ask" });
  state.offer = release("1.5.0");
  await updates.check();
  state.setting = "automatic";
  updates.settingChanged();
  await vi.waitFor(() => expect(updates.status.kind).toBe("ready"));
});

test("a download that fails stays available with its reason, and the next check tries it again", async () => {
  const { updates, state, taken } = world();
  state.offer = release("1.5.0");
  state.downloadError = failed("The connection was lost.");
  await updates.check();
  expect(updates.status).toMatchObject({ kind: "available", error: { message: "The connection was lost." } });
  expect(taken().filter((one) => one.startsWith("told"))).toEqual([]);
  state.downloadError = null;
  await updates.check();
  expect(updates.status.kind).toBe("ready");
});

test("with nobody connected a restart asks nothing", async () => {
  const { updates, taken } = await readyWorld();
  await updates.install();
  expect(taken()).toEqual(["installing", "prepare", "close", "install and restart", "begun: true"]);
});

test("with clients it asks first; No leaves everything as it is", async () => {
  const { updates, state, taken } = await readyWorld();
  state.clients = 2;
  state.answers = [false, true];
  await updates.install();
  const question = "Restart Culvert to update? 2 clients are connected and will be cut off. [Restart]";
  expect(taken()).toEqual([question]);
  expect(updates.status.kind).toBe("ready");
  await updates.install();
  expect(taken()).toEqual([question, "installing", "prepare", "close", "install and restart", "begun: true"]);
});

test("a client that comes while it is prepared is asked about too", async () => {
  const { updates, state, doing, taken } = await readyWorld();
  let go = (): void => undefined;
  doing.prepare = new Promise((resolve) => (go = resolve));
  const installed = updates.install();
  await vi.waitFor(() => expect(updates.status.kind).toBe("installing"));
  state.clients = 1;
  go();
  await installed;
  expect(taken()).toEqual([
    "installing",
    "prepare",
    "Restart Culvert to update? 1 client is connected and will be cut off. [Restart]",
    "ready",
  ]);
});

test("it is asked once, however often the button is pressed", async () => {
  const { updates, state, taken } = await readyWorld();
  state.clients = 1;
  let answer: (value: boolean) => void = () => undefined;
  state.answers = [new Promise<boolean>((resolve) => (answer = resolve))];
  const first = updates.install();
  await updates.install();
  await updates.check();
  answer(false);
  await first;
  expect(taken()).toHaveLength(1);
});

test("what cannot be prepared closes nothing, says why, and can be downloaded again", async () => {
  const { updates, state, taken } = await readyWorld();
  state.prepareError = failed("The update that was downloaded is no longer there.");
  await updates.install();
  expect(taken()).toEqual(["installing", "prepare", "available"]);
  expect(updates.status).toMatchObject({ error: { message: "The update that was downloaded is no longer there." } });
  state.prepareError = null;
  await updates.download();
  expect(updates.status.kind).toBe("ready");
});

test("a restart that cannot begin says so to whoever ends the process", async () => {
  const { updates, state, taken } = await readyWorld();
  state.installs = false;
  await updates.install();
  expect(taken().at(-1)).toBe("begun: false");
});

test("quitting installs what is ready, without starting it again", async () => {
  const { updates, taken } = await readyWorld();
  updates.close();
  expect(await updates.installAtEnd(false)).toBe(true);
  expect(taken()).toEqual(["prepare", "install"]);
});

test("what was postponed is not installed by quitting, in this run nor in the next, until a newer version comes", async () => {
  const file = new VirtualFile();
  const { updates, taken } = await readyWorld({ file });
  updates.postpone();
  expect(updates.status).toMatchObject({ kind: "ready", postponed: true });
  await updates.installAtEnd(false);
  expect(taken()).toEqual(["ready"]);
  const next = await readyWorld({ file });
  expect(next.updates.status).toMatchObject({ postponed: true });
  await next.updates.installAtEnd(false);
  expect(next.taken()).toEqual([]);
  next.state.offer = release("1.5.1");
  await next.updates.check();
  expect(next.updates.status).toMatchObject({ version: "1.5.1", postponed: false });
  await next.updates.install();
  expect(next.taken()).toContain("install and restart");
});

const never = (): never => {
  throw new Error("asked");
};
/** Ports of which nothing may be asked. */
const silent: Omit<ConstructorParameters<typeof Updates>[0], "source" | "why"> = {
  ...{ clients: never, ask: never, restart: never, changed: never, tell: never, log: never, random: never },
  memory: new UpdateMemory(new VirtualFile()),
  setting: () => "automatic",
  now: Date.now,
};

test("a copy that does not update itself asks nobody", async () => {
  const none = new Updates({ ...silent, source: null, why: "package-manager" });
  none.start();
  await none.check();
  await none.install();
  expect(none.status).toEqual({ kind: "none", why: "package-manager" });
  expect(await none.installAtEnd(true)).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
});
