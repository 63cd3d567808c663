import { expect, test } from "vitest";
import {
  commandEntries,
  connectionEntry,
  foundEntries,
  newConnectionEntry,
  statusIn,
} from "../../../../src/renderer/palette/entries.ts";
import { paletteSections } from "../../../../src/renderer/palette/model.ts";
import { rowAction } from "../../../../src/renderer/palette/row-action.ts";
import { offStatus, type ConnectionStatus } from "../../../../src/shared/model/status.ts";
import { connectionOf, idOf, snapshotOf } from "../store/fake-main.ts";

const listening: ConnectionStatus = { kind: "listening", address: "127.0.0.1:5432", since: 0 };
const error = { code: "refused", message: "No.", retryable: false } as const;

test("Enter says what it will do in every state", () => {
  expect(rowAction({ listen: "5433" }, offStatus)).toEqual({
    kind: "turn-on",
    words: "Turn on and copy",
    address: ":5433",
  });
  expect(rowAction({ listen: "" }, offStatus)).toEqual({
    kind: "turn-on",
    words: "Turn on and copy the address",
    address: "",
  });
  expect(rowAction({ listen: "" }, listening)).toEqual({ kind: "copy", words: "Copy", address: "127.0.0.1:5432" });
  expect(rowAction({ listen: "" }, { ...listening, address: "0.0.0.0:80" }).address).toBe("127.0.0.1:80");
  expect(rowAction({ listen: "5433" }, { kind: "starting" }).kind).toBe("wait");
  const failed: ConnectionStatus = { kind: "error", address: null, since: 0, error, clients: 0 };
  expect(rowAction({ listen: "5433" }, failed).words).toBe("Show why");
});

test("tags offer only what would change something", () => {
  const connections = [1, 2, 3].map((n) => connectionOf(n, { tags: ["data"] }));
  const titles = (statuses: Record<string, ConnectionStatus>): readonly string[] =>
    commandEntries({ connections, signIns: [] }, statusIn(statuses))
      .map(({ title }) => title)
      .filter((title) => title.endsWith("in data"));
  expect(titles({})).toEqual(["Turn on all 3 in data"]);
  expect(titles({ [idOf(1)]: listening })).toEqual(["Turn on 2 in data", "Turn off 1 in data"]);
});

test("every command has its own id, and a sign-in that waits is one of them", () => {
  const signIns = [{ proxy: "https://access.example", startedAt: 0, openedAt: null, connections: [] }];
  const connections = [connectionOf(1, { tags: ["a", "b"] })];
  const all = commandEntries({ connections, signIns }, statusIn({}));
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  expect(all.map(({ title }) => title)).toContain("Open the sign-in page of access.example");
});

test("host:port and links offer a new connection, a port or a known destination does not", () => {
  const offer = (text: string): string | undefined => newConnectionEntry(text, [connectionOf(1)])?.title;
  expect(offer("pg.example.com:5432")).toBe("New connection to pg.example.com:5432");
  expect(offer("[2001:db8::1]:22")).toBe("New connection to [2001:db8::1]:22");
  expect(offer(":5432")).toBeUndefined();
  expect(offer("pg.example.com:99999")).toBeUndefined();
  expect(offer("host-1.example:5432")).toBeUndefined();
  expect(newConnectionEntry("tcp+https://access.example/pg.example.com:5432", [])?.action).toEqual({
    type: "new",
    draft: { protocol: "tcp", destination: "pg.example.com:5432", pomeriumUrl: "https://access.example" },
  });
});

test("a link for UDP offers a UDP connection, also where there is one over TCP to the same address", () => {
  const offer = (text: string, ...protocols: readonly ("tcp" | "udp")[]): string | undefined =>
    newConnectionEntry(
      text,
      protocols.map((protocol, index) => connectionOf(index, { protocol, destination: "dns.example:53" })),
    )?.title;
  expect(offer("udp+https://dns.example:53", "tcp")).toBe("New UDP connection to dns.example:53");
  expect(offer("udp+https://dns.example:53", "tcp", "udp")).toBeUndefined();
  expect(offer("tcp+https://dns.example:53", "udp")).toBe("New connection to dns.example:53");
  // Which of the two is meant is not said.
  expect(offer("dns.example:53", "udp")).toBeUndefined();
  expect(newConnectionEntry("udp+https://dns.example:53", [])?.action).toEqual({
    type: "new",
    draft: { protocol: "udp", destination: "dns.example:53", pomeriumUrl: "" },
  });
});

test("what was found can be turned on and listed together", () => {
  const found = [1, 2, 3].map((n) => connectionOf(n));
  const titles = (statuses: Record<string, ConnectionStatus>): readonly string[] =>
    foundEntries("host", found, statusIn(statuses)).map(({ title }) => title);
  expect(titles({})).toEqual(["Turn on these 3", "Show these 3 in the list"]);
  expect(titles({ [idOf(2)]: listening })).toEqual(["Turn on the 2 that are off", "Show these 3 in the list"]);
  expect(foundEntries("host", found.slice(1, 2), statusIn({}))).toEqual([]);
});

test("without text: what was used last, then the commands; a command that is clearly meant comes first", () => {
  const connections = [
    connectionOf(1, { name: "Older", lastUsedAt: 1 }),
    connectionOf(2, { name: "Newer", lastUsedAt: 2 }),
    connectionOf(3, { name: "Never", destination: "settlement.example:1" }),
  ];
  const sections = (text: string) => paletteSections(snapshotOf(connections), statusIn({}), text);
  expect(sections("")[0]).toMatchObject({ title: "Recent" });
  expect(sections("")[0]?.items.map(({ item }) => item.title)).toEqual(["Newer", "Older"]);
  expect(sections("settings")[0]?.items[0]?.item.title).toBe("Settings");
  expect(sections("settle").map(({ title }) => title)).toEqual(["Connections"]);
  expect(sections("xyzzy")).toEqual([]);
});

test("a connection is found by its name, tag, host, port and proxy", () => {
  const entry = connectionEntry(connectionOf(1, { name: "Orders", tags: ["prod"] }));
  expect(entry.words).toEqual(["prod", "host-1.example", ":5432", "5432", "access.example"]);
  expect(connectionEntry(connectionOf(2, { protocol: "udp" })).words).toContain("udp");
});
