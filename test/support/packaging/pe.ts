const align = (value: number, to: number): number => Math.ceil(value / to) * to;

/**
 * A 32-bit DLL that exports names and does nothing, so that makensis takes it for a plug-in. Its only section holds the export
 * directory (PE format, "The .edata Section").
 */
export function stubPlugIn(name: string, exported: readonly string[]): Buffer {
  const names = [...exported].sort();
  const base = 0x1000;
  const tables = 40 + names.length * 10;
  const strings = [`${name}.dll`, ...names];
  const places: number[] = [];
  let end = tables;
  for (const text of strings) {
    places.push(base + end);
    end += text.length + 1;
  }
  const section = Buffer.alloc(align(end, 0x200));
  const place = (at: number): number => places[at] ?? base;
  section.writeUInt32LE(place(0), 12);
  section.writeUInt32LE(1, 16);
  section.writeUInt32LE(names.length, 20);
  section.writeUInt32LE(names.length, 24);
  const functions = 40;
  const pointers = functions + names.length * 4;
  const ordinals = pointers + names.length * 4;
  section.writeUInt32LE(base + functions, 28);
  section.writeUInt32LE(base + pointers, 32);
  section.writeUInt32LE(base + ordinals, 36);
  for (const at of names.keys()) {
    section.writeUInt32LE(base, functions + at * 4);
    section.writeUInt32LE(place(at + 1), pointers + at * 4);
    section.writeUInt16LE(at, ordinals + at * 2);
  }
  for (const [at, text] of strings.entries()) section.write(`${text}\0`, place(at) - base, "latin1");

  const head = Buffer.alloc(0x200);
  head.write("MZ", 0, "latin1");
  head.writeUInt32LE(0x40, 0x3c);
  head.write("PE\0\0", 0x40, "latin1");
  const coff = 0x44;
  head.writeUInt16LE(0x14c, coff);
  head.writeUInt16LE(1, coff + 2);
  head.writeUInt16LE(0xe0, coff + 16);
  head.writeUInt16LE(0x2102, coff + 18);
  const optional = coff + 20;
  head.writeUInt16LE(0x10b, optional);
  head.writeUInt32LE(0x10000000, optional + 28);
  head.writeUInt32LE(0x1000, optional + 32);
  head.writeUInt32LE(0x200, optional + 36);
  head.writeUInt16LE(4, optional + 48);
  head.writeUInt32LE(base + align(section.length, 0x1000), optional + 56);
  head.writeUInt32LE(head.length, optional + 60);
  head.writeUInt16LE(2, optional + 68);
  head.writeUInt32LE(16, optional + 92);
  head.writeUInt32LE(base, optional + 96);
  head.writeUInt32LE(end, optional + 100);
  const table = optional + 0xe0;
  head.write(".rdata\0\0", table, "latin1");
  head.writeUInt32LE(end, table + 8);
  head.writeUInt32LE(base, table + 12);
  head.writeUInt32LE(section.length, table + 16);
  head.writeUInt32LE(head.length, table + 20);
  head.writeUInt32LE(0x40000040, table + 36);
  return Buffer.concat([head, section]);
}
