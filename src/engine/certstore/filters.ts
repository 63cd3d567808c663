import { shown } from "../../shared/address.ts";
import { AppError } from "../../shared/errors.ts";
import { filterAttribute, filterAttributes, filterParts } from "../../shared/name-filter.ts";
import type { NameAttribute } from "./names.ts";

const validNames = filterAttributes.map(({ long, short }) => (short === null ? long : `${short} (${long})`)).join(", ");

/** `attribute=value`, ready to be compared. */
export interface NameFilter {
  readonly oid: string;
  readonly value: string;
  /** As it was written, for messages; bounded and printable. */
  readonly text: string;
}

function invalid(message: string): AppError {
  return new AppError("setting-invalid", message, { userAction: `Write ATTRIBUTE=VALUE, with one of ${validNames}.` });
}

/**
 * Reads a filter. The attribute's name may be long or short and in any case; the value is everything behind the first
 * "=", as it is.
 * @throws AppError `setting-invalid` that names the attributes there are.
 */
export function parseNameFilter(text: string): NameFilter {
  const parts = filterParts(text);
  if (!parts)
    throw invalid(`A certificate filter is ATTRIBUTE=VALUE, for example "CN=Corp CA". Got: "${shown(text)}".`);
  const { attribute, value } = parts;
  const known = filterAttribute(attribute);
  if (!known) throw invalid(`"${shown(attribute)}" is not an attribute that certificates can be filtered by.`);
  if (value === "") throw invalid(`The value behind "${shown(attribute)}=" is missing.`);
  return { oid: known.oid, value, text: shown(text) };
}

/** The first attribute of what looks like a whole name, such as "CN=Corp CA,O=Corp"; null for anything else. */
export const firstOfWholeName = ({ text }: NameFilter): string | null =>
  /^(.*?),\s*[A-Za-z.]+\s*=/.exec(text)?.[1] ?? null;

/** Whether any value of the attribute equals the filter's, exactly. */
export const matches = (filter: NameFilter, attributes: readonly NameAttribute[]): boolean =>
  attributes.some(({ oid, value }) => oid === filter.oid && value === filter.value);
