import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { createMirror, type Mirror } from "../../../../src/renderer/store/mirror.ts";
import type { Change, Place } from "../../../../src/shared/ipc/snapshot.ts";
import type { Activity, LogEntry } from "../../../../src/shared/model/activity.ts";
import type { ConnectionStatus } from "../../../../src/shared/model/status.ts";
import { statusOf } from "../../../../src/renderer/store/select.ts";
import { connectionOf, failing, FakeMain, idOf, snapshotOf } from "./fake-main.ts";

const opened: Mirror[] = [];
const open = (main: FakeMain): Mirror => {
  const mirror = createMirror(main);
  opened.push(mirror);
  return mirror;
};
afterEach(() => {
  for (const mirror of opened.splice(0)) mirror.close();
  vi.useRealTimers();
});

const listening: ConnectionStatus = { kind: "listening", address: "127.0.0.1:5432", since: 1 };
const settled = async (): Promise<void> => {
  // Every answer of the fake takes a few microtasks and nothing else.
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};
const three = () => new FakeMain(snapshotOf([connectionOf(1), connectionOf(2), connectionOf(3)]));
const shownOf = (mirror: Mirror) => mirror.store.getState().snapshot;
const kindOf = (mirror: Mirror, n: number) => statusOf(mirror.store.getState(), idOf(n)).kind;

test("updates that come while the snapshot is on its way are neither lost nor applied twice", async () => {
  const main = three();
  main.hold("snapshot");
  const mirror = open(main);
  // The answer was made before these two.
  main.send({ type: "status", id: idOf(1), status: listening });
  main.send({ type: "connection", connection: connectionOf(4) });
  expect(shownOf(mirror)).toBeNull();
  main.release("snapshot");
  await settled();
  expect(shownOf(mirror)).toEqual(main.state);
  expect(main.named("snapshot")).toHaveLength(1);
});

test("a gap in the numbers asks for the snapshot again; until then the last state stays", async () => {
  const main = three();
  const mirror = open(main);
  await settled();
  main.change({ type: "connection", connection: connectionOf(4) });
  main.hold("snapshot");
  main.send({ type: "status", id: idOf(1), status: listening });
  expect(shownOf(mirror)?.connections).toHaveLength(3);
  main.send({ type: "status", id: idOf(2), status: listening });
  main.release("snapshot");
  await settled();
  expect(shownOf(mirror)).toEqual(main.state);
  expect(main.named("snapshot")).toHaveLength(2);
});

test("an old number is ignored", async () => {
  const main = three();
  const mirror = open(main);
  await settled();
  const first = main.change({ type: "status", id: idOf(1), status: listening });
  main.deliver(first);
  main.send({ type: "status", id: idOf(1), status: { kind: "off" } });
  main.deliver(first);
  await settled();
  expect(kindOf(mirror, 1)).toBe("off");
  expect(main.named("snapshot")).toHaveLength(1);
});

test("whatever is lost, doubled or late: in the end it is main's state, and unchanged connections keep their object", async () => {
  const change = fc.oneof(
    fc.record({ type: fc.constant("status" as const), n: fc.integer({ min: 1, max: 4 }), on: fc.boolean() }),
    fc.record({
      type: fc.constant("connection" as const),
      n: fc.integer({ min: 1, max: 6 }),
      name: fc.constantFrom("a", "b"),
    }),
    fc.record({ type: fc.constant("remove" as const), n: fc.integer({ min: 1, max: 6 }) }),
    fc.record({ type: fc.constant("rates" as const), n: fc.nat(9) }),
  );
  const toChange = (made: {
    readonly type: string;
    readonly n: number;
    readonly on?: boolean;
    readonly name?: string;
  }): Change => {
    const id = idOf(made.n);
    if (made.type === "status") return { type: "status", id, status: made.on ? listening : { kind: "off" } };
    if (made.type === "remove") return { type: "connections-removed", ids: [id] };
    if (made.type === "rates") return { type: "rates", rates: { received: made.n, sent: 0 } };
    return { type: "connection", connection: connectionOf(made.n, { name: made.name ?? "" }) };
  };
  const step = fc.record({
    change,
    fate: fc.constantFrom("sent", "sent", "sent", "lost", "doubled", "late"),
    // Where the answers of main have time to come.
    pause: fc.boolean(),
    hold: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const main = three();
      const mirror = open(main);
      let late: (() => void)[] = [];
      for (const { change: made, fate, pause, hold } of steps) {
        if (hold) main.hold("snapshot");
        const update = main.change(toChange(made));
        if (fate === "late") late.push(() => main.deliver(update));
        else if (fate !== "lost") main.deliver(update);
        if (fate === "doubled") main.deliver(update);
        if (pause) {
          main.release("snapshot");
          await settled();
          for (const deliver of late) deliver();
          late = [];
        }
      }
      main.release("snapshot");
      for (const deliver of late) deliver();
      await settled();
      const before = shownOf(mirror);
      // Only the next update can show that the last one was lost.
      main.send({ type: "rates", rates: { received: 77, sent: 77 } });
      await settled();
      expect(shownOf(mirror)).toEqual(main.state);
      for (const connection of shownOf(mirror)?.connections ?? []) {
        const same = before?.connections.find(({ id }) => id === connection.id);
        if (same !== undefined && JSON.stringify(same) === JSON.stringify(connection)) expect(connection).toBe(same);
      }
      mirror.close();
    }),
    { numRuns: 150 },
  );
});

test("without an answer it says why, and asks again", async () => {
  vi.useFakeTimers();
  const main = three();
  main.answers.snapshot = failing({ code: "internal", message: "not ready" });
  const mirror = open(main);
  await settled();
  expect(mirror.store.getState().failure?.message).toBe("not ready");
  delete main.answers.snapshot;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(mirror.store.getState().failure).toBeNull();
  expect(shownOf(mirror)).toEqual(main.state);
});

