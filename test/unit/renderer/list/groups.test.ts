import { expect, test } from "vitest";
import { groupingOf, listModel, type ListInput, type ListItem } from "../../../../src/renderer/list/groups.ts";
import type { Connection } from "../../../../src/shared/model/connection.ts";
import type { StatusKind } from "../../../../src/shared/model/status.ts";
import { connectionOf, idOf } from "../store/fake-main.ts";

const c = (n: number, name: string, tags: readonly string[] = [], more: Partial<Connection> = {}): Connection =>
  connectionOf(n, { name, tags: [...tags], ...more });

const connections = [
  c(1, "zeta", ["prod"], { pinned: true }),
  c(2, "Beta", ["prod", "data"]),
  c(3, "alpha 10", ["data"], { pinned: true }),
  c(4, "alpha 9"),
  c(5, "éclair", ["Ops"]),
];
const kinds: Readonly<Record<string, StatusKind>> = { [idOf(1)]: "connected", [idOf(2)]: "error" };
const input = (more: Partial<ListInput> = {}): ListInput => ({
  connections,
  kinds,
  settledKinds: more.kinds ?? kinds,
  filter: "all",
  grouping: "tag",
  search: "",
  collapsed: [],
  ...more,
});
const nameOf = (id: string): string => connections.find((one) => one.id === id)?.name ?? "?";
const linesOf = (items: readonly ListItem[]): readonly string[] =>
  items.map((item) =>
    item.type === "group" ? `${item.group.title} ${item.on}/${item.group.members.length}` : `  ${nameOf(item.id)}`,
  );
const lines = (more: Partial<ListInput> = {}): readonly string[] => linesOf(listModel(input(more)).items);

test("by tag: pinned in their own order, tags A to Z, untagged last; one connection in each of its groups", () => {
  expect(lines()).toEqual([
    "Pinned 1/2",
    "  zeta",
    "  alpha 10",
    "data 1/2",
    "  alpha 10",
    "  Beta",
    "Ops 0/1",
    "  éclair",
    "prod 2/2",
    "  Beta",
    "  zeta",
    "Untagged 0/1",
    "  alpha 9",
  ]);
});

test("counts are of connections, never of rows", () => {
  const { counts, shown } = listModel(input());
  expect(counts).toEqual({ all: 5, on: 2, attention: 1 });
  expect([...shown].sort()).toEqual([1, 2, 3, 4, 5].map(idOf));
});

test("a search makes no row and no count again: what is drawn of them can stay", () => {
  const byKey = new Map(listModel(input()).items.map((item) => [item.key, item]));
  const found = listModel(input({ search: "alpha" }));
  const rows = found.items.filter((item) => item.type === "row");
  expect(rows).toHaveLength(3);
  for (const row of rows) expect(row).toBe(byKey.get(row.key));
  expect(found.counts).toBe(listModel(input()).counts);
  expect(listModel(input({ kinds: {} })).counts).toEqual({ all: 5, on: 0, attention: 0 });
});

test("a connection that was changed has a new row", () => {
  const row = (model: ReturnType<typeof listModel>) => model.items.find(({ key }) => key === `untagged/${idOf(4)}`);
  const changed = connections.map((one) => (one.id === idOf(4) ? { ...one, name: "alpha 8" } : one));
  expect(row(listModel(input()))).toMatchObject({ connection: { name: "alpha 9" } });
  expect(row(listModel(input({ connections: changed })))).toMatchObject({ connection: { name: "alpha 8" } });
});

test("names are sorted as people sort: numbers by value, letters without case and accents", () => {
  expect(lines({ grouping: "none" })).toEqual(["  zeta", "  alpha 10", "  alpha 9", "  Beta", "  éclair"]);
});

test("a filter hides rows and empty groups; a header still counts its whole group", () => {
  expect(lines({ filter: "on" })).toEqual([
    "Pinned 1/2",
    "  zeta",
    "data 1/2",
    "  Beta",
    "prod 2/2",
    "  Beta",
    "  zeta",
  ]);
  expect(lines({ filter: "attention" })).toEqual(["data 1/2", "  Beta", "prod 2/2", "  Beta"]);
  expect(listModel(input({ filter: "attention" })).shown).toEqual([idOf(2)]);
});

test("signing in and error want attention; retrying does not", () => {
  const attention = { [idOf(1)]: "signing-in", [idOf(2)]: "retrying", [idOf(3)]: "error" } as const;
  expect(listModel(input({ kinds: attention })).counts).toEqual({ all: 5, on: 3, attention: 2 });
});

test("a closed group keeps its header; while searching it is open", () => {
  expect(lines({ collapsed: ["tag:data", "pinned"] }).slice(0, 3)).toEqual(["Pinned 1/2", "data 1/2", "Ops 0/1"]);
  expect(lines({ collapsed: ["tag:data", "pinned"], search: "beta" })).toEqual([
    "data 1/1",
    "  Beta",
    "prod 1/1",
    "  Beta",
  ]);
});

test("what a closed group hides is still in view for turning all on", () => {
  expect(listModel(input({ collapsed: ["untagged"] })).shown).toContain(idOf(4));
});

test("by proxy: the host is the title", () => {
  const two = [
    c(1, "a", [], { pomeriumUrl: "https://b.example" }),
    c(2, "b", [], { pomeriumUrl: "https://a.example:8443" }),
  ];
  const { items } = listModel(input({ connections: two, grouping: "proxy" }));
  expect(items.map((item) => (item.type === "group" ? item.group.title : item.id))).toEqual([
    "a.example:8443",
    idOf(2),
    "b.example",
    idOf(1),
  ]);
});

test("by state: what wants somebody comes first, in the groups that have settled", () => {
  expect(lines({ grouping: "state", settledKinds: { [idOf(2)]: "connected", [idOf(4)]: "error" } })).toEqual([
    "Pinned 1/2",
    "  zeta",
    "  alpha 10",
    "Error 0/1",
    "  alpha 9",
    "Connected 1/1",
    "  Beta",
    "Off 1/3",
    "  alpha 10",
    "  éclair",
    "  zeta",
  ]);
});

test("by tag is the choice once a tag exists, and the user's choice comes first", () => {
  expect(groupingOf(null, connections)).toBe("tag");
  expect(groupingOf(null, [c(1, "a")])).toBe("none");
  expect(groupingOf("state", connections)).toBe("state");
});

test("a thousand connections in fifty tags are grouped and searched in a few milliseconds", () => {
  const many = Array.from({ length: 1_000 }, (_, n) =>
    c(n, `service ${n}`, [`tag ${n % 50}`, `tag ${(n * 7) % 50}`], { destination: `host-${n}.example:${1_000 + n}` }),
  );
  const run = (search: string): number => {
    const start = performance.now();
    const model = listModel(input({ connections: many, search }));
    const took = performance.now() - start;
    expect(model.counts.all).toBe(1_000);
    return took;
  };
  run("warm");
  const times = ["s", "se", "service 77", "tag:tag :1500"].map((search) =>
    Math.min(run(search), run(search), run(search)),
  );
  // Far above what it takes, so that a busy machine does not matter.
  expect(Math.max(...times)).toBeLessThan(100);
});
