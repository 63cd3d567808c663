import type { StatusKind } from "../../shared/model/status.ts";
import type { Kinds } from "./groups.ts";

/** A state must have lasted this long before the By state grouping moves a row. */
export const settleMs = 2_000;

/** Where the By state grouping shows connections, and since when they have been somewhere else. */
export interface Settled {
  readonly shown: Kinds;
  readonly waiting: Readonly<Record<string, { readonly kind: StatusKind; readonly since: number }>>;
}

/**
 * The next grouping by state. Rows move only when their state has stood for two seconds and nobody is in the list.
 * "starting" is no state to settle in: a row goes from where it was to where it ends.
 * @param busy the pointer or the focus is in the list.
 * @param now milliseconds since 1970.
 * @returns the same object where nothing changes; `dueAt` is when to ask again, null when nothing waits for time alone.
 */
export function settle(
  before: Settled | null,
  kinds: Kinds,
  busy: boolean,
  now: number,
): { readonly settled: Settled; readonly dueAt: number | null } {
  if (before === null) return { settled: { shown: kinds, waiting: {} }, dueAt: null };
  const shown: Record<string, StatusKind> = { ...before.shown };
  const waiting: Record<string, { readonly kind: StatusKind; readonly since: number }> = {};
  let dueAt: number | null = null;
  let moved = false;
  for (const id of new Set([...Object.keys(kinds), ...Object.keys(before.shown)])) {
    const kind = kinds[id] ?? "off";
    if ((shown[id] ?? "off") === kind || kind === "starting") continue;
    const known = before.waiting[id];
    const since = known?.kind === kind ? known.since : now;
    if (!busy && now - since >= settleMs) {
      shown[id] = kind;
      moved = true;
      continue;
    }
    waiting[id] = known?.kind === kind ? known : { kind, since };
    if (!busy) dueAt = Math.min(dueAt ?? Infinity, since + settleMs);
  }
  const ids = Object.keys(waiting);
  const sameWaiting =
    ids.length === Object.keys(before.waiting).length && ids.every((id) => waiting[id] === before.waiting[id]);
  return { settled: !moved && sameWaiting ? before : { shown: moved ? shown : before.shown, waiting }, dueAt };
}
