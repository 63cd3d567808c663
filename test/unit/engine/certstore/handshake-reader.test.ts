import fc from "fast-check";
import { expect, test } from "vitest";
import { HandshakeError, HandshakeReader } from "../../../../src/engine/certstore/handshake-reader.ts";

const vector = (lengthOctets: number, content: Buffer): Buffer => {
  const length = Buffer.alloc(lengthOctets);
  length.writeUIntBE(content.length, 0, lengthOctets);
  return Buffer.concat([length, content]);
};
const message = (type: number, body: Buffer): Buffer => Buffer.concat([Buffer.from([type]), vector(3, body)]);
const record = (type: number, content: Buffer): Buffer =>
  Buffer.concat([Buffer.from([type, 3, 3]), vector(2, content)]);

const hello = message(
  2,
  Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32), vector(1, Buffer.alloc(32)), Buffer.from([0xc0, 0x2f, 0])]),
);
const request = (names: readonly Buffer[]): Buffer =>
  message(
    13,
    Buffer.concat([
      vector(1, Buffer.from([1, 64])),
      vector(2, Buffer.from([4, 3])),
      vector(2, Buffer.concat(names.map((name) => vector(2, name)))),
    ]),
  );
const done = message(14, Buffer.alloc(0));

/** Cuts bytes into records, and the records into chunks. */
function read(bytes: Buffer, cuts: readonly number[], perRecord: number): HandshakeReader {
  const records: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += perRecord) records.push(record(22, bytes.subarray(at, at + perRecord)));
  const stream = Buffer.concat(records);
  const reader = new HandshakeReader(1 << 20);
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    if (cut <= from || cut >= stream.length) continue;
    reader.bytes(stream.subarray(from, cut));
    from = cut;
  }
  reader.bytes(stream.subarray(from));
  return reader;
}

test("a TLS 1.2 request is read however it is cut into records and chunks", () => {
  const names = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 12 });
  fc.assert(
    fc.property(
      names,
      fc.array(fc.nat(8_000), { maxLength: 20 }),
      fc.integer({ min: 1, max: 4_000 }),
      (list, cuts, size) => {
        const buffers = list.map((name) => Buffer.from(name));
        const reader = read(Buffer.concat([hello, request(buffers), done]), cuts, size);
        expect(reader.announced).toEqual({ requested: true, caNames: buffers });
      },
    ),
  );
});

test("a server that is done has asked for nothing, and one that resumes has not either", () => {
  expect(read(Buffer.concat([hello, done]), [], 99).announced).toEqual({ requested: false, caNames: [] });
  const resumed = read(hello, [], 99);
  expect(resumed.announced).toBeNull();
  resumed.bytes(record(20, Buffer.from([1])));
  expect(resumed.announced).toEqual({ requested: false, caNames: [] });
});

test("what is no handshake, or too long, is refused", () => {
  const fails = (bytes: Buffer, most = 1 << 20): void => {
    expect(() => new HandshakeReader(most).bytes(bytes)).toThrow(HandshakeError);
  };
  fails(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"));
  fails(record(22, Buffer.alloc(4)), 8);
  fails(record(22, Buffer.from([11, 0xff, 0xff, 0xff])));
  fails(record(99, Buffer.alloc(1)));
  fails(record(23, Buffer.alloc(32)));
  // A name that is longer than the list that holds it.
  fails(record(22, message(13, Buffer.from([0, 0, 0, 0, 3, 0, 9, 1]))));
});

test("whatever the bytes, it ends with an answer, a HandshakeError or the wish for more", () => {
  const survives = (bytes: Buffer): void => {
    const reader = new HandshakeReader(4_096);
    try {
      reader.keyLog(`SERVER_HANDSHAKE_TRAFFIC_SECRET 00 ${"ab".repeat(32)}`);
      reader.bytes(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(HandshakeError);
    }
  };
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => survives(Buffer.from(bytes))),
    { numRuns: 1_000 },
  );
  const tls13 = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(33),
    Buffer.from([0x13, 1, 0]),
    vector(2, Buffer.from([0, 43, 0, 2, 3, 4])),
  ]);
  const good = Buffer.concat([record(22, message(2, tls13)), record(23, Buffer.alloc(60)), record(22, hello)]);
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), (at, octet) => {
      const bytes = Buffer.from(good);
      bytes[at] = octet;
      survives(bytes);
    }),
    { numRuns: 2_000 },
  );
});
