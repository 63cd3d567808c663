import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeVarint, readVarint } from "../../../../src/engine/connect/varint.ts";

const hex = (text: string): Buffer => Buffer.from(text, "hex");

describe("a variable-length integer", () => {
  // RFC 9000, Appendix A.1; the value of the first is beyond what a double says exactly.
  it.each([
    ["c2197c5eff14e88c", 151_288_809_941_952_652n],
    ["9d7f3e7d", 494_878_333n],
    ["7bbd", 15_293n],
    ["25", 37n],
    ["4025", 37n],
  ])("of the RFC, %s, is %s", (bytes, value) => {
    expect(readVarint(hex(bytes), 0)).toEqual({ value: Number(value), next: bytes.length / 2 });
    if (value <= Number.MAX_SAFE_INTEGER && bytes !== "4025") expect(encodeVarint(Number(value))).toEqual(hex(bytes));
  });

  // RFC 9000 §16, table 4, and the last value that is exact.
  it.each([
    [0, "00"],
    [63, "3f"],
    [64, "4040"],
    [16_383, "7fff"],
    [16_384, "80004000"],
    [1_073_741_823, "bfffffff"],
    [1_073_741_824, "c000000040000000"],
    [2 ** 53 - 1, "c01fffffffffffff"],
  ])("of %i is %s", (value, bytes) => {
    expect(encodeVarint(value).toString("hex")).toBe(bytes);
    expect(readVarint(hex(bytes), 0)).toEqual({ value, next: bytes.length / 2 });
  });

  it.each(["00", "4000", "80000000", "c000000000000000"])("may be longer than needed: %s is 0", (bytes) => {
    expect(readVarint(hex(bytes), 0)).toEqual({ value: 0, next: bytes.length / 2 });
  });

  it("is never taken for a small one when it is too large to be exact", () => {
    expect(readVarint(hex("ffffffffffffffff"), 0)).toEqual({ value: 2 ** 62, next: 8 });
    expect(readVarint(hex("c020000000000001"), 0)?.value).toBeGreaterThanOrEqual(2 ** 53);
  });

  it.each([-1, 0.5, 2 ** 53, NaN, Infinity])("is not made of %d", (value) => {
    expect(() => encodeVarint(value)).toThrow(RangeError);
  });

  it("comes back as it was, wherever it stands, and not before its last byte is there", () => {
    const values = fc.oneof(
      fc.maxSafeNat(),
      ...[6, 14, 30, 53].map((bits) => fc.integer({ min: 0, max: 2 ** bits - 1 })),
    );
    fc.assert(
      fc.property(values, fc.nat({ max: 9 }), fc.uint8Array({ maxLength: 9 }), (value, at, behind) => {
        const encoded = encodeVarint(value);
        const bytes = Buffer.concat([Buffer.alloc(at, 0xff), encoded, behind]);
        const next = at + encoded.length;
        expect(readVarint(bytes, at)).toEqual({ value, next });
        for (let end = at; end < next; end++) expect(readVarint(bytes.subarray(0, end), at)).toBeNull();
      }),
      { numRuns: 1_000 },
    );
  });
});
