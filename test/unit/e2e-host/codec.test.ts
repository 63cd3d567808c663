import fc from "fast-check";
import { expect, test } from "vitest";
import { makeCodec } from "../../e2e/host/double/codec.ts";

const codec = makeCodec();
const carried = (value: unknown): unknown => codec.decode(codec.encode(value));

test("carries what structured clone carries", () => {
  const value = {
    nothing: undefined,
    none: null,
    zero: -0,
    nan: NaN,
    endless: -Infinity,
    big: 12n,
    when: new Date(5),
    pattern: /a+/gi,
    map: new Map<unknown, unknown>([[{ key: 1 }, new Set(["x"])]]),
    bytes: new Uint8Array([0, 255]),
    words: new Uint16Array([1, 65_535]),
    list: [1, [2, undefined]],
  };
  expect(carried(value)).toEqual(structuredClone(value));
  expect((carried(new TypeError("no")) as Error).name).toBe("TypeError");
});

test("keeps what is there twice the same, and what is in itself", () => {
  const shared = { a: 1 };
  const value: Record<string, unknown> = { one: shared, two: shared };
  value["self"] = value;
  const copy = carried(value) as Record<string, unknown>;
  expect(copy["self"]).toBe(copy);
  expect(copy["one"]).toBe(copy["two"]);
});

test("names of prototypes stay data", () => {
  const copy = carried(JSON.parse('{"__proto__": {"admin": true}, "is": "date"}')) as Record<string, unknown>;
  expect(Object.keys(copy)).toEqual(["__proto__", "is"]);
  expect(copy["admin"]).toBeUndefined();
});

test.each([
  ["a function", () => 1],
  ["a symbol", Symbol("s")],
  ["a promise", Promise.resolve()],
  ["a weak map", new WeakMap()],
])("refuses %s", (_what, value) => {
  expect(() => codec.encode([{ value }])).toThrow("An object could not be cloned.");
});

test("any plain data comes through", () => {
  fc.assert(
    fc.property(
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
      (value) => {
        let clone: unknown;
        try {
          clone = structuredClone(value);
        } catch {
          return;
        }
        expect(carried(value)).toEqual(clone);
      },
    ),
  );
});
