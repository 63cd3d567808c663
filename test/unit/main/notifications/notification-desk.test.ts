import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { NotificationDesk, type DeskNotification } from "../../../../src/main/notifications/notification-desk.ts";
import type { Connection } from "../../../../src/shared/model/connection.ts";
import { defaultSettings, type Settings } from "../../../../src/shared/model/settings.ts";
import type { ConnectionStatus } from "../../../../src/shared/model/status.ts";
import { connection, statuses } from "../connections.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const proxy = "https://access.example.com";

function desk(connections: readonly Connection[] = [], change: Partial<Settings> = {}) {
  const shown: (DeskNotification & { open: boolean })[] = [];
  const world = { focused: false, waiting: [] as string[], settings: { ...defaultSettings, ...change } };
  const made = new NotificationDesk({
    settings: () => world.settings,
    connection: (id) => connections.find((one) => one.id === id),
    waitingFor: () => world.waiting,
    isFocused: () => world.focused,
    show: (notification) => {
      const entry = { ...notification, open: true };
      shown.push(entry);
      return () => (entry.open = false);
    },
    now: () => Date.now(),
  });
  const open = () => shown.filter((one) => one.open).map(({ title, body }) => `${title} | ${body}`);
  return { desk: made, shown, open, world };
}

const retrying = (): ConnectionStatus => ({ ...statuses.retrying, since: Date.now() });
const one = connection({ name: "Orders Postgres" });
const other = connection({ name: "Ledger MySQL" });
const elsewhere = connection({ name: "Jump host", pomeriumUrl: "https://other.example.com" });

test("a connection that fails is told after the group's time, and opens by a click", () => {
  const { desk: it, shown } = desk([one]);
  it.statusChanged(one.id, statuses.error);
  vi.advanceTimersByTime(4_999);
  expect(shown).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(shown).toMatchObject([
    {
      title: "Orders Postgres",
      body: "This computer does not trust access.example.com.",
      click: { do: "open", select: one.id },
    },
  ]);
});

test("failures at one proxy become one, and those at another proxy another", () => {
  const { desk: it, open } = desk([one, other, elsewhere]);
  it.statusChanged(one.id, statuses.error);
  it.statusChanged(elsewhere.id, statuses.error);
  vi.advanceTimersByTime(3_000);
  it.statusChanged(other.id, statuses.error);
  vi.advanceTimersByTime(10_000);
  expect(open()).toEqual([
    "2 connections stopped | This computer does not trust access.example.com.",
    "Jump host | This computer does not trust access.example.com.",
  ]);
});

test("a cause is told once until the connection recovers, which takes the notification back", () => {
  const { desk: it, shown, open } = desk([one]);
  for (let at = 0; at < 5; at++) {
    it.statusChanged(one.id, statuses.error);
    vi.advanceTimersByTime(10_000);
  }
  expect(shown).toHaveLength(1);
  it.statusChanged(one.id, statuses.listening);
  expect(open()).toEqual([]);
  it.statusChanged(one.id, statuses.error);
  vi.advanceTimersByTime(10_000);
  expect(shown).toHaveLength(2);
});

test("a group's notification goes when all of its connections have recovered", () => {
  const { desk: it, open } = desk([one, other]);
  it.statusChanged(one.id, statuses.error);
  it.statusChanged(other.id, statuses.error);
  vi.advanceTimersByTime(5_000);
  it.statusChanged(one.id, statuses.off);
  expect(open()).toHaveLength(1);
  it.statusChanged(other.id, statuses.connected);
  expect(open()).toEqual([]);
});

test("one that recovers within the group's time is not told", () => {
  const { desk: it, shown } = desk([one]);
  it.statusChanged(one.id, statuses.error);
  it.statusChanged(one.id, statuses.connected);
  vi.advanceTimersByTime(60_000);
  expect(shown).toEqual([]);
});

test("a retry is told after a minute, however often its status changes", () => {
  const { desk: it, shown } = desk([one]);
  const status = retrying();
  for (let at = 0; at < 59; at++) {
    it.statusChanged(one.id, status);
    vi.advanceTimersByTime(1_000);
  }
  expect(shown).toEqual([]);
  vi.advanceTimersByTime(1_000 + 5_000);
  expect(shown).toMatchObject([{ body: "access.example.com did not answer on port 443 within 10 s." }]);
});

test("a retry that succeeds within the minute is not told", () => {
  const { desk: it, shown } = desk([one]);
  it.statusChanged(one.id, retrying());
  vi.advanceTimersByTime(59_000);
  it.statusChanged(one.id, statuses.connected);
  vi.advanceTimersByTime(60_000);
  expect(shown).toEqual([]);
});

test("a port that could not be opened is no notification: whoever turned it on is looking", () => {
  const { desk: it, shown } = desk([one]);
  it.statusChanged(one.id, { ...statuses.error, address: null });
  vi.advanceTimersByTime(60_000);
  expect(shown).toEqual([]);
});

