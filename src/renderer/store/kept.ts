import * as v from "valibot";

/** What the page itself remembers from one start to the next. */
const keptSchema = v.object({
  grouping: v.fallback(v.nullable(v.picklist(["tag", "proxy", "state", "none"])), null),
  collapsed: v.fallback(v.pipe(v.array(v.pipe(v.string(), v.maxLength(200))), v.maxLength(1_000)), []),
  listWidth: v.fallback(v.pipe(v.number(), v.integer(), v.minValue(320), v.maxValue(480)), 384),
});
export interface Kept {
  readonly grouping: "tag" | "proxy" | "state" | "none" | null;
  readonly collapsed: readonly string[];
  /** Pixels. */
  readonly listWidth: number;
}

const key = "culvert-view";

/** What was kept; the usual values where there is nothing, or nothing that can be read. */
export function readKept(): Kept {
  let stored: unknown = null;
  try {
    stored = JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    // No storage here, or something else wrote to it: the usual values do.
  }
  return v.parse(keptSchema, typeof stored === "object" && stored !== null ? stored : {});
}

/** Keeps it where there is storage to keep it in. */
export function writeKept({ grouping, collapsed, listWidth }: Kept): void {
  try {
    localStorage.setItem(key, JSON.stringify({ grouping, collapsed, listWidth }));
  } catch {
    // Full or forbidden: the page works without.
  }
}
