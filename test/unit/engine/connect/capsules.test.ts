import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CapsuleDecoder,
  CapsuleError,
  datagramCapsuleHead,
  mostPayload,
} from "../../../../src/engine/connect/capsules.ts";
import { bytesHeld, bytesOf, cuts, filled, lengths, piecesOf } from "./pieces.ts";

const MB = 1_000_000;
const most62 = 2n ** 62n - 1n;

/** A varint of 1, 2, 4 or 8 bytes, or of as many more as the value needs (RFC 9000 §16). */
function varint(value: bigint | number, width = 1): Buffer {
  const [size = 8, prefix = 3] = [
    [1, 0],
    [2, 1],
    [4, 2],
  ].find(([bytes = 0]) => bytes >= width && BigInt(value) < 1n << BigInt(bytes * 8 - 2)) ?? [8, 3];
  const word = BigInt(value) | (BigInt(prefix) << BigInt(size * 8 - 2));
  return Buffer.from(word.toString(16).padStart(size * 2, "0"), "hex");
}

interface Widths {
  readonly type: number;
  readonly length: number;
  readonly context: number;
}
const least: Widths = { type: 1, length: 1, context: 1 };

const capsule = (type: bigint | number, value: Buffer, widths = least): Buffer =>
  Buffer.concat([varint(type, widths.type), varint(value.length, widths.length), value]);
const datagram = (context: bigint | number, payload: Buffer, widths = least): Buffer =>
  capsule(0, Buffer.concat([varint(context, widths.context), payload]), widths);

interface Outcome {
  readonly payloads: string[];
  readonly error: string | null;
  readonly midCapsule: boolean;
}

/** Everything that shows of decoding these pieces. Errors that are not the decoder's own are thrown on. */
function decode(pieces: readonly Buffer[]): Outcome {
  const payloads: string[] = [];
  const decoder = new CapsuleDecoder((payload) => payloads.push(payload.toString("hex")));
  for (const piece of pieces) {
    try {
      decoder.push(piece);
    } catch (error) {
      if (!(error instanceof CapsuleError)) throw error;
      return { payloads, error: error.message, midCapsule: true };
    }
  }
  return { payloads, error: null, midCapsule: decoder.midCapsule };
}

describe("the head of a datagram's capsule", () => {
  it.each([
    [0, "000100"],
    [62, "003f00"],
    [63, "00404000"],
    [16_382, "007fff00"],
    [16_383, "008000400000"],
    [mostPayload, "008000fff800"],
  ])("of %i bytes is %s", (length, bytes) => {
    expect(datagramCapsuleHead(length).toString("hex")).toBe(bytes);
  });

  it.each([mostPayload + 1, -1, 0.5, NaN, Infinity])("cannot say %d bytes", (length) => {
    expect(() => datagramCapsuleHead(length)).toThrow(RangeError);
  });
});

