import { expect, test } from "vitest";
import { applyUpdate, joinLog, replaceSnapshot } from "../../../../src/renderer/store/apply.ts";
import type { Change } from "../../../../src/shared/ipc/snapshot.ts";
import { logEntriesKept, type Activity, type LogEntry } from "../../../../src/shared/model/activity.ts";
import { connectionOf, idOf, snapshotOf } from "./fake-main.ts";

const entry = (id: number): LogEntry => ({
  id,
  at: id,
  level: "info",
  event: "e",
  message: `event ${id}`,
  client: null,
  facts: {},
});
const activityOf = (id: string): Activity => ({
  id,
  clients: [],
  traffic: { received: 0, sent: 0, samples: [] },
  log: [entry(1)],
});

const three = [connectionOf(1), connectionOf(2), connectionOf(3)];
const apply = (change: Change, activity: Activity | null = null) =>
  applyUpdate({ snapshot: snapshotOf(three), activity }, { seq: 1, changes: [change] });

test("a connection is replaced in its place, and the others keep their identity", () => {
  const changed = connectionOf(2, { name: "New" });
  const { snapshot } = apply({ type: "connection", connection: changed });
  expect(snapshot.connections.map(({ name }) => name)).toEqual(["", "New", ""]);
  expect(snapshot.connections[0]).toBe(three[0]);
  expect(snapshot.connections[2]).toBe(three[2]);
  expect(snapshot.seq).toBe(1);
});

test("a connection that is not known comes at the end", () => {
  const { snapshot } = apply({ type: "connection", connection: connectionOf(9) });
  expect(snapshot.connections.at(-1)?.id).toBe(idOf(9));
});

test("removed connections take their status and their activity along", () => {
  const start = snapshotOf(three, { statuses: { [idOf(1)]: { kind: "starting" }, [idOf(2)]: { kind: "starting" } } });
  const state = applyUpdate(
    { snapshot: start, activity: activityOf(idOf(1)) },
    { seq: 1, changes: [{ type: "connections-removed", ids: [idOf(1)] }] },
  );
  expect(state.snapshot.connections.map(({ id }) => id)).toEqual([idOf(2), idOf(3)]);
  expect(Object.keys(state.snapshot.statuses)).toEqual([idOf(2)]);
  expect(state.activity).toBeNull();
});

test("a status leaves connections, settings and the other statuses alone", () => {
  const before = snapshotOf(three, { statuses: { [idOf(1)]: { kind: "starting" } } });
  const { snapshot } = applyUpdate(
    { snapshot: before, activity: null },
    { seq: 1, changes: [{ type: "status", id: idOf(2), status: { kind: "starting" } }] },
  );
  expect(snapshot.connections).toBe(before.connections);
  expect(snapshot.settings).toBe(before.settings);
  expect(snapshot.statuses[idOf(1)]).toBe(before.statuses[idOf(1)]);
  expect(snapshot.statuses[idOf(2)]).toEqual({ kind: "starting" });
});

test("a new order keeps the objects of connections that say the same", () => {
  const copies = structuredClone([three[2], three[0], { ...three[1], name: "Changed" }]) as typeof three;
  const { snapshot } = apply({ type: "connections", connections: copies });
  expect(snapshot.connections[0]).toBe(three[2]);
  expect(snapshot.connections[1]).toBe(three[0]);
  expect(snapshot.connections[2]).not.toBe(three[1]);
});

test("another snapshot keeps what says the same", () => {
  const before = snapshotOf(three);
  const after = replaceSnapshot(before, structuredClone({ ...before, seq: 7 }));
  expect(after.seq).toBe(7);
  expect(after.connections[1]).toBe(before.connections[1]);
});

test("activity and log are of the watched connection only", () => {
  const activity = activityOf(idOf(1));
  const news = { type: "log", id: idOf(2), entries: [entry(2)] } as const;
  expect(apply(news, activity).activity).toBe(activity);
  expect(apply({ ...news, id: idOf(1) }, activity).activity?.log.map(({ id }) => id)).toEqual([1, 2]);
  const traffic = { received: 5, sent: 6, samples: [] };
  const told = apply({ type: "activity", id: idOf(1), clients: [], traffic }, activity).activity;
  expect(told?.traffic).toEqual(traffic);
  expect(told?.log).toBe(activity.log);
  const dropping = apply({ type: "activity", id: idOf(1), clients: [], traffic, dropped: 3 }, activity).activity;
  expect(dropping?.dropped).toBe(3);
  // Turned on anew, there are none again.
  expect(apply({ type: "activity", id: idOf(1), clients: [], traffic }, dropping).activity).toEqual(told);
});

test("the log takes no entry twice and keeps the newest", () => {
  const log = Array.from({ length: logEntriesKept }, (_, index) => entry(index + 1));
  expect(joinLog(log, [entry(5), entry(logEntriesKept)])).toBe(log);
  const joined = joinLog(log, [entry(logEntriesKept), entry(logEntriesKept + 1)]);
  expect(joined).toHaveLength(logEntriesKept);
  expect(joined[0]?.id).toBe(2);
  expect(joined.at(-1)?.id).toBe(logEntriesKept + 1);
});
