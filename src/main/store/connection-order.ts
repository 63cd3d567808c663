import type { Connection } from "../../shared/model/connection.ts";

/** Connections that were taken out, with the places they had. */
export interface Removed {
  /** In the order of the list. */
  readonly entries: readonly { readonly connection: Connection; readonly index: number }[];
}

/**
 * The list in the wanted order: the places of the connections that `ids` names are filled in that order, every other connection
 * stays where it is. Unknown and repeated ids count for nothing.
 */
export function reordered(list: readonly Connection[], ids: readonly string[]): Connection[] {
  const byId = new Map(list.map((connection) => [connection.id, connection]));
  const wanted = [...new Set(ids)].flatMap((id) => byId.get(id) ?? []);
  const moving = new Set(wanted.map(({ id }) => id));
  let next = 0;
  return list.map((connection) => (moving.has(connection.id) ? (wanted[next++] ?? connection) : connection));
}

/** Takes connections out of the list. */
export function without(
  list: readonly Connection[],
  ids: readonly string[],
): { readonly rest: Connection[]; readonly removed: Removed } {
  const gone = new Set(ids);
  const entries = list.flatMap((connection, index) => (gone.has(connection.id) ? [{ connection, index }] : []));
  return { rest: list.filter(({ id }) => !gone.has(id)), removed: { entries } };
}

/** Puts connections back where they were; one whose id is in the list again is left out. */
export function withRestored(list: readonly Connection[], removed: Removed): Connection[] {
  const result = [...list];
  const there = new Set(list.map(({ id }) => id));
  for (const { connection, index } of removed.entries) {
    if (!there.has(connection.id)) result.splice(Math.min(index, result.length), 0, connection);
  }
  return result;
}
