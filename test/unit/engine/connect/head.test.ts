import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseHead, type HeadResult } from "../../../../src/engine/connect/head.ts";

const max = 1024;
const parse = (text: string, maxBytes = max): HeadResult => parseHead(Buffer.from(text, "latin1"), maxBytes);

describe("the head of an answer", () => {
  it("is read with its fields in lower case and what follows it", () => {
    const result = parse("HTTP/1.1 200 OK\r\nServer: envoy\r\nX-Request-ID:\t abc \t\r\nempty:\r\n\r\nSSH-2.0\r\n\r\n");
    expect(result).toEqual({
      kind: "head",
      head: {
        status: 200,
        headers: { server: "envoy", "x-request-id": "abc", empty: "" },
        rest: Buffer.from("SSH-2.0\r\n\r\n"),
      },
    });
  });

  it("joins repeated fields", () => {
    expect(parse("HTTP/1.1 200 OK\r\nVia: a\r\nvia: b\r\nVIA: c\r\n\r\n")).toMatchObject({
      head: { headers: { via: "a, b, c" } },
    });
  });

  it("takes names like those of Object's own members for what they are", () => {
    const result = parse("HTTP/1.1 200 OK\r\n__proto__: x\r\nconstructor: y\r\ntoString: z\r\n\r\n");
    if (result.kind !== "head") throw new Error(result.kind);
    expect(Object.entries(result.head.headers)).toEqual([
      ["__proto__", "x"],
      ["constructor", "y"],
      ["tostring", "z"],
    ]);
    expect(parse("HTTP/1.1 200 OK\r\n\r\n")).toMatchObject({ head: { headers: {} } });
  });

  it.each(["HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.0 200 OK", "HTTP/1.1 200 Connection established"])(
    "accepts the status line %j",
    (line) => {
      expect(parse(`${line}\r\n\r\n`)).toMatchObject({ kind: "head", head: { status: 200 } });
    },
  );

  it.each([
    ["", "more"],
    ["H", "more"],
    ["HTTP/", "more"],
    ["HTTP/1.1 200 OK\r\nServer: x\r\n", "more"],
    ["SSH-2.0-OpenSSH_9.2p1\r\n", "not-http"],
    ["X", "not-http"],
    ["http/1.1 200 OK\r\n\r\n", "not-http"],
    ["HTTX/1.1 200 OK\r\n\r\n", "not-http"],
    [" HTTP/1.1 200 OK\r\n\r\n", "not-http"],
    ["HTTP/2 200\r\n\r\n", "not-http"],
    ["HTTP/1.2 200 OK\r\n\r\n", "not-http"],
    ["HTTP/1.1 2000 OK\r\n\r\n", "not-http"],
    ["HTTP/1.1 099 OK\r\n\r\n", "not-http"],
    ["HTTP/1.1 600 OK\r\n\r\n", "not-http"],
    ["HTTP/1.1  200 OK\r\n\r\n", "not-http"],
    ["HTTP/1.1 200OK\r\n\r\n", "not-http"],
    ["HTTP/1.1 200 OK\n\r\n\r\n", "not-http"],
    // RFC 9112 §5.1 and §5.2: white space before the colon, obs-fold.
    ["HTTP/1.1 200 OK\r\nServer : x\r\n\r\n", "not-http"],
    ["HTTP/1.1 200 OK\r\nServer: x\r\n folded\r\n\r\n", "not-http"],
    ["HTTP/1.1 200 OK\r\nServer: x\r\n\tfolded\r\n\r\n", "not-http"],
    ["HTTP/1.1 200 OK\r\n Server: x\r\n\r\n", "not-http"],
    ["HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "not-http"],
    ["HTTP/1.1 200 OK\r\n: no name\r\n\r\n", "not-http"],
    ["HTTP/1.1 200 OK\r\nServer: a\0b\r\n\r\n", "not-http"],
    ["HTTP/1.1 200 OK\r\nServer: a\rb\r\n\r\n", "not-http"],
    ["HTTP/1.1 200 OK\r\nServer: a\nInjected: b\r\n\r\n", "not-http"],
    ["HTTP/1.1 200 OK\r\nSer\0ver: a\r\n\r\n", "not-http"],
    ["HTTP/1.1 200 O\0K\r\n\r\n", "not-http"],
  ])("of %j is %s", (text, kind) => {
    expect(parse(text).kind).toBe(kind);
  });

  it("says what was wrong without quoting it", () => {
    for (const text of ["<evil>", "HTTP/1.1 <evil>\r\n\r\n", "HTTP/1.1 200 OK\r\n<evil>\r\n\r\n"]) {
      const result = parse(text);
      expect(result).toMatchObject({ kind: "not-http" });
      expect(JSON.stringify(result)).not.toContain("evil");
    }
  });

  it("may be as long as the bound and no longer", () => {
    const head = (size: number): string => {
      const start = "HTTP/1.1 200 OK\r\nx: ";
      return `${start}${"a".repeat(size - start.length)}\r\n\r\n`;
    };
    expect(parse(head(max)).kind).toBe("head");
    expect(parse(head(max + 1))).toMatchObject({ kind: "not-http", why: expect.stringContaining("1024") as string });
    // Without an end it must not be read for ever either.
    expect(parse(head(max).slice(0, max)).kind).toBe("more");
    expect(parse(`${head(max * 2).slice(0, max + 10)}`).kind).toBe("not-http");
  });
});

describe("the head of an answer, however it comes", () => {
  const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,12}$/);
  const value = fc.stringMatching(/^[\x21-\x7e]([\x20-\x7e]{0,20}[\x21-\x7e])?$/);
  const head = fc
    .record({
      status: fc.integer({ min: 200, max: 599 }),
      fields: fc.array(fc.tuple(token, value), { maxLength: 6 }),
      rest: fc.uint8Array({ maxLength: 40 }),
    })
    .map(({ status, fields, rest }) => {
      const lines = fields.map(([name, text]) => `${name}: ${text}\r\n`).join("");
      return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} OK\r\n${lines}\r\n`, "latin1"), rest]);
    });
  const nearly = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          "HTTP/1.1 ",
          "HTTP/",
          "200",
          " OK",
          "\r\n",
          "\r\n\r\n",
          "\r",
          "\n",
          ": ",
          ":",
          " ",
          "\t",
          "\0",
          "x",
        ),
        fc.string({ unit: "binary", maxLength: 6 }),
      ),
      { maxLength: 14 },
    )
    .map((parts) => Buffer.from(parts.join(""), "latin1"));

  /** The result of the first call that decides, as a connection that brings the bytes in pieces would see it. */
  function inPieces(bytes: Buffer, cuts: readonly number[], maxBytes: number): HeadResult {
    const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
    for (const end of ends) {
      const result = parseHead(bytes.subarray(0, end), maxBytes);
      if (result.kind === "more") continue;
      if (result.kind === "not-http") return result;
      return { ...result, head: { ...result.head, rest: bytes.subarray(end - result.head.rest.length) } };
    }
    return parseHead(bytes, maxBytes);
  }
  const kindOf = (result: HeadResult): unknown => (result.kind === "head" ? result : result.kind);

  it.each([max, 24, 40])("is the same for any split of the bytes (bound %i)", (maxBytes) => {
    const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 8 });
    fc.assert(
      fc.property(fc.oneof(head, nearly), cuts, (bytes, where) => {
        expect(kindOf(inPieces(bytes, where, maxBytes))).toEqual(kindOf(parseHead(bytes, maxBytes)));
      }),
      { numRuns: 2_000 },
    );
  });

  it("never throws, and never lets a line end or a NUL into a field", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          nearly,
          fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
        ),
        (bytes) => {
          const result = parseHead(bytes, max);
          if (result.kind !== "head") return;
          for (const [name, text] of Object.entries(result.head.headers)) {
            expect(name).toMatch(/^[^\s\0:]+$/);
            expect(text).not.toMatch(/[\r\n]/);
            expect(text).not.toContain("\0");
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it("never waits for more once the bound is passed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat({ max: 300 }), (maxBytes, more) => {
        const bytes = Buffer.concat([Buffer.from("HTTP/1.1 200 OK\r\nx: "), Buffer.alloc(maxBytes + more, "a")]);
        expect(parseHead(bytes, maxBytes).kind).toBe("not-http");
      }),
    );
  });
});
