import { expect, test, vi } from "vitest";
import { SessionList } from "../../../../src/main/state/session-list.ts";
import { NoticeBoard } from "../../../../src/main/state/notice-board.ts";
import type { Session } from "../../../../src/engine/index.ts";
import { rig } from "../calls/rig.ts";
import { connectionInput } from "../connections.ts";

test("rates are told to who can see them, and only where they have changed", async () => {
  const { state, tunnels, changes } = await rig();
  state.snapshot();
  const rates = vi.spyOn(tunnels, "rates").mockReturnValue({ received: 5, sent: 6 });
  state.sampled(false);
  state.sampled(true);
  state.sampled(true);
  await vi.waitFor(() => expect(changes()).toEqual([{ type: "rates", rates: { received: 5, sent: 6 } }]));
  rates.mockReturnValue({ received: 0, sent: 0 });
  state.sampled(true);
  await vi.waitFor(() => expect(changes()).toHaveLength(2));
});

test("nothing is told after the page has gone, and its watch is over", async () => {
  const { calls, state, changes } = await rig();
  const input = connectionInput();
  await calls["save-connection"](input, { turnOn: false, restart: false, secretsFrom: null });
  state.snapshot();
  state.watch(input.id);
  state.unwatch();
  state.tunnelChanged(input.id);
  state.logged(input.id, []);
  state.snapshot();
  state.logged(input.id, []);
  state.settingsChanged();
  await vi.waitFor(() => expect(changes()).toHaveLength(1));
  expect(changes()[0]?.type).toBe("settings");
});

test("what is told of the watched connection is all that changes by the second, and not its log", async () => {
  const { calls, state, tunnels, changes } = await rig();
  const input = connectionInput({ protocol: "udp" });
  await calls["save-connection"](input, { turnOn: false, restart: false, secretsFrom: null });
  state.snapshot();
  state.watch(input.id);
  const activity = { ...tunnels.activity(input.id), dropped: 7 };
  vi.spyOn(tunnels, "activity").mockReturnValue(activity);
  state.tunnelChanged(input.id);
  const { log: _log, ...told } = activity;
  await vi.waitFor(() => expect(changes()).toContainEqual({ type: "activity", ...told }));
});

test("a wish to read the sessions that comes while they are read makes them be read once more", async () => {
  const answers: ((sessions: Session[]) => void)[] = [];
  let changes = 0;
  const list = new SessionList(
    () => new Promise<Session[]>((resolve) => answers.push(resolve)),
    () => changes++,
  );
  const done = list.reload();
  void list.reload();
  void list.reload();
  expect(answers).toHaveLength(1);
  answers[0]?.([]);
  await vi.waitFor(() => expect(answers).toHaveLength(2));
  answers[1]?.([{ proxy: "https://a.example", jwt: "x", createdAt: 1, pomerium: null, verified: true }]);
  await done;
  expect(changes).toBe(2);
  expect(list.proxies).toEqual(["https://a.example"]);
});

test("sessions that cannot be read leave what was known", async () => {
  const session: Session = { proxy: "https://a.example", jwt: "x", createdAt: 1, pomerium: null, verified: true };
  let fails = false;
  const list = new SessionList(
    () => (fails ? Promise.reject(new Error("disk")) : Promise.resolve([session])),
    () => undefined,
  );
  await list.reload();
  fails = true;
  await list.reload();
  expect(list.proxies).toEqual(["https://a.example"]);
});

test("a notice of the same id takes the place of the one before, and is told where it differs", () => {
  let changes = 0;
  const board = new NoticeBoard(() => changes++);
  const notice = { id: "not-saved", kind: "not-saved", message: "full" } as const;
  board.put(notice);
  board.put(notice);
  board.put({ ...notice, message: "read-only" });
  board.remove("another");
  expect(changes).toBe(2);
  expect(board.list()).toEqual([{ ...notice, message: "read-only" }]);
});

test("of a connection that is deleted nothing more is told", async () => {
  const { calls, state, changes } = await rig();
  const input = connectionInput();
  await calls["save-connection"](input, { turnOn: true, restart: false, secretsFrom: null });
  state.snapshot();
  await calls["delete-connections"]([input.id]);
  state.tunnelChanged(input.id);
  state.settingsChanged();
  await vi.waitFor(() => expect(changes().at(-1)?.type).toBe("settings"));
  expect(changes().filter(({ type }) => type === "status")).toEqual([]);
});