test("nothing is told to who looks at the window", () => {
  const { desk: it, shown, world } = desk([one]);
  world.focused = true;
  world.waiting = [one.id];
  it.statusChanged(one.id, statuses.error);
  it.signInsChanged([proxy]);
  vi.advanceTimersByTime(60_000);
  expect(shown).toEqual([]);
});

test("each kind can be turned off", () => {
  const off = { notifyFailure: false, notifySignIn: false, notifySessionEnds: false };
  const { desk: it, shown, world } = desk([one], off);
  world.waiting = [one.id];
  it.statusChanged(one.id, statuses.error);
  it.signInsChanged([proxy]);
  it.sessionsChanged([session(60_000)]);
  vi.advanceTimersByTime(60_000);
  expect(shown).toEqual([]);
});

test.each([
  [[one.id], "Orders Postgres is waiting."],
  [[one.id, other.id, elsewhere.id], "Orders Postgres and 2 more are waiting."],
])("a sign-in that clients need names who waits, and goes when it is over", (waiting, body) => {
  const { desk: it, shown, open, world } = desk([one, other, elsewhere]);
  world.waiting = waiting;
  it.signInsChanged([proxy]);
  it.signInsChanged([proxy]);
  vi.advanceTimersByTime(1_000);
  expect(shown).toMatchObject([
    { title: "Sign in to access.example.com", body, click: { do: "open-sign-in-page", proxy } },
  ]);
  it.signInsChanged([]);
  expect(open()).toEqual([]);
});

test("a sign-in that was asked for by hand is not told", () => {
  const { desk: it, shown } = desk([one]);
  it.signInsChanged([proxy]);
  vi.advanceTimersByTime(10_000);
  expect(shown).toEqual([]);
});

function session(endsInMs: number | null, inUseBy = 1) {
  const expiresAt = endsInMs === null ? null : Date.now() + endsInMs;
  return { proxy, createdAt: 0, user: null, expiresAt, inUseBy };
}

test("the known end of a session in use is told once, so many minutes before", () => {
  const { desk: it, shown } = desk();
  it.sessionsChanged([session(60 * 60_000)]);
  vi.advanceTimersByTime(50 * 60_000 - 1);
  expect(shown).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(shown).toMatchObject([
    { title: "Your session at access.example.com ends in 10 min", click: { do: "sessions" } },
  ]);
  vi.advanceTimersByTime(60 * 60_000);
  expect(shown).toHaveLength(1);
});

test.each([
  ["is not known", session(null)],
  ["is of a session that nobody uses", session(60_000, 0)],
  ["has passed", session(-1)],
])("an end that %s is not told", (_why, it) => {
  const { desk: made, shown } = desk();
  made.sessionsChanged([it]);
  vi.advanceTimersByTime(60 * 60_000);
  expect(shown).toEqual([]);
});

test("an end that is months away needs no timer that Node cannot hold", () => {
  const { desk: it, shown } = desk();
  it.sessionsChanged([session(90 * 24 * 60 * 60_000)]);
  const before = Date.now();
  vi.advanceTimersToNextTimer();
  expect(Date.now() - before).toBe(24 * 60 * 60_000);
  expect(shown).toEqual([]);
  expect(vi.getTimerCount()).toBe(1);
});

test("closing takes everything back and leaves no timer", () => {
  const { desk: it, open, world } = desk([one, other]);
  world.waiting = [one.id];
  it.statusChanged(one.id, statuses.error);
  it.statusChanged(other.id, retrying());
  it.signInsChanged([proxy]);
  it.sessionsChanged([session(60 * 60_000)]);
  vi.advanceTimersByTime(5_000);
  it.close();
  it.close();
  expect(open()).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

test("the warning goes with its session", () => {
  const { desk: it, open } = desk();
  it.sessionsChanged([session(60_000)]);
  expect(open()).toHaveLength(1);
  it.sessionsChanged([]);
  expect(open()).toEqual([]);
  it.sessionsChanged([session(60_000)]);
  it.close();
  expect(open()).toEqual([]);
});

test("an update is told with where a click leads, and taken back at the end", () => {
  const { desk: it, shown, open } = desk();
  expect(it.updateFound("1.5.0", true)).toBe(true);
  expect(open()).toEqual(["Culvert 1.5.0 is ready | Restart Culvert to update."]);
  expect(shown[0]?.click).toEqual({ do: "updates" });
  expect(it.updateFound("1.5.1", false)).toBe(true);
  expect(open()).toEqual(["Culvert 1.5.1 is available | Click to download it."]);
  it.close();
  expect(open()).toEqual([]);
});

test("nobody is told of an update at the window, or where it is turned off", () => {
  const off = desk([], { notifyUpdate: false });
  expect(off.desk.updateFound("1.5.0", true)).toBe(false);
  const { desk: it, world, shown } = desk();
  world.focused = true;
  expect(it.updateFound("1.5.0", true)).toBe(false);
  expect([...shown, ...off.shown]).toEqual([]);
});
