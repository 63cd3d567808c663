/** A square picture as PNG, with the length of its side in pixels. */
export interface Picture {
  readonly size: number;
  readonly png: Uint8Array;
}

/** What macOS calls the pictures of an .icns file that are PNGs, by the pixels of a side. Two names are one picture at 1x and 2x. */
const icnsTypes: Readonly<Record<number, readonly string[]>> = {
  32: ["ic11"],
  64: ["ic12"],
  128: ["ic07"],
  256: ["ic13", "ic08"],
  512: ["ic14", "ic09"],
  1024: ["ic10"],
};

export const icnsSizes: readonly number[] = Object.keys(icnsTypes).map(Number);
/** Windows takes these from 100 % to 400 %; an .ico file can hold nothing larger. */
export const icoSizes: readonly number[] = [16, 24, 32, 48, 64, 128, 256];

/** Windows' icon container with PNGs in it. @throws RangeError for a picture that does not fit. */
export function icoOf(pictures: readonly Picture[]): Buffer {
  const header = Buffer.alloc(6 + 16 * pictures.length);
  header.writeUInt16LE(1, 2);
  header.writeUInt16LE(pictures.length, 4);
  let offset = header.length;
  for (const [at, { size, png }] of pictures.entries()) {
    if (size > 256) throw new RangeError(`An .ico file holds no picture of ${size} pixels.`);
    const entry = 6 + 16 * at;
    // 256 is written as 0.
    header.writeUInt8(size % 256, entry);
    header.writeUInt8(size % 256, entry + 1);
    header.writeUInt16LE(1, entry + 4);
    header.writeUInt16LE(32, entry + 6);
    header.writeUInt32LE(png.length, entry + 8);
    header.writeUInt32LE(offset, entry + 12);
    offset += png.length;
  }
  return Buffer.concat([header, ...pictures.map(({ png }) => png)]);
}

/** macOS's icon container with PNGs in it. @throws RangeError for a size that it has no name for. */
export function icnsOf(pictures: readonly Picture[]): Buffer {
  const chunks = pictures.flatMap(({ size, png }) => {
    const types = icnsTypes[size];
    if (types === undefined) throw new RangeError(`An .icns file holds no picture of ${size} pixels.`);
    return types.map((type) => chunk(type, png));
  });
  return chunk("icns", Buffer.concat(chunks));
}

function chunk(type: string, content: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.write(type, "latin1");
  head.writeUInt32BE(head.length + content.length, 4);
  return Buffer.concat([head, content]);
}
