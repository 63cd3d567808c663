import fc from "fast-check";
import { expect, test } from "vitest";
import { matches, parseSearch } from "../../../../src/renderer/list/search.ts";
import { connectionOf } from "../store/fake-main.ts";

const orders = connectionOf(1, {
  name: "Orders Postgres",
  destination: "pg-orders.prod.example:5432",
  listen: "127.0.0.1:15000",
  tags: ["Prod", "data"],
  pomeriumUrl: "https://access.halden.example:8443",
});
const found = (search: string): boolean => matches(orders, parseSearch(search));

test.each([
  "",
  "  ",
  "orders",
  "POSTGRES",
  "postgres orders",
  "pg-orders.prod",
  ":5432",
  ":54",
  ":15000",
  "5432",
  "tag:prod",
  "tag:da",
  "tag:",
  "data",
  "halden",
  "ord :5432 tag:data halden",
])("%j finds it", (search) => {
  expect(found(search)).toBe(true);
});

test.each(["redis", "orders redis", ":432", ":8443", ":150001", "tag:rod", "tag:orders", "postgres  :6379"])(
  "%j does not",
  (search) => {
    expect(found(search)).toBe(false);
  },
);

test("a connection without a name is found by its host", () => {
  expect(matches(connectionOf(2), parseSearch("host-2"))).toBe(true);
});

test("the order of the words does not matter", () => {
  const word = fc.constantFrom("orders", "pg", ":5432", "tag:prod", "nothing", "data", ":1", "example");
  fc.assert(
    fc.property(fc.array(word), (words) => {
      expect(found(words.join(" "))).toBe(found([...words].reverse().join("  ")));
      expect(found(words.join(" "))).toBe(words.every(found));
    }),
  );
});
