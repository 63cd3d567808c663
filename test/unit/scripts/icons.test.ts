import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { icnsOf, icnsSizes, icoOf, icoSizes } from "../../../scripts/icon-containers.ts";

const icons = path.join(import.meta.dirname, "../../../assets/icon");
const read = (name: string): Buffer => readFileSync(path.join(icons, name));

/** The sides of a PNG, from its first chunk. @throws where it is none. */
function sidesOf(png: Buffer): [number, number] {
  expect(png.subarray(0, 8)).toEqual(Buffer.from("\x89PNG\r\n\x1a\n", "latin1"));
  expect(png.toString("latin1", 12, 16)).toBe("IHDR");
  return [png.readUInt32BE(16), png.readUInt32BE(20)];
}

/** The pictures of an .ico file as its directory says them: the side, and the bytes. */
function picturesOfIco(file: Buffer): { side: number; png: Buffer }[] {
  expect([file.readUInt16LE(0), file.readUInt16LE(2)]).toEqual([0, 1]);
  return Array.from({ length: file.readUInt16LE(4) }, (_, at) => {
    const entry = 6 + 16 * at;
    const [length, offset] = [file.readUInt32LE(entry + 8), file.readUInt32LE(entry + 12)];
    expect(offset + length).toBeLessThanOrEqual(file.length);
    return { side: file.readUInt8(entry) || 256, png: file.subarray(offset, offset + length) };
  });
}

/** The chunks of an .icns file. */
function chunksOfIcns(file: Buffer): { type: string; png: Buffer }[] {
  expect(file.toString("latin1", 0, 4)).toBe("icns");
  expect(file.readUInt32BE(4)).toBe(file.length);
  const chunks: { type: string; png: Buffer }[] = [];
  for (let at = 8; at < file.length;) {
    const length = file.readUInt32BE(at + 4);
    chunks.push({ type: file.toString("latin1", at, at + 4), png: file.subarray(at + 8, at + length) });
    at += length;
  }
  return chunks;
}

test.each([16, 24, 32, 48, 64, 128, 256, 512, 1024])("the icon of %i pixels is there and has that size", (size) => {
  expect(sidesOf(read(`${size}x${size}.png`))).toEqual([size, size]);
});

test("icon.ico holds every size of Windows, each as its directory says", () => {
  const pictures = picturesOfIco(read("icon.ico"));
  expect(pictures.map(({ side }) => side)).toEqual(icoSizes);
  for (const { side, png } of pictures) expect(sidesOf(png)).toEqual([side, side]);
});

test("icon.icns holds every size of macOS, each under the name of its size", () => {
  // Apple's names: the pixels of a side.
  const sizes = { ic07: 128, ic08: 256, ic09: 512, ic10: 1024, ic11: 32, ic12: 64, ic13: 256, ic14: 512 };
  const chunks = chunksOfIcns(read("icon.icns"));
  expect(Object.fromEntries(chunks.map(({ type, png }) => [type, sidesOf(png)[0]]))).toEqual(sizes);
  expect(new Set(Object.values(sizes))).toEqual(new Set(icnsSizes));
});

test("a size that a container has no place for is refused", () => {
  const png = read("512x512.png");
  expect(() => icoOf([{ size: 512, png }])).toThrow(RangeError);
  expect(() => icnsOf([{ size: 48, png }])).toThrow(RangeError);
});
