/** A JSON object whose fields are not known yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** By version: turns the fields of a document of that version into those of the next. Pure; throws where it cannot. */
export type MigrationSteps = Readonly<Record<number, (fields: Fields) => Fields>>;

export const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Brings a document to version `current`, one step after the other.
 * @returns its fields; "newer" where it was written by a later program; null where it is no such document or a step is
 * missing or failed.
 */
export function migrate(found: unknown, current: number, steps: MigrationSteps): Fields | "newer" | null {
  if (!isFields(found)) return null;
  const { version } = found;
  if (typeof version !== "number" || !Number.isSafeInteger(version) || version < 0) return null;
  if (version > current) return "newer";
  let fields = found;
  for (let from = version; from < current; from++) {
    const step = Object.hasOwn(steps, from) ? steps[from] : undefined;
    if (step === undefined) return null;
    try {
      fields = step(fields);
    } catch {
      return null;
    }
  }
  return fields;
}
