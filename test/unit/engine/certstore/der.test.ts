import fc from "fast-check";
import { expect, test } from "vitest";
import { readCertificate } from "../../../../src/engine/certstore/certificate.ts";
import {
  DerError,
  elementsIn,
  oidOf,
  onlyElement,
  smallInteger,
  tags,
  timeOf,
} from "../../../../src/engine/certstore/der.ts";
import { attributesOf, comparable, shortName } from "../../../../src/engine/certstore/names.ts";
import { Authority, derOf } from "../../../support/certificates.ts";

const hex = (text: string): Buffer => Buffer.from(text.replace(/ /g, ""), "hex");

/** One element, written by the rules of X.690 §8.1. */
function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? hex(length.toString(16).padStart(2, "0")) : Buffer.concat([hex("82"), two(length)]);
  return Buffer.concat([Buffer.from([tag]), size, content]);
}
const two = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
};
const nameOf = (...sets: (readonly (readonly [oid: string, tag: number, value: Buffer])[])[]): Buffer =>
  der(
    tags.sequence,
    Buffer.concat(
      sets.map((set) =>
        der(
          tags.set,
          Buffer.concat(
            set.map(([oid, tag, value]) =>
              der(tags.sequence, Buffer.concat([der(tags.oid, hex(oid)), der(tag, value)])),
            ),
          ),
        ),
      ),
    ),
  );
const cn = "550403";
const ou = "55040b";

test("elements stand side by side, and fill what holds them", () => {
  const bytes = Buffer.concat([der(0x04, hex("01")), der(0x30, Buffer.alloc(300))]);
  const [first, second] = elementsIn(bytes);
  expect([first?.tag, first?.content]).toEqual([4, hex("01")]);
  expect([second?.content.length, second?.whole.length]).toEqual([300, 304]);
  expect(elementsIn(Buffer.alloc(0))).toEqual([]);
});

test.each([
  ["an end within the tag", "04"],
  ["an end within the content", "0402ff"],
  ["an end within the length", "0482ff"],
  ["an indefinite length", "3080 0000"],
  ["a length of four octets", "0484 00000001 ff"],
  ["a tag of two octets", "1f8101 00"],
])("%s is refused", (_what, bytes) => {
  expect(() => elementsIn(hex(bytes))).toThrow(DerError);
});

test("more siblings than any certificate has are refused", () => {
  expect(() => elementsIn(Buffer.alloc(2 * 5_000))).toThrow(DerError);
});

test("object identifiers, numbers and times", () => {
  expect(oidOf(hex("2a864886f70d01050d"))).toBe("1.2.840.113549.1.5.13");
  expect(oidOf(hex("883703"))).toBe("2.999.3");
  for (const bad of ["", "2a86", "80".repeat(65), `2a${"ff".repeat(12)}01`])
    expect(() => oidOf(hex(bad))).toThrow(DerError);
  expect(smallInteger(hex("002710"))).toBe(10_000);
  for (const bad of ["", "ff", "0102030405060708"]) expect(() => smallInteger(hex(bad))).toThrow(DerError);
  const time = (tag: number, text: string): string => {
    const [element] = elementsIn(der(tag, Buffer.from(text)));
    return new Date(timeOf(element as NonNullable<typeof element>)).toISOString();
  };
  expect(time(tags.utcTime, "491231235959Z")).toBe("2049-12-31T23:59:59.000Z");
  expect(time(tags.utcTime, "500101000000Z")).toBe("1950-01-01T00:00:00.000Z");
  expect(time(tags.generalizedTime, "99991231235959Z")).toBe("9999-12-31T23:59:59.000Z");
  for (const bad of ["4912312359Z", "20491231235959Z", "491231235959+0100"])
    expect(() => time(tags.utcTime, bad)).toThrow(DerError);
});

test("every string type of a name is read, also two attributes in one set", () => {
  const name = nameOf(
    [[cn, 0x0c, Buffer.from("Zoë\nO=x", "utf8")]],
    [[ou, 0x13, Buffer.from("Printable")]],
    [[ou, 0x14, Buffer.from("Tél", "latin1")]],
    [
      [ou, 0x16, Buffer.from("ia5@corp")],
      [ou, 0x1e, Buffer.from("北京", "utf16le").swap16()],
    ],
    [[ou, 0x1c, hex("0001f600")]],
    [[ou, 0x03, hex("00ff")]],
  );
  expect(attributesOf(name).map(({ value }) => value)).toEqual([
    "Zoë\nO=x",
    "Printable",
    "Tél",
    "ia5@corp",
    "北京",
    "😀",
  ]);
  expect(shortName(name)).toBe("Zoë\nO=x");
});

test("names are compared without their string types, case and doubled spaces", () => {
  const printable = nameOf([[cn, 0x13, Buffer.from("Corp  CA ")]]);
  const utf8 = nameOf([[cn, 0x0c, Buffer.from("corp ca")]]);
  expect(comparable(printable)).toBe(comparable(utf8));
  expect(comparable(utf8)).not.toBe(comparable(nameOf([[ou, 0x0c, Buffer.from("corp ca")]])));
  expect(comparable(hex("ff"))).not.toBe(comparable(hex("fe")));
});

test("whatever the bytes, the readers end, with a result or a DerError", async () => {
  const ca = await Authority.root("CN=Corp CA, O=Corp");
  const good = derOf(ca.pem);
  const readers = [attributesOf, readCertificate, (bytes: Buffer) => onlyElement(bytes, 0x30), comparable];
  const survives = (bytes: Buffer): void => {
    for (const read of readers) {
      try {
        read(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(DerError);
      }
    }
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => survives(Buffer.from(bytes))),
    { numRuns: 2_000 },
  );
  // A certificate with a few octets changed gets further in.
  const at = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(at, { minLength: 1, maxLength: 4 }), fc.nat(good.length), (changes, end) => {
      const bytes = Buffer.from(good);
      for (const [index, octet] of changes) bytes[index] = octet;
      survives(bytes);
      survives(good.subarray(0, end));
    }),
    { numRuns: 2_000 },
  );
});

test("names survive being written and read", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 60 });
  fc.assert(
    fc.property(fc.array(text, { maxLength: 8 }), (values) => {
      const name = nameOf(...values.map((value) => [[ou, 0x0c, Buffer.from(value)] as const]));
      expect(attributesOf(name).map(({ value }) => value)).toEqual(values);
    }),
  );
});
