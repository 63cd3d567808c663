import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { UpdateFeed } from "../../../../src/main/ipc/update-feed.ts";
import type { Change, Snapshot, Update } from "../../../../src/shared/ipc/snapshot.ts";
import { nothingOutside } from "../../../../src/shared/model/outside.ts";
import { defaultSettings } from "../../../../src/shared/model/settings.ts";
import { restingStatus } from "../../../../src/shared/model/update.ts";
import { connection, statuses } from "../connections.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const nothing: Omit<Snapshot, "seq"> = {
  connections: [],
  statuses: {},
  signIns: [],
  sessions: [],
  settings: defaultSettings,
  outside: nothingOutside,
  notices: [],
  rates: { received: 0, sent: 0 },
  update: restingStatus,
  host: { platform: "linux", version: "1", versions: {}, browser: "your browser" },
};

function feed() {
  const sent: { at: number; update: Update }[] = [];
  const began = performance.now();
  const made = new UpdateFeed((update) => sent.push({ at: performance.now() - began, update }));
  const changes = (): readonly Change[] => sent.flatMap(({ update }) => update.changes);
  return { feed: made, sent, changes };
}

const status = (id: string, kind: keyof typeof statuses = "listening"): Change => ({
  type: "status",
  id,
  status: statuses[kind],
});

test("nothing is sent before a window has taken its snapshot, and nothing of before is told again", () => {
  const { feed: one, sent } = feed();
  one.push(status("a"));
  one.push({ type: "settings", settings: defaultSettings });
  vi.advanceTimersByTime(1_000);
  expect(one.snapshot(() => nothing).seq).toBe(0);
  vi.advanceTimersByTime(1_000);
  expect(sent).toEqual([]);
});

test("a change that is in the snapshot is not told again, and the one behind it is", () => {
  const { feed: one, sent } = feed();
  one.snapshot(() => nothing);
  one.push(status("a", "starting"));
  one.push({ type: "connection", connection: connection() });
  const second = one.snapshot(() => nothing);
  one.push(status("a", "listening"));
  vi.advanceTimersByTime(1_000);
  expect(sent.map(({ update }) => update)).toEqual([{ seq: second.seq + 1, changes: [status("a", "listening")] }]);
});

test("a status that waits to be sent is in the snapshot, and so told by that alone", () => {
  const { feed: one, sent } = feed();
  one.snapshot(() => nothing);
  one.push(status("a"));
  one.snapshot(() => nothing);
  vi.advanceTimersByTime(1_000);
  expect(sent).toEqual([]);
});

test("updates are numbered without a gap", () => {
  const { feed: one, sent } = feed();
  one.snapshot(() => nothing);
  for (let at = 0; at < 50; at++) {
    one.push(status(`c${at % 3}`));
    vi.advanceTimersByTime(37);
  }
  vi.advanceTimersByTime(1_000);
  expect(sent.map(({ update }) => update.seq)).toEqual(sent.map((_one, at) => at + 1));
});

test("the first changes of a connection go out at once", () => {
  const { feed: one, sent } = feed();
  one.snapshot(() => nothing);
  one.push(status("a", "starting"));
  vi.advanceTimersByTime(5);
  one.push(status("a", "listening"));
  vi.advanceTimersByTime(5);
  expect(sent.map(({ update }) => update.changes)).toEqual([[status("a", "starting")], [status("a", "listening")]]);
});

test("one connection is told at most 10 times in any second, and its last status always arrives", () => {
  const { feed: one, sent } = feed();
  one.snapshot(() => nothing);
  for (let at = 0; at < 3_000; at++) {
    one.push(status("a", at % 2 === 0 ? "connected" : "listening"));
    vi.advanceTimersByTime(1);
  }
  one.push(status("a", "error"));
  vi.advanceTimersByTime(1_000);
  for (const { at } of sent) {
    expect(sent.filter((other) => other.at >= at && other.at < at + 1_000).length).toBeLessThanOrEqual(10);
  }
  expect(sent.length).toBeGreaterThan(15);
  expect(sent.at(-1)?.update.changes).toEqual([status("a", "error")]);
});