describe("capsules", () => {
  it("are handed out without a copy where they came in one piece", () => {
    const payloads: Buffer[] = [];
    const decoder = new CapsuleDecoder((payload) => payloads.push(payload));
    const two = Buffer.concat([datagramCapsuleHead(3), Buffer.from("one"), datagramCapsuleHead(3), Buffer.from("two")]);
    decoder.push(two);
    // A head that ends with its piece: the payload is whole in the next one.
    decoder.push(datagramCapsuleHead(5));
    const third = Buffer.from("three");
    decoder.push(third);
    expect(payloads.map(String)).toEqual(["one", "two", "three"]);
    expect(payloads.map((payload) => payload.buffer)).toEqual([two.buffer, two.buffer, third.buffer]);
    two.fill("x", 3, 6);
    third.fill("y");
    expect(payloads.map(String)).toEqual(["xxx", "two", "yyyyy"]);
  });

  it("with an empty payload are datagrams, and whole with their head", () => {
    expect(decode([datagramCapsuleHead(0)])).toEqual({ payloads: [""], error: null, midCapsule: false });
    expect(decode(bytesOf(datagramCapsuleHead(0)))).toEqual({ payloads: [""], error: null, midCapsule: false });
  });

  it("may have the longest payload there is, whatever the widths in their heads", () => {
    const payload = filled(mostPayload, 1);
    for (const width of [1, 2, 4, 8]) {
      const bytes = datagram(0, payload, { type: width, length: width, context: width });
      expect(decode([bytes, datagramCapsuleHead(0)]).payloads).toEqual([payload.toString("hex"), ""]);
    }
  });

  it.each([
    ["a payload that is too long", datagram(0, Buffer.alloc(mostPayload + 1))],
    ["a payload that is far too long", Buffer.concat([varint(0), varint(most62), varint(0)])],
    ["no room for a context ID", capsule(0, Buffer.alloc(0))],
    ["room for half a context ID", Buffer.from("000140", "hex")],
    ["a context ID that ends behind the capsule", Buffer.from("0007c000000000000000ffff", "hex")],
  ])("with %s are an error, from then on", (_what, bytes) => {
    const fine = Buffer.concat([datagramCapsuleHead(2), Buffer.from("ok")]);
    for (const pieces of [[Buffer.concat([fine, bytes])], bytesOf(Buffer.concat([fine, bytes.subarray(0, 40)]))])
      expect(decode(pieces)).toMatchObject({ payloads: ["6f6b"], error: expect.any(String) as string });
    const payloads: Buffer[] = [];
    const decoder = new CapsuleDecoder((payload) => payloads.push(payload));
    expect(() => decoder.push(bytes)).toThrow(CapsuleError);
    expect(() => decoder.push(fine)).toThrow(CapsuleError);
    expect(() => decoder.push(Buffer.alloc(0))).toThrow(CapsuleError);
    expect(payloads).toEqual([]);
  });

  it("of unknown types and contexts are skipped, of any length", () => {
    const known = datagram(0, Buffer.from("ok"));
    const skipped = [
      ...[1, 0x3f, 0x40, 2 ** 53, most62].map((type) => capsule(type, known)),
      ...[1, 2, 2 ** 53, most62].map((context) => datagram(context, known)),
      datagram(2, Buffer.alloc(mostPayload + 1)),
      capsule(1, Buffer.alloc(0)),
      datagram(2, Buffer.alloc(0)),
    ];
    const bytes = Buffer.concat([...skipped, known]);
    expect(decode([bytes])).toEqual({ payloads: ["6f6b"], error: null, midCapsule: false });
  });

  it("end the stream in order only where one ends", () => {
    const bytes = Buffer.concat([datagram(0, Buffer.from("ok")), capsule(9, Buffer.from("skipped"))]);
    const between = [0, 5, bytes.length];
    for (let end = 0; end <= bytes.length; end++)
      expect([end, decode([bytes.subarray(0, end)]).midCapsule]).toEqual([end, !between.includes(end)]);
  });

  it("are not handed out once stopped, not even from the same bytes", () => {
    const payloads: string[] = [];
    const decoder: CapsuleDecoder = new CapsuleDecoder((payload) => {
      payloads.push(String(payload));
      if (payloads.length === 2) decoder.stop();
    });
    const four = Buffer.concat(["1", "2", "3", "4"].map((text) => datagram(0, Buffer.from(text))));
    decoder.push(four);
    decoder.push(four);
    // Nor is there an error any more.
    decoder.push(capsule(0, Buffer.alloc(0)));
    expect(payloads).toEqual(["1", "2"]);
  });

  it("are not read on behind an error of who takes them", () => {
    let calls = 0;
    const decoder = new CapsuleDecoder(() => {
      calls++;
      throw new Error("full");
    });
    const bytes = Buffer.concat([datagram(0, Buffer.from("a")), datagram(0, Buffer.from("b"))]);
    expect(() => decoder.push(bytes)).toThrow("full");
    expect(() => decoder.push(bytes)).toThrow("full");
    expect(calls).toBe(1);
  });

  it.each([
    ["an unknown type", [varint(0x17), varint(most62)]],
    ["an unknown context", [varint(0), varint(most62), varint(2)]],
  ])("of 2^62-1 bytes of %s take no memory", (_what, head) => {
    const decoder = new CapsuleDecoder(() => expect.unreachable());
    decoder.push(Buffer.concat(head));
    const before = bytesHeld();
    for (let sent = 0; sent < 10 * MB; sent += 50_000) decoder.push(Buffer.alloc(50_000));
    expect(bytesHeld() - before).toBeLessThan(MB / 2);
    expect(decoder.midCapsule).toBe(true);
  });

  it("hold one payload at most, and no piece that they came in", () => {
    // Each ends with the beginning of something: a head, and a payload.
    for (const end of [Buffer.of(0x80), Buffer.concat([datagramCapsuleHead(mostPayload), Buffer.of(1)])]) {
      const before = bytesHeld();
      const decoders = Array.from({ length: 20 }, () => {
        const decoder = new CapsuleDecoder(() => undefined);
        decoder.push(Buffer.concat([datagram(9, Buffer.alloc(500_000)), end]));
        return decoder;
      });
      expect(bytesHeld() - before).toBeLessThan(20 * 100_000);
      expect(decoders.every((decoder) => decoder.midCapsule)).toBe(true);
    }
  });

  it("take no memory for what has only been announced", () => {
    const before = bytesHeld();
    const decoders = Array.from({ length: 100 }, () => {
      const decoder = new CapsuleDecoder(() => undefined);
      decoder.push(datagramCapsuleHead(mostPayload));
      return decoder;
    });
    expect(bytesHeld() - before).toBeLessThan(MB / 2);
    expect(decoders.every((decoder) => decoder.midCapsule)).toBe(true);
  });
});

