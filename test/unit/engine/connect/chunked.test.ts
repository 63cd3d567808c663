import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CapsuleDecoder, datagramCapsuleHead } from "../../../../src/engine/connect/capsules.ts";
import { ChunkedDecoder, ChunkedError } from "../../../../src/engine/connect/chunked.ts";
import { bytesHeld, bytesOf, cuts, filled, lengths, piecesOf } from "./pieces.ts";

const MB = 1_000_000;
const limits = { lineBytes: 64, trailerBytes: 100 };

interface Outcome {
  readonly data: string;
  readonly error: string | null;
  readonly ended: boolean;
}

/** Everything that shows of decoding these pieces. Errors that are not the decoder's own are thrown on. */
function decode(pieces: readonly Buffer[]): Outcome {
  const data: Buffer[] = [];
  const decoder = new ChunkedDecoder((bytes) => data.push(bytes), limits);
  let error: string | null = null;
  for (const piece of pieces) {
    try {
      decoder.push(piece);
    } catch (thrown) {
      if (!(thrown instanceof ChunkedError)) throw thrown;
      error = thrown.message;
      break;
    }
  }
  return { data: Buffer.concat(data).toString("latin1"), error, ended: decoder.ended };
}
const decodeText = (text: string): Outcome => {
  const bytes = Buffer.from(text, "latin1");
  const whole = decode([bytes]);
  expect(decode(bytesOf(bytes))).toEqual(whole);
  return whole;
};

