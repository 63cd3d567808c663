/**
 * The attributes of a certificate's name that can be filtered by: long name, short name where there is one, object identifier
 * (RFC 4519), and what people call it. The first are the ones that are filtered by most.
 */
export const filterAttributes = [
  { long: "commonName", short: "CN", oid: "2.5.4.3", words: "Common name" },
  { long: "organizationName", short: "O", oid: "2.5.4.10", words: "Organization" },
  { long: "organizationalUnitName", short: "OU", oid: "2.5.4.11", words: "Organizational unit" },
  { long: "countryName", short: "C", oid: "2.5.4.6", words: "Country" },
  { long: "localityName", short: "L", oid: "2.5.4.7", words: "Locality" },
  { long: "stateOrProvinceName", short: "ST", oid: "2.5.4.8", words: "State or province" },
  { long: "streetAddress", short: "STREET", oid: "2.5.4.9", words: "Street" },
  { long: "postalCode", short: null, oid: "2.5.4.17", words: "Postal code" },
  { long: "serialNumber", short: null, oid: "2.5.4.5", words: "Serial number" },
] as const;

export type FilterAttribute = (typeof filterAttributes)[number];

const byName: ReadonlyMap<string, FilterAttribute> = new Map(
  filterAttributes.flatMap((attribute) =>
    [attribute.long, attribute.short].flatMap((name) =>
      name === null ? [] : [[name.toLowerCase(), attribute] as const],
    ),
  ),
);

/** The attribute of a long or short name in any case; null for none. */
export const filterAttribute = (name: string): FilterAttribute | null => byName.get(name.toLowerCase()) ?? null;

/** `ATTRIBUTE=VALUE` at its first "=": the value is everything behind it, as it is. Null without one. */
export function filterParts(text: string): { readonly attribute: string; readonly value: string } | null {
  const equals = text.indexOf("=");
  return equals < 0 ? null : { attribute: text.slice(0, equals), value: text.slice(equals + 1) };
}