describe("capsules, however they come", () => {
  const width = fc.constantFrom(1, 2, 4, 8);
  const widths = fc.record({ type: width, length: width, context: width });
  const payload = (most: number): fc.Arbitrary<Buffer> =>
    fc.tuple(lengths(most), fc.nat({ max: 255 })).map(([length, seed]) => filled(length, seed));
  const unknown = fc.oneof(fc.bigInt({ min: 1n, max: 70n }), fc.bigInt({ min: 1n, max: most62 }));
  const known = (most: number): fc.Arbitrary<{ bytes: Buffer; payload: string | null }> =>
    fc
      .tuple(payload(most), widths)
      .map(([bytes, wide]) => ({ bytes: datagram(0, bytes, wide), payload: bytes.toString("hex") }));
  const skipped = (most: number): fc.Arbitrary<{ bytes: Buffer; payload: string | null }> =>
    fc
      .tuple(fc.constantFrom(capsule, datagram), unknown, payload(most), widths)
      .map(([make, what, bytes, wide]) => ({ bytes: make(what, bytes, wide), payload: null }));
  const sequence = fc.array(
    fc.oneof({ weight: 3, arbitrary: known(mostPayload) }, { weight: 2, arbitrary: skipped(mostPayload) }),
    {
      maxLength: 12,
    },
  );
  /** Mostly heads: whole, broken, and hostile. */
  const garbage = fc
    .array(
      fc.oneof(
        fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
        fc
          .constantFrom(
            ...["00", "0000", "000100", "000140", "0002c0", "0040", "ff".repeat(8), "00ffffffffffffffff", "4000800000"],
            ...["008000fff800", "008000fff900", "c000000000000000c00000000000fff9", "17c0000000000000"],
          )
          .map((text) => Buffer.from(text, "hex")),
        skipped(100).map(({ bytes }) => bytes.subarray(0, 60)),
        known(100).map(({ bytes }) => bytes.subarray(0, 60)),
      ),
      { maxLength: 10 },
    )
    .map((parts) => Buffer.concat(parts));

  it("give the same payloads in the same order", () => {
    fc.assert(
      fc.property(sequence, cuts, (capsules, where) => {
        const bytes = Buffer.concat(capsules.map((one) => one.bytes));
        const payloads = capsules.flatMap((one) => one.payload ?? []);
        const expected = { payloads, error: null, midCapsule: false };
        expect(decode([bytes])).toEqual(expected);
        expect(decode(piecesOf(bytes, where))).toEqual(expected);
        expect(decode(capsules.map((one) => one.bytes))).toEqual(expected);
        if (bytes.length < 2_000) expect(decode(bytesOf(bytes))).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it("give the same whatever they are, and no error but the decoder's own", () => {
    let errors = 0;
    const runs = 3_000;
    fc.assert(
      fc.property(garbage, cuts, (bytes, where) => {
        const outcome = decode([bytes]);
        if (outcome.error !== null) errors++;
        expect(decode(piecesOf(bytes, where))).toEqual(outcome);
        expect(decode(bytesOf(bytes))).toEqual(outcome);
      }),
      { numRuns: runs },
    );
    // Else the garbage has become too clean, or too dirty, to say anything.
    expect(errors).toBeGreaterThan(runs / 20);
    expect(errors).toBeLessThan(runs - runs / 20);
  });
});
