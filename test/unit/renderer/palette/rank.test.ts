import { expect, test } from "vitest";
import { lettersOf, rank, type Findable } from "../../../../src/renderer/palette/rank.ts";

const item = (title: string, words: readonly string[] = [], lastUsedAt: number | null = null): Findable => ({
  id: title,
  title,
  words,
  lastUsedAt,
});
const titles = (items: readonly Findable[], query: string): readonly string[] =>
  rank(items, query).map((found) => found.item.title);

test("a better match comes first: start of the name, start of a word, inside, other words, letters", () => {
  const items = [
    item("Big Postbox Terminal"),
    item("Ledger", ["my-pbt.example"]),
    item("Sink", ["pbt.example"]),
    item("Superpbt"),
    item("Orders pbt"),
    item("PBT main"),
    item("Puts Bits There"),
  ];
  expect(titles(items, "pbt")).toEqual(["PBT main", "Orders pbt", "Superpbt", "Sink", "Ledger", "Puts Bits There"]);
});

test("of equal matches the one used last comes first, then A to Z", () => {
  const items = [item("Postgres C", [], 10), item("Postgres A"), item("Postgres B", [], 20), item("Postgres D")];
  expect(titles(items, "post")).toEqual(["Postgres B", "Postgres C", "Postgres A", "Postgres D"]);
});

test("words match in any order and all of them must", () => {
  const items = [item("Orders Postgres", ["prod", ":5432"]), item("Orders Redis", ["prod", ":6379"])];
  expect(titles(items, "post orders")).toEqual(["Orders Postgres"]);
  expect(titles(items, ":6379 PROD")).toEqual(["Orders Redis"]);
  expect(titles(items, "orders kafka")).toEqual([]);
});

test("marks are where it was found, joined where they touch", () => {
  expect(rank([item("Orders Postgres")], "postg")[0]?.marks).toEqual([[7, 12]]);
  expect(rank([item("Orders Postgres")], "ord ers")[0]?.marks).toEqual([[0, 6]]);
  expect(rank([item("Orders Postgres", ["data"])], "data")[0]?.marks).toEqual([]);
  expect(rank([item("Orders Postgres")], "orpo")[0]?.marks).toEqual([
    [0, 2],
    [7, 9],
  ]);
});

test("letters are the starts of words, not just somewhere", () => {
  expect(lettersOf("orders postgres", "op")).not.toBeNull();
  expect(lettersOf("orders postgres", "ordpos")).not.toBeNull();
  expect(lettersOf("orders postgres", "dg")).toBeNull();
  expect(lettersOf("orders postgres", "rp")).toBeNull();
});

test("an empty query matches everything", () => {
  expect(titles([item("B", [], 1), item("A")], " ")).toEqual(["B", "A"]);
});

test("letters that change their length in lower case do not move the marks", () => {
  expect(rank([item("İstanbul Postgres")], "postgres")[0]?.marks).toEqual([[9, 17]]);
});

test("1,000 connections are ranked within a frame", () => {
  const items = Array.from({ length: 1_000 }, (_, n) =>
    item(`Service ${n} of the orders and billing platform`, [
      "prod",
      `service-${n}.prod.halden.example`,
      `:${n + 1_000}`,
    ]),
  );
  rank(items, "warm up");
  const times = ["s", "bill", "orders prod", "soabp", ":15", "xyzzy"].map((query) => {
    const runs = Array.from({ length: 7 }, () => {
      const before = performance.now();
      rank(items, query);
      return performance.now() - before;
    });
    // The best of several: the machine may be busy with something else.
    return Math.min(...runs);
  });
  expect(Math.max(...times)).toBeLessThan(16);
});
