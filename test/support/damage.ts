import fc from "fast-check";

/** Octets that mean something in DER: lengths, indefinite ones, tags. */
const telling = [0x00, 0x01, 0x02, 0x04, 0x05, 0x06, 0x24, 0x30, 0x7f, 0x80, 0x81, 0x84, 0xa0, 0xff];

const octet = fc.oneof(fc.nat(255), fc.constantFrom(...telling));
/** Millionths of the file. */
const place = fc.nat(999_999);
const change = fc.oneof(
  // Only this leaves all lengths as they are, so that the damage gets beyond the first look.
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("set" as const), place, octet }) },
  fc.record({ kind: fc.constant("cut" as const), place }),
  fc.record({ kind: fc.constant("leave out" as const), place, count: fc.nat(20) }),
  fc.record({ kind: fc.constant("put in" as const), place, octets: fc.array(octet, { minLength: 1, maxLength: 20 }) }),
  fc.record({ kind: fc.constant("repeat" as const), place, count: fc.nat(200) }),
);

/** A file with one to three damages: octets changed, left out, put in or repeated, or an end that is missing. */
export function damages(good: Buffer): fc.Arbitrary<Buffer> {
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => {
    let bytes = Buffer.from(good);
    for (const one of changes) {
      const at = Math.floor((one.place * bytes.length) / 1_000_000);
      const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
      switch (one.kind) {
        case "set":
          bytes = Buffer.concat([head, Buffer.from([one.octet]), tail.subarray(1)]);
          break;
        case "cut":
          bytes = Buffer.from(head);
          break;
        case "leave out":
          bytes = Buffer.concat([head, tail.subarray(one.count)]);
          break;
        case "put in":
          bytes = Buffer.concat([head, Buffer.from(one.octets), tail]);
          break;
        case "repeat":
          bytes = Buffer.concat([head, tail.subarray(0, one.count), tail]);
          break;
      }
    }
    return bytes;
  });
}