test("eighty connections that start together make one update", () => {
  const { feed: one, sent } = feed();
  one.snapshot(() => nothing);
  for (let at = 0; at < 80; at++) one.push(status(`c${at}`, "starting"));
  vi.advanceTimersByTime(1);
  expect(sent).toHaveLength(1);
  expect(sent[0]?.update.changes).toHaveLength(80);
});

test("what is held back of many connections comes in one batch each 100 ms", () => {
  const { feed: one, sent } = feed();
  one.snapshot(() => nothing);
  for (let at = 0; at < 1_000; at += 10) {
    for (let id = 0; id < 80; id++) one.push(status(`c${id}`, at % 20 === 0 ? "connected" : "listening"));
    vi.advanceTimersByTime(10);
  }
  vi.advanceTimersByTime(1_000);
  // Three at once for all of them together, then ten batches a second.
  expect(sent.length).toBeLessThanOrEqual(3 + 20);
});

test("status and activity of a connection ride together", () => {
  const { feed: one, sent } = feed();
  one.snapshot(() => nothing);
  const activity: Change = { type: "activity", id: "a", clients: [], traffic: { received: 1, sent: 2, samples: [] } };
  one.push(status("a"));
  one.push({ ...activity, clients: [] });
  one.push(activity);
  vi.advanceTimersByTime(1);
  expect(sent.map(({ update }) => update.changes)).toEqual([[status("a"), activity]]);
});

test("log entries are joined in their order, and those of a connection that is no longer watched are dropped", () => {
  const { feed: one, changes } = feed();
  one.snapshot(() => nothing);
  const entry = (id: number) =>
    ({ id, at: 0, level: "info", event: "turned-on", message: "", client: null, facts: {} }) as const;
  one.push({ type: "log", id: "a", entries: [entry(1)] });
  one.push({ type: "log", id: "a", entries: [entry(2), entry(3)] });
  vi.advanceTimersByTime(1);
  expect(changes()).toEqual([{ type: "log", id: "a", entries: [entry(1), entry(2), entry(3)] }]);
  one.push({ type: "log", id: "a", entries: [entry(4)] });
  expect(one.watch(() => "read")).toBe("read");
  vi.advanceTimersByTime(1_000);
  expect(changes()).toHaveLength(1);
});

test("a connection that is gone has no status any more", () => {
  const { feed: one, changes } = feed();
  one.snapshot(() => nothing);
  for (let at = 0; at < 5; at++) {
    one.push(status("a"));
    vi.advanceTimersByTime(1);
  }
  one.push(status("a", "error"));
  one.push({ type: "connections-removed", ids: ["a"] });
  vi.advanceTimersByTime(1_000);
  expect(changes().at(-1)).toEqual({ type: "connections-removed", ids: ["a"] });
});

test("a page that has gone is told nothing, and the next one gets the last place to go to, once", () => {
  const { feed: one, sent, changes } = feed();
  one.snapshot(() => nothing);
  one.push(status("a"));
  one.stop();
  one.push({ type: "go-to", place: { page: "new" } });
  one.push({ type: "go-to", place: { page: "palette" } });
  vi.advanceTimersByTime(1_000);
  expect(sent).toEqual([]);
  one.snapshot(() => nothing);
  vi.advanceTimersByTime(1_000);
  one.snapshot(() => nothing);
  vi.advanceTimersByTime(1_000);
  expect(changes()).toEqual([{ type: "go-to", place: { page: "palette" } }]);
});

test("of settings, notices, sign-ins, sessions and rates only the newest is told", () => {
  const { feed: one, changes } = feed();
  one.snapshot(() => nothing);
  one.push({ type: "rates", rates: { received: 1, sent: 1 } });
  one.push({ type: "settings", settings: defaultSettings });
  one.push({ type: "rates", rates: { received: 2, sent: 2 } });
  vi.advanceTimersByTime(1);
  expect(changes()).toEqual([
    { type: "rates", rates: { received: 2, sent: 2 } },
    { type: "settings", settings: defaultSettings },
  ]);
});
