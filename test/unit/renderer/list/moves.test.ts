import { expect, test } from "vitest";
import {
  chosenAt,
  findByLetters,
  headerOf,
  idsBetween,
  moveBy,
  nextAfter,
  reordered,
} from "../../../../src/renderer/list/moves.ts";
import type { ListItem } from "../../../../src/renderer/list/groups.ts";
import { connectionOf, idOf } from "../store/fake-main.ts";

const row = (group: string, n: number): ListItem => ({
  type: "row",
  key: `${group}/${idOf(n)}`,
  id: idOf(n),
  connection: connectionOf(n, { name: `name ${n}` }),
  group,
});
const header = (key: string): ListItem => ({
  type: "group",
  key,
  group: { key, kind: "tag", title: key, members: [] },
  on: 0,
  closed: false,
});
const items = [header("a"), row("a", 1), row("a", 2), header("b"), row("b", 2), row("b", 3)];
const words = (item: ListItem): string => (item.type === "row" ? item.connection.name : "");

test.each([
  ["ArrowDown", 0, 1],
  ["ArrowDown", 5, 5],
  ["ArrowUp", 0, 0],
  ["ArrowUp", 3, 2],
  ["ArrowDown", -1, 0],
  ["Home", 4, 0],
  ["End", 0, 5],
  ["PageDown", 0, 3],
  ["PageDown", 4, 5],
  ["PageUp", 2, 0],
  ["x", 2, 2],
])("%s from %i goes to %i", (key, from, to) => {
  expect(moveBy(items, from, key, 3)).toBe(to);
});

test("the header of a row is the one above it", () => {
  expect([0, 2, 3, 5].map((at) => headerOf(items, at))).toEqual([0, 0, 3, 3]);
  expect(headerOf([row("all", 1)], 0)).toBe(-1);
});

test("letters go round, from the next row on; more letters may stay", () => {
  expect(findByLetters(items, 1, "n", words)).toBe(2);
  expect(findByLetters(items, 5, "n", words)).toBe(1);
  expect(findByLetters(items, 2, "name 2", words)).toBe(2);
  expect(findByLetters(items, 1, "NAME 3", words)).toBe(5);
  expect(findByLetters(items, 1, "x", words)).toBe(-1);
  expect(findByLetters([], 0, "n", words)).toBe(-1);
});

test("a range holds each connection once", () => {
  expect(idsBetween(items, 5, 1)).toEqual([1, 2, 3].map(idOf));
});

test("after a deletion the next row is selected, at the end the one before", () => {
  expect(nextAfter(items, 1, [idOf(1)])).toEqual({ id: idOf(2), group: "a" });
  expect(nextAfter(items, 2, [idOf(2)])).toEqual({ id: idOf(3), group: "b" });
  expect(nextAfter(items, 5, [idOf(3)])).toEqual({ id: idOf(2), group: "b" });
  expect(nextAfter(items, 5, [1, 2, 3].map(idOf))).toBeNull();
});

test("one is put before or behind another; no change is null", () => {
  const order = ["a", "b", "c", "d"];
  expect(reordered(order, "d", "b", "before")).toEqual(["a", "d", "b", "c"]);
  expect(reordered(order, "a", "c", "behind")).toEqual(["b", "c", "a", "d"]);
  expect(reordered(order, "b", "a", "behind")).toBeNull();
  expect(reordered(order, "a", "a", "before")).toBeNull();
  expect(reordered(order, "x", "a", "before")).toBeNull();
});

test("a connection is chosen in its group; in another view it is its first row", () => {
  expect(chosenAt(items, idOf(2), "b")).toBe(4);
  expect(chosenAt(items, idOf(2), "tag:gone")).toBe(2);
  expect(chosenAt(items, idOf(9), "a")).toBe(-1);
  expect(chosenAt(items, null, null)).toBe(-1);
});
