import { shown } from "../../shared/address.ts";
import { AppError } from "../../shared/errors.ts";
import type { NameAttribute } from "./names.ts";

/** The attributes a filter may name: long name, short name where there is one, object identifier (RFC 4519). */
const known = [
  ["commonName", "CN", "2.5.4.3"],
  ["countryName", "C", "2.5.4.6"],
  ["localityName", "L", "2.5.4.7"],
  ["organizationName", "O", "2.5.4.10"],
  ["organizationalUnitName", "OU", "2.5.4.11"],
  ["postalCode", null, "2.5.4.17"],
  ["serialNumber", null, "2.5.4.5"],
  ["stateOrProvinceName", "ST", "2.5.4.8"],
  ["streetAddress", "STREET", "2.5.4.9"],
] as const;

const oids: ReadonlyMap<string, string> = new Map(
  known.flatMap(([long, short, oid]) =>
    [long, short].flatMap((name) => (name === null ? [] : [[name.toLowerCase(), oid] as const])),
  ),
);

const validNames = known.map(([long, short]) => (short === null ? long : `${short} (${long})`)).join(", ");

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
  const equals = text.indexOf("=");
  if (equals < 0)
    throw invalid(`A certificate filter is ATTRIBUTE=VALUE, for example "CN=Corp CA". Got: "${shown(text)}".`);
  const [attribute, value] = [text.slice(0, equals), text.slice(equals + 1)];
  const oid = oids.get(attribute.toLowerCase());
  if (oid === undefined)
    throw invalid(`"${shown(attribute)}" is not an attribute that certificates can be filtered by.`);
  if (value === "") throw invalid(`The value behind "${shown(attribute)}=" is missing.`);
  return { oid, value, text: shown(text) };
}

/** Whether any value of the attribute equals the filter's, exactly. */
export const matches = (filter: NameFilter, attributes: readonly NameAttribute[]): boolean =>
  attributes.some(({ oid, value }) => oid === filter.oid && value === filter.value);
