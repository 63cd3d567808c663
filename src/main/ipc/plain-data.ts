/** Bounds of what a window may send in one call, checked before anything reads it. */
export const callBounds = {
  depth: 8,
  /** Values of every kind: the longest list in the contract is one of connections. */
  values: 20_000,
  /** Characters of all texts together; the longest is an exported log. */
  characters: 20 * 1024 * 1024,
} as const;

/**
 * True for data as JSON knows it, within `callBounds`. Structured cloning also lets maps, dates, buffers and circles through,
 * which no call takes.
 */
export function isPlainData(input: unknown): boolean {
  let values = 0;
  let characters = 0;
  const text = (value: string): boolean => {
    characters += value.length;
    return characters <= callBounds.characters;
  };
  const check = (value: unknown, depth: number): boolean => {
    values += 1;
    if (values > callBounds.values || depth > callBounds.depth) return false;
    if (typeof value === "string") return text(value);
    if (typeof value === "number") return Number.isFinite(value);
    if (value === null || typeof value === "boolean") return true;
    if (typeof value !== "object") return false;
    if (Array.isArray(value)) {
      // A sparse array of a great length has few values, and would still be walked by its schema.
      if (value.length > callBounds.values) return false;
      return value.every((item) => check(item, depth + 1));
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return false;
    return Object.entries(value).every(([key, item]) => text(key) && check(item, depth + 1));
  };
  return check(input, 0);
}