describe("a chunked body", () => {
  it.each([
    ["0\r\n\r\n", ""],
    ["5\r\nhello\r\n0\r\n\r\n", "hello"],
    ["1\r\na\r\n2\r\nbc\r\n00\r\n\r\n", "abc"],
    ["A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"],
    ["0000000000002\r\n\r\n\r\n0\r\n\r\n", "\r\n"],
    // RFC 9112 §7.1.1: extensions nobody knows are ignored, with the white space in front of them.
    ['2;a;b=c;d="e, \xe9"\r\nhi\r\n0;last\r\n\r\n', "hi"],
    ["2 \t; a = b\r\nhi\r\n0\r\n\r\n", "hi"],
    // RFC 9112 §7.1.2
    ["2\r\nhi\r\n0\r\nExpires: never\r\nx:\ty\r\n\r\n", "hi"],
    ["2\r\nhi\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "hi"],
  ])("%j is %j", (text, data) => {
    expect(decodeText(text)).toEqual({ data, error: null, ended: true });
  });

  it.each([
    "",
    "2",
    "2\r",
    "2\r\n",
    "2\r\nh",
    "2\r\nhi",
    "2\r\nhi\r",
    "2\r\nhi\r\n",
    "2\r\nhi\r\n0\r\n",
    "2\r\nhi\r\n0\r\na: b\r\n",
    "2\r\nhi\r\n0\r\na: b\r\n\r",
  ])("has not ended with %j", (text) => {
    expect(decodeText(text)).toMatchObject({ error: null, ended: false });
  });

  it.each([
    ["a bare LF behind a size", "2\nhi\r\n0\r\n\r\n", ""],
    ["a bare LF behind data", "2\r\nhi\n0\r\n\r\n", "hi"],
    ["a bare LF behind the last chunk", "2\r\nhi\r\n0\n\r\n", "hi"],
    ["a bare LF behind a trailer", "2\r\nhi\r\n0\r\na: b\n\r\n", "hi"],
    ["a bare LF at the end", "2\r\nhi\r\n0\r\n\n", "hi"],
    ["a bare CR in an extension", "2;a\rb\r\nhi\r\n0\r\n\r\n", ""],
    ["two CRs", "2\r\r\nhi\r\n0\r\n\r\n", ""],
    ["a NUL in an extension", "2;a\0b\r\nhi\r\n", ""],
    ["a bare CR in a trailer", "0\r\na: b\r\r\n\r\n", ""],
    ["a NUL in a trailer", "0\r\na: \0\r\n\r\n", ""],
    ["more data than it said", "2\r\nhip\r\n0\r\n\r\n", "hi"],
    ["less data than it said", "3\r\nhi\r\n0\r\n\r\n", "hi\r"],
    ["an empty line for a size", "\r\n0\r\n\r\n", ""],
    ["no digits", ";a\r\nhi\r\n", ""],
    ["0x", "0x2\r\nhi\r\n0\r\n\r\n", ""],
    ["a sign", "+2\r\nhi\r\n0\r\n\r\n", ""],
    ["a minus", "-2\r\nhi\r\n0\r\n\r\n", ""],
    ["a space in front of the size", " 2\r\nhi\r\n0\r\n\r\n", ""],
    ["a space behind the size", "2 \r\nhi\r\n0\r\n\r\n", ""],
    ["no hex digit", "2g\r\nhi\r\n0\r\n\r\n", ""],
    ["an underscore", "1_0\r\n", ""],
    ["more than 13 digits", "00000000000002\r\nhi\r\n0\r\n\r\n", ""],
    ["a size beyond 2^64", "10000000000000002\r\nhi\r\n0\r\n\r\n", ""],
  ])("with %s is an error, and gives nothing behind it", (_what, text, data) => {
    expect(decodeText(text)).toEqual({ data, error: expect.any(String) as string, ended: false });
  });

  it("says what was wrong without quoting it, and the same from then on", () => {
    const decoder = new ChunkedDecoder(() => expect.unreachable(), limits);
    expect(() => decoder.push(Buffer.from("<evil>\r\n"))).toThrow(/^(?!.*evil)/);
    expect(() => decoder.push(Buffer.from("2\r\nhi\r\n"))).toThrow(ChunkedError);
    expect(decoder.ended).toBe(false);
  });

  it("may have lines and trailers as long as the bounds and no longer", () => {
    const line = (length: number): string => `2;${"a".repeat(length - 2)}\r\nhi\r\n0\r\n\r\n`;
    expect(decodeText(line(64))).toMatchObject({ data: "hi", ended: true });
    expect(decodeText(line(65))).toMatchObject({ data: "", error: expect.stringContaining("64") as string });
    const trailers = (first: number, second: number): string =>
      `0\r\n${"a".repeat(first - 2)}\r\n${"b".repeat(second - 2)}\r\n\r\n`;
    expect(decodeText(trailers(60, 40))).toMatchObject({ error: null, ended: true });
    expect(decodeText(trailers(60, 41)).error).not.toBeNull();
    expect(decodeText(trailers(101, 3)).error).not.toBeNull();
  });

  it.each([
    ["a size", "", 64],
    ["an extension", "2;", 62],
    ["a trailer", "0\r\n", 98],
    ["a short trailer, again and again,", "0\r\n", 98, "t\r\n"],
  ])("with %s that does not end is an error at the bound", (_what, start, room, again = "1") => {
    const decoder = new ChunkedDecoder(() => expect.unreachable(), limits);
    decoder.push(Buffer.from(start));
    const endless = bytesOf(Buffer.from(again.repeat(200)));
    const taken = endless.findIndex((byte) => {
      try {
        decoder.push(byte);
        return false;
      } catch (error) {
        return error instanceof ChunkedError;
      }
    });
    expect(taken).toBeGreaterThanOrEqual(room);
    expect(taken).toBeLessThan(room + 5);
  });

  it("is handed out as it comes, without a copy", () => {
    const data: Buffer[] = [];
    const decoder = new ChunkedDecoder((bytes) => data.push(bytes), limits);
    const first = Buffer.from("3\r\none\r\n8\r\ntw");
    decoder.push(first);
    expect(data.map(String)).toEqual(["one", "tw"]);
    const second = Buffer.from("o");
    decoder.push(second);
    expect(data.map((bytes) => bytes.buffer)).toEqual([first.buffer, first.buffer, second.buffer]);
    second.fill("x");
    expect(data.map(String)).toEqual(["one", "tw", "x"]);
    decoder.push(Buffer.alloc(0));
    expect(data).toHaveLength(3);
  });

  it("of the largest size takes no memory, and neither does a line that has only begun", () => {
    let taken = 0;
    const decoder = new ChunkedDecoder((bytes) => (taken += bytes.length), limits);
    decoder.push(Buffer.from("fffffffffffff\r\n"));
    const before = bytesHeld();
    for (let sent = 0; sent < 10 * MB; sent += 50_000) decoder.push(Buffer.alloc(50_000));
    expect(taken).toBe(10 * MB);
    const waiting = Array.from({ length: 20 }, () => {
      const other = new ChunkedDecoder(() => undefined, limits);
      other.push(Buffer.concat([Buffer.from("7a120\r\n"), Buffer.alloc(500_000), Buffer.from("\r\n1")]));
      return other;
    });
    expect(bytesHeld() - before).toBeLessThan(MB / 2);
    expect([decoder, ...waiting].some((one) => one.ended)).toBe(false);
  });
});

describe("a chunked body, however it comes", () => {
  const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,6}$/);
  const quoted = fc.stringMatching(/^"[ !#-[\]-~]{0,6}"$/);
  const extension = fc
    .tuple(fc.constantFrom(";", " ;", "\t; "), token, fc.option(fc.oneof(token, quoted)))
    .map(([start, name, value]) => `${start}${name}${value === null ? "" : `=${value}`}`);
  const extensions = fc.array(extension, { maxLength: 2 }).map((some) => some.join(""));
  const trailers = fc.array(fc.tuple(token, token), { maxLength: 4 });
  const shape = fc.record({
    digits: fc.constantFrom(
      (size: number) => size.toString(16),
      (size: number) => size.toString(16).toUpperCase(),
      (size: number) => size.toString(16).padStart(13, "0"),
    ),
    extensions,
  });

  /** The data in chunks cut at `where`, each shaped as the next of `shapes`. */
  const chunked = (
    data: Buffer,
    where: readonly number[],
    shapes: readonly { digits: (size: number) => string; extensions: string }[],
    fields: readonly (readonly [string, string])[],
  ): Buffer => {
    const chunks = piecesOf(data, where).filter((chunk) => chunk.length > 0);
    const parts = [...chunks, Buffer.alloc(0)].flatMap((chunk, index) => {
      const { digits, extensions: extra } = shapes[index % shapes.length] ?? { digits: String, extensions: "" };
      const line = Buffer.from(`${digits(chunk.length)}${extra}\r\n`);
      return chunk.length === 0 ? [line] : [line, chunk, Buffer.from("\r\n")];
    });
    return Buffer.concat([...parts, Buffer.from(`${fields.map(([a, b]) => `${a}: ${b}\r\n`).join("")}\r\n`)]);
  };
  const shapes = fc.array(shape, { minLength: 1, maxLength: 5 });
  const data = fc.tuple(lengths(70_000), fc.nat({ max: 255 })).map(([length, seed]) => filled(length, seed));
  const behind = fc.uint8Array({ maxLength: 10 });

  it("gives the same data, and nothing from behind its end", () => {
    fc.assert(
      fc.property(data, cuts, shapes, trailers, behind, cuts, (bytes, chunkCuts, shaped, fields, rest, where) => {
        const body = Buffer.concat([chunked(bytes, chunkCuts, shaped, fields), rest]);
        const expected = { data: bytes.toString("latin1"), error: null, ended: true };
        expect(decode([body])).toEqual(expected);
        expect(decode(piecesOf(body, where))).toEqual(expected);
        if (body.length < 2_000) expect(decode(bytesOf(body))).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it("gives the same whatever it is, and no error but the decoder's own", () => {
    const garbage = fc
      .array(
        fc.oneof(
          fc.constantFrom(
            ...[
              "0",
              "1",
              "2",
              "a",
              "\r\n",
              "\r\n",
              "\r",
              "\n",
              ";",
              ";x=y",
              " ",
              "\t",
              "\0",
              ": ",
              "g",
              "fffffffffffff",
            ],
            ...["1\r\na\r\n", "2\r\nhi\r\n", "0\r\n", "0\r\n\r\n", "a: b\r\n", "1".repeat(64), "t".repeat(98)],
          ),
          fc.string({ unit: "binary", maxLength: 4 }),
        ),
        { maxLength: 12 },
      )
      .map((parts) => Buffer.from(parts.join(""), "latin1"));
    const outcomes = { error: 0, ended: 0, waiting: 0 };
    const runs = 3_000;
    fc.assert(
      fc.property(garbage, cuts, (bytes, where) => {
        const outcome = decode([bytes]);
        outcomes[outcome.error !== null ? "error" : outcome.ended ? "ended" : "waiting"]++;
        expect(decode(piecesOf(bytes, where))).toEqual(outcome);
        expect(decode(bytesOf(bytes))).toEqual(outcome);
      }),
      { numRuns: runs },
    );
    // Else the garbage has become too clean, or too dirty, to say anything.
    for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(runs / 100);
  });

  it("carries capsules across its chunks, several in one or one in several", () => {
    const payloads = fc.array(
      data.map((bytes) => bytes.subarray(0, 65_527)),
      { maxLength: 10 },
    );
    fc.assert(
      fc.property(payloads, cuts, shapes, cuts, (sent, chunkCuts, shaped, where) => {
        const capsules = Buffer.concat(sent.flatMap((payload) => [datagramCapsuleHead(payload.length), payload]));
        const got: string[] = [];
        const decoder = new CapsuleDecoder((payload) => got.push(payload.toString("hex")));
        const chunks = new ChunkedDecoder((bytes) => decoder.push(bytes), limits);
        for (const piece of piecesOf(chunked(capsules, chunkCuts, shaped, []), where)) chunks.push(piece);
        expect(got).toEqual(sent.map((payload) => payload.toString("hex")));
        expect([chunks.ended, decoder.midCapsule]).toEqual([true, false]);
      }),
      { numRuns: 300 },
    );
  });
});
