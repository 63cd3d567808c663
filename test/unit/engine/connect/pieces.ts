import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";

/** Where a stream is cut, as numbers to be taken modulo its length; many small ones cut its heads as well. */
export const cuts = fc.array(fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 100_000 })), { maxLength: 12 });

/** The bytes as reads of a connection may bring them; some are empty. */
export function piecesOf(bytes: Buffer, where: readonly number[]): Buffer[] {
  const ends = [...where.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  // Copies, as reads are: nothing is right only because the pieces lie side by side.
  return ends.map((end, index) => Buffer.from(bytes.subarray(ends[index - 1] ?? 0, end)));
}

export const bytesOf = (bytes: Buffer): Buffer[] => Array.from(bytes, (byte) => Buffer.of(byte));

/** Lengths at which something changes its size or its kind, between any others. */
export const lengths = (most: number): fc.Arbitrary<number> => {
  const edges = [0, 1, 7, 8, 62, 63, 64, 16_382, 16_383, 16_384, most - 1, most].filter((length) => length <= most);
  return fc.oneof({ weight: 6, arbitrary: fc.nat({ max: 30 }) }, fc.constantFrom(...edges), fc.nat({ max: most }));
};

/** Bytes that tell where they belong, without a random number for each. */
export const filled = (length: number, seed: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, (_, index) => (seed + index * 7) & 0xff));

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes in buffers that somebody still holds. */
export function bytesHeld(): number {
  // Buffers found dead are given back behind the collection's back, and at the latest before the next one.
  for (let round = 0; round < 3; round++) collect();
  return process.memoryUsage().arrayBuffers;
}
