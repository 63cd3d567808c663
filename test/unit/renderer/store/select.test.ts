import { expect, test } from "vitest";
import type { MirrorState } from "../../../../src/renderer/store/mirror.ts";
import { kindsOf, statusesOn } from "../../../../src/renderer/store/select.ts";
import { connectionOf, idOf, snapshotOf } from "./fake-main.ts";

const snapshot = snapshotOf([connectionOf(1), connectionOf(2)], {
  statuses: { [idOf(1)]: { kind: "listening", address: "127.0.0.1:5432", since: 0 }, [idOf(2)]: { kind: "off" } },
});
const state: MirrorState = { snapshot, failure: null, activity: null, wishes: {}, refused: {} };

test("what is on: what main told, with the switches that were moved", () => {
  expect(kindsOf(state)).toEqual({ [idOf(1)]: "listening" });
  const moved = { ...state, wishes: { [idOf(1)]: { on: false, number: 1 }, [idOf(2)]: { on: true, number: 2 } } };
  expect(kindsOf(moved)).toEqual({ [idOf(2)]: "starting" });
  expect(statusesOn(moved)).toEqual([[idOf(2), { kind: "starting" }]]);
  expect(kindsOf(state)).toEqual({ [idOf(1)]: "listening" });
  expect(kindsOf({ ...state, snapshot: null })).toEqual({});
});

test("a change that moves no status gives the same objects", () => {
  const later = { ...state, snapshot: { ...snapshot, seq: 2, rates: { received: 1, sent: 2 } } };
  expect(kindsOf(later)).toBe(kindsOf(state));
  expect(statusesOn(later)).toBe(statusesOn(state));
});
