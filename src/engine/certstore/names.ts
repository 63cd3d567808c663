import { shown } from "../../shared/address.ts";
import { DerError, elementsIn, expectTag, oidOf, onlyElement, tags } from "./der.ts";

/** One attribute of a distinguished name. */
export interface NameAttribute {
  readonly oid: string;
  readonly value: string;
}

/** Attributes of one name; real ones have fewer than ten. */
const mostAttributes = 256;

/** Text of a string type, or null for a type that is no text. */
function textOf(tag: number, content: Buffer): string | null {
  switch (tag) {
    case 0x0c: // UTF8String
      return content.toString("utf8");
    case 0x12: // NumericString
    case 0x13: // PrintableString
    case 0x14: // T61String: what issuers put there is Latin-1
    case 0x16: // IA5String
    case 0x1a: // VisibleString
      return content.toString("latin1");
    case 0x1e: // BMPString
      if (content.length % 2 !== 0) throw new DerError("half a character");
      return Buffer.from(content).swap16().toString("utf16le");
    case 0x1c: {
      // UniversalString
      if (content.length % 4 !== 0) throw new DerError("a part of a character");
      let text = "";
      for (let at = 0; at < content.length; at += 4) {
        const point = content.readUInt32BE(at);
        if (point > 0x10ffff) throw new DerError("not a character");
        text += String.fromCodePoint(point);
      }
      return text;
    }
    default:
      return null;
  }
}

/**
 * The attributes of a distinguished name (X.501 Name) in their order; those that are no text are left out.
 * @throws DerError
 */
export function attributesOf(name: Buffer): NameAttribute[] {
  const attributes: NameAttribute[] = [];
  for (const set of elementsIn(onlyElement(name, tags.sequence).content)) {
    for (const pair of elementsIn(expectTag(set, tags.set).content)) {
      const [type, value, ...rest] = elementsIn(expectTag(pair, tags.sequence).content);
      if (!value || rest.length > 0) throw new DerError("an attribute is a type and a value");
      const text = textOf(value.tag, value.content);
      const oid = oidOf(expectTag(type, tags.oid).content);
      if (text !== null) attributes.push({ oid, value: text });
      if (attributes.length > mostAttributes) throw new DerError("too many attributes");
    }
  }
  return attributes;
}

const commonName = "2.5.4.3";
const organization = ["2.5.4.11", "2.5.4.10"];

/** What people know a name by: its common name, else its unit or organisation. Unchecked text. */
export function shortName(name: Buffer): string {
  const attributes = attributesOf(name);
  for (const oid of [commonName, ...organization]) {
    const found = attributes.findLast((attribute) => attribute.oid === oid)?.value;
    if (found !== undefined && found !== "") return found;
  }
  return attributes.at(-1)?.value ?? "without a name";
}

/** What people know a name by, in quotes, bounded and printable. @throws DerError */
export const quotedName = (name: Buffer): string => `"${shown(shortName(name))}"`;

/** A form in which names that RFC 5280 §7.1 calls equal are equal: no string types, case or doubled spaces. */
export function comparable(name: Buffer): string {
  try {
    return JSON.stringify(
      attributesOf(name).map(({ oid, value }) => [
        oid,
        value.normalize("NFKC").trim().replace(/\s+/g, " ").toLowerCase(),
      ]),
    );
  } catch (error) {
    if (error instanceof DerError) return `raw ${name.toString("base64")}`;
    throw error;
  }
}