test("a place is told at once, even while updates are held", async () => {
  const main = three();
  main.hold("snapshot");
  const mirror = open(main);
  const places: Place[] = [];
  mirror.onPlace((place) => places.push(place));
  main.send({ type: "go-to", place: { page: "new" } });
  expect(places).toEqual([{ page: "new" }]);
  main.release("snapshot");
  await settled();
  expect(places).toHaveLength(1);
});

test("a place that is asked for before anybody listens is shown once somebody does", async () => {
  // "New connection…" in the tray opened the window, but on its first page: the place came before the page was drawn.
  const main = three();
  const mirror = open(main);
  main.send({ type: "go-to", place: { page: "new" } });
  await settled();
  const places: Place[] = [];
  mirror.onPlace((place) => places.push(place));
  expect(places).toEqual([{ page: "new" }]);
  mirror.onPlace((place) => places.push(place));
  expect(places).toHaveLength(1);
});

test("a switch moves at once and stays when main says the same", async () => {
  const main = three();
  const mirror = open(main);
  await settled();
  main.hold("set-on");
  mirror.setOn([idOf(1)], true);
  expect(kindOf(mirror, 1)).toBe("starting");
  main.release("set-on");
  main.send({ type: "status", id: idOf(1), status: listening });
  expect(kindOf(mirror, 1)).toBe("listening");
  expect(mirror.store.getState().wishes).toEqual({});
  mirror.setOn([idOf(1)], false);
  expect(kindOf(mirror, 1)).toBe("off");
  expect(main.named("set-on")).toEqual([
    [[idOf(1)], true],
    [[idOf(1)], false],
  ]);
});

test("a switch that main refuses goes back and says why, until it is moved again", async () => {
  const main = three();
  const mirror = open(main);
  await settled();
  main.answers["set-on"] = failing({ code: "storage-failed", message: "The disk is full" });
  mirror.setOn([idOf(1)], true);
  await settled();
  expect(kindOf(mirror, 1)).toBe("off");
  expect(mirror.store.getState().refused[idOf(1)]?.message).toBe("The disk is full");
  delete main.answers["set-on"];
  mirror.setOn([idOf(1)], true);
  expect(mirror.store.getState().refused).toEqual({});
});

test("the refusal of an older wish does not take back a newer one", async () => {
  const main = three();
  const mirror = open(main);
  await settled();
  let refuse = (): void => undefined;
  main.answers["set-on"] = () =>
    new Promise((_, reject) => {
      refuse = () => {
        reject(new Error("too late"));
      };
    });
  mirror.setOn([idOf(1)], true);
  await settled();
  const refuseFirst = refuse;
  main.answers["set-on"] = () => undefined;
  mirror.setOn([idOf(1)], false);
  mirror.setOn([idOf(1)], true);
  refuseFirst();
  await settled();
  expect(kindOf(mirror, 1)).toBe("starting");
  expect(mirror.store.getState().refused).toEqual({});
});

test("a wish that main noted and that nothing shows ends by itself", async () => {
  vi.useFakeTimers();
  const main = three();
  const mirror = open(main);
  await settled();
  mirror.setOn([idOf(1)], true);
  await settled();
  expect(kindOf(mirror, 1)).toBe("starting");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(kindOf(mirror, 1)).toBe("off");
});

const entry = (id: number): LogEntry => ({
  id,
  at: id,
  level: "info",
  event: "e",
  message: "m",
  client: null,
  facts: {},
});
const activityOf = (n: number, log: readonly LogEntry[]): Activity => ({
  id: idOf(n),
  clients: [],
  traffic: { received: 0, sent: 0, samples: [] },
  log,
});

test("what comes between asking to watch and the answer is in the log once", async () => {
  const main = three();
  const mirror = open(main);
  await settled();
  main.activity = activityOf(1, [entry(1)]);
  main.hold("watch");
  mirror.watch(idOf(1));
  main.send({ type: "log", id: idOf(1), entries: [entry(2)] });
  main.release("watch");
  await settled();
  main.send({ type: "log", id: idOf(1), entries: [entry(2), entry(3)] });
  expect(mirror.store.getState().activity?.log.map(({ id }) => id)).toEqual([1, 2, 3]);
});

test("after a gap the watched connection is asked about again", async () => {
  const main = three();
  const mirror = open(main);
  await settled();
  main.activity = activityOf(1, [entry(1)]);
  mirror.watch(idOf(1));
  await settled();
  main.change({ type: "log", id: idOf(1), entries: [entry(2)] });
  main.send({ type: "rates", rates: { received: 1, sent: 1 } });
  await settled();
  expect(mirror.store.getState().activity?.log.map(({ id }) => id)).toEqual([1, 2]);
});

test("the answer for a connection that is no longer watched is dropped", async () => {
  const main = three();
  const mirror = open(main);
  await settled();
  const first = activityOf(1, [entry(1)]);
  main.activity = first;
  let answer = (): void => undefined;
  main.answers.watch = (id) =>
    id === idOf(1)
      ? new Promise((resolve) => {
          answer = () => {
            resolve(first);
          };
        })
      : null;
  mirror.watch(idOf(1));
  await settled();
  mirror.watch(null);
  await settled();
  answer();
  await settled();
  expect(mirror.store.getState().activity).toBeNull();
});

test("closing twice is closing once, and nothing is heard afterwards", async () => {
  const main = three();
  const mirror = open(main);
  await settled();
  mirror.close();
  mirror.close();
  expect(main.listeners).toBe(0);
});
