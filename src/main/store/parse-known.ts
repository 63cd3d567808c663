import * as v from "valibot";

/** Unknown fields that are looked past in one value; with more it is no value of ours. */
const mostUnknown = 64;

/**
 * Checks a value against a strict schema and looks past fields that the schema does not know, at any depth: they come from
 * another Culvert, and the rest is good.
 * @returns null where the value is wrong in any other way.
 */
export function parseKnown<T>(
  schema: v.GenericSchema<unknown, T>,
  value: unknown,
): { readonly value: T; readonly unknown: number } | null {
  let candidate = value;
  for (let unknown = 0; unknown <= mostUnknown; unknown++) {
    const result = v.safeParse(schema, candidate);
    if (result.success) return { value: result.output, unknown };
    const extra = result.issues.find(({ type, expected }) => type === "strict_object" && expected === "never");
    if (extra?.path === undefined) return null;
    if (unknown === 0) candidate = structuredClone(value);
    if (
      !removeAt(
        candidate,
        extra.path.map(({ key }) => key),
      )
    )
      return null;
  }
  return null;
}

function removeAt(value: unknown, keys: readonly unknown[]): boolean {
  let holder = value;
  for (const key of keys.slice(0, -1)) {
    if (typeof holder !== "object" || holder === null) return false;
    holder = (holder as Record<string, unknown>)[String(key)];
  }
  const last = String(keys.at(-1));
  if (typeof holder !== "object" || holder === null || !Object.hasOwn(holder, last)) return false;
  return Reflect.deleteProperty(holder, last);
}
