import type { Connection } from "../../shared/model/connection.ts";
import type { StatusKind } from "../../shared/model/status.ts";
import { hostOfOrigin, nameOf, proxyOriginOf } from "../../shared/words/connection.ts";
import type { Filter, Grouping } from "../store/view.ts";
import { matches, parseSearch, type Term } from "./search.ts";

/** The state of every connection that is not off, by id. */
export type Kinds = Readonly<Record<string, StatusKind>>;

export interface Group {
  /** Unique in the list, and the same in the next one. */
  readonly key: string;
  readonly kind: "pinned" | "tag" | "untagged" | "proxy" | "state" | "all";
  readonly title: string;
  readonly members: readonly Connection[];
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

export const byName = (a: Connection, b: Connection): number =>
  collator.compare(nameOf(a), nameOf(b)) || (a.id < b.id ? -1 : 1);

// Sorting is the slow part, and a status that changes does not change the order.
const sorts = new WeakMap<readonly Connection[], readonly Connection[]>();

function sortedByName(connections: readonly Connection[]): readonly Connection[] {
  const known = sorts.get(connections);
  if (known !== undefined) return known;
  const made = [...connections].sort(byName);
  sorts.set(connections, made);
  return made;
}

/** In the order in which they are shown: what wants somebody first. */
const stateTitles: Readonly<Record<StatusKind, string>> = {
  error: "Error",
  "signing-in": "Signing in",
  retrying: "Retrying",
  starting: "Starting",
  connected: "Connected",
  listening: "Listening",
  off: "Off",
};

/** Each tag once. */
const tagsOf = ({ tags }: Connection): readonly string[] => (tags.length < 2 ? tags : [...new Set(tags)]);

// Reading an address is slow, and every key of a search asks.
const proxyKeys = new WeakMap<Connection, readonly [string]>();

function proxyKeyOf(connection: Connection): readonly [string] {
  const known = proxyKeys.get(connection);
  if (known !== undefined) return known;
  const made = [proxyOriginOf(connection) ?? connection.pomeriumUrl] as const;
  proxyKeys.set(connection, made);
  return made;
}

function collect(
  connections: readonly Connection[],
  keysOf: (connection: Connection) => readonly string[],
): ReadonlyMap<string, readonly Connection[]> {
  const groups = new Map<string, Connection[]>();
  for (const connection of connections)
    for (const key of keysOf(connection)) {
      const members = groups.get(key);
      if (members === undefined) groups.set(key, [connection]);
      else members.push(connection);
    }
  return groups;
}

const sortedGroups = (
  groups: ReadonlyMap<string, readonly Connection[]>,
  kind: "tag" | "proxy",
  titleOf: (key: string) => string,
): readonly Group[] =>
  [...groups]
    .map(([key, members]): Group => ({ key: `${kind}:${key}`, kind, title: titleOf(key), members }))
    .sort((a, b) => collator.compare(a.title, b.title) || (a.key < b.key ? -1 : 1));

/**
 * The groups in the order in which they are shown: pinned ones first, in their own order; the rest by name.
 * @param kinds where the By state grouping puts each connection.
 * @param terms what must be found in a connection.
 */
export function groupsOf(
  connections: readonly Connection[],
  grouping: Grouping,
  kinds: Kinds,
  terms: readonly Term[] = [],
): readonly Group[] {
  const found = (connection: Connection): boolean => matches(connection, terms);
  const pinned = connections.filter((connection) => connection.pinned && found(connection));
  const sorted = terms.length === 0 ? sortedByName(connections) : sortedByName(connections).filter(found);
  if (grouping === "none")
    return [{ key: "all", kind: "all", title: "", members: [...pinned, ...sorted.filter((one) => !one.pinned)] }];
  const first: readonly Group[] =
    pinned.length === 0 ? [] : [{ key: "pinned", kind: "pinned", title: "Pinned", members: pinned }];
  switch (grouping) {
    case "tag": {
      const untagged = sorted.filter(({ tags }) => tags.length === 0);
      return [
        ...first,
        ...sortedGroups(collect(sorted, tagsOf), "tag", (tag) => tag),
        ...(untagged.length === 0
          ? []
          : [{ key: "untagged", kind: "untagged", title: "Untagged", members: untagged } as const]),
      ];
    }
    case "proxy":
      return [...first, ...sortedGroups(collect(sorted, proxyKeyOf), "proxy", hostOfOrigin)];
    case "state": {
      const groups = collect(sorted, ({ id }) => [kinds[id] ?? "off"]);
      return [
        ...first,
        ...Object.entries(stateTitles).flatMap(([kind, title]): Group[] => {
          const members = groups.get(kind);
          return members === undefined ? [] : [{ key: `state:${kind}`, kind: "state", title, members }];
        }),
      ];
    }
  }
}

/** On is everything but off, whatever the state. */
const isOnKind = (kind: StatusKind | undefined): boolean => kind !== undefined && kind !== "off";
const isAttentionKind = (kind: StatusKind | undefined): boolean => kind === "error" || kind === "signing-in";

const passes = (kind: StatusKind | undefined, filter: Filter): boolean =>
  filter === "all" || (filter === "on" ? isOnKind(kind) : isAttentionKind(kind));

export type ListItem =
  | {
      readonly type: "group";
      readonly key: string;
      readonly group: Group;
      /** How many of its members are on. */
      readonly on: number;
      readonly closed: boolean;
    }
  | {
      readonly type: "row";
      readonly key: string;
      readonly id: string;
      readonly connection: Connection;
      readonly group: string;
    };

export interface ListModel {
  readonly items: readonly ListItem[];
  /** What it was made for. */
  readonly search: string;
  readonly filter: Filter;
  /** Connections, not rows. */
  readonly counts: Readonly<Record<Filter, number>>;
  /** Ids that are shown, each once, whatever is collapsed. */
  readonly shown: readonly string[];
}

export interface ListInput {
  readonly connections: readonly Connection[];
  /** What is true now. */
  readonly kinds: Kinds;
  /** Where By state puts them, which lags behind. */
  readonly settledKinds: Kinds;
  readonly filter: Filter;
  readonly grouping: Grouping;
  readonly search: string;
  readonly collapsed: readonly string[];
}

export const rowKey = (group: string, id: string): string => `${group}/${id}`;

type Row = Extract<ListItem, { type: "row" }>;

// A row says the same in every model: a key of the search makes none of them again.
const rows = new WeakMap<Connection, Row[]>();

function rowOf(connection: Connection, group: string): Row {
  let known = rows.get(connection);
  if (known === undefined) rows.set(connection, (known = []));
  const before = known.find((row) => row.group === group);
  if (before !== undefined) return before;
  const { id } = connection;
  const made: Row = { type: "row", key: rowKey(group, id), id, connection, group };
  known.push(made);
  return made;
}

interface Counted {
  readonly connections: readonly Connection[];
  readonly kinds: Kinds;
  readonly counts: ListModel["counts"];
}

let counted: Counted | null = null;

/** The same object until a connection or a state changes: what is searched for has no part in it. */
function countsOf(connections: readonly Connection[], kinds: Kinds): ListModel["counts"] {
  if (counted?.connections === connections && counted.kinds === kinds) return counted.counts;
  let on = 0;
  let attention = 0;
  for (const { id } of connections) {
    if (isOnKind(kinds[id])) on += 1;
    if (isAttentionKind(kinds[id])) attention += 1;
  }
  const counts = { all: connections.length, on, attention };
  counted = { connections, kinds, counts };
  return counts;
}

/**
 * All that the list shows, from top to bottom. A header counts the members that match the search, whatever the filter:
 * its "Turn all on" is about them. Groups without a row are left out.
 */
export function listModel(input: ListInput): ListModel {
  const { connections, kinds, filter, grouping } = input;
  const terms = parseSearch(input.search);
  const closed = new Set(input.collapsed);
  const items: ListItem[] = [];
  const shown = new Set<string>();
  for (const group of groupsOf(connections, grouping, input.settledKinds, terms)) {
    const visible = group.members.filter(({ id }) => passes(kinds[id], filter));
    if (visible.length === 0) continue;
    for (const { id } of visible) shown.add(id);
    // A closed group would hide what was searched for.
    const isClosed = terms.length === 0 && closed.has(group.key);
    if (group.kind !== "all") {
      const on = group.members.filter(({ id }) => isOnKind(kinds[id])).length;
      items.push({ type: "group", key: group.key, group, on, closed: isClosed });
    }
    if (!isClosed) for (const connection of visible) items.push(rowOf(connection, group.key));
  }
  return { items, search: input.search, filter, counts: countsOf(connections, kinds), shown: [...shown] };
}

/** By tag once a tag exists, until the user has chosen. */
export const groupingOf = (chosen: Grouping | null, connections: readonly Connection[]): Grouping =>
  chosen ?? (connections.some(({ tags }) => tags.length > 0) ? "tag" : "none");
