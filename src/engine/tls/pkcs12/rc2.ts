/** RFC 2268 §2. */
const piTable = Buffer.from(
  "d978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2" +
    "179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82" +
    "54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626" +
    "6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7" +
    "08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec" +
    "c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731" +
    "2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9" +
    "0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad",
  "hex",
);
const pi = (at: number): number => piTable[at & 0xff] ?? 0;

const blockLength = 8;

/** The 64 words that a key expands to. */
function expand(key: Uint8Array, bits: number): number[] {
  const wide = [...key];
  const used = key.length;
  for (let at = used; at < 128; at += 1) wide.push(pi((wide[at - 1] ?? 0) + (wide[at - used] ?? 0)));
  const kept = Math.ceil(bits / 8);
  wide[128 - kept] = pi((wide[128 - kept] ?? 0) & (0xff >> (8 * kept - bits)));
  for (let at = 127 - kept; at >= 0; at -= 1) wide[at] = pi((wide[at + 1] ?? 0) ^ (wide[at + kept] ?? 0));
  return Array.from({ length: 64 }, (_, at) => (wide[2 * at] ?? 0) | ((wide[2 * at + 1] ?? 0) << 8));
}

const turns = [1, 2, 3, 5] as const;

function decryptBlock(block: Buffer, keys: readonly number[]): Buffer {
  const words = [0, 2, 4, 6].map((at) => block.readUInt16LE(at));
  const word = (at: number): number => words[at & 3] ?? 0;
  let next = 63;
  const mix = (): void => {
    for (let at = 3; at >= 0; at -= 1) {
      const turn = turns[at] ?? 0;
      const turned = (word(at) >>> turn) | (word(at) << (16 - turn));
      const before = (word(at + 3) & word(at + 2)) + (~word(at + 3) & word(at + 1));
      words[at] = (turned - (keys[next] ?? 0) - before) & 0xffff;
      next -= 1;
    }
  };
  const mash = (): void => {
    for (let at = 3; at >= 0; at -= 1) words[at] = (word(at) - (keys[word(at + 3) & 63] ?? 0)) & 0xffff;
  };
  for (let round = 0; round < 16; round += 1) {
    if (round === 5 || round === 11) mash();
    mix();
  }
  const plain = Buffer.alloc(blockLength);
  words.forEach((value, at) => plain.writeUInt16LE(value, 2 * at));
  return plain;
}

/**
 * RC2 in CBC mode (RFC 2268), which OpenSSL 3 no longer has and old PKCS#12 files still use for their certificates. Only for
 * reading those: it protects nothing.
 * @param bits effective length of the key.
 * @returns the text with its padding, or null where the length is none of whole blocks.
 */
export function decryptRc2(key: Uint8Array, bits: number, iv: Uint8Array, text: Buffer): Buffer | null {
  if (text.length === 0 || text.length % blockLength !== 0) return null;
  const keys = expand(key, bits);
  const plain = Buffer.alloc(text.length);
  let before: Uint8Array = iv;
  for (let at = 0; at < text.length; at += blockLength) {
    const block = text.subarray(at, at + blockLength);
    decryptBlock(block, keys).forEach((octet, index) => (plain[at + index] = octet ^ (before[index] ?? 0)));
    before = block;
  }
  return plain;
}
