import { readFileSync } from "node:fs";
import { loud, loudClass } from "./loud.ts";

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function sizeOfPng(bytes: Buffer): Electron.Size | null {
  if (bytes.length < 24 || !bytes.subarray(0, 8).equals(pngSignature)) return null;
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

type Implemented = Pick<
  Electron.NativeImage,
  | "isEmpty"
  | "getSize"
  | "resize"
  | "toPNG"
  | "toDataURL"
  | "setTemplateImage"
  | "isTemplateImage"
  | "addRepresentation"
>;

/** A picture that is kept as the bytes it came as. */
class NativeImage implements Implemented {
  readonly #bytes: Buffer;
  readonly #size: Electron.Size;
  #template = false;

  constructor(bytes: Buffer, size: Electron.Size) {
    this.#bytes = bytes;
    this.#size = size;
  }

  get isMacTemplateImage(): boolean {
    return this.#template;
  }

  isEmpty(): boolean {
    return this.#bytes.length === 0;
  }

  getSize(): Electron.Size {
    return { ...this.#size };
  }

  resize({ width, height }: Electron.ResizeOptions): Electron.NativeImage {
    const ratio = this.#size.width / this.#size.height || 1;
    const wide = width ?? (height === undefined ? this.#size.width : Math.round(height * ratio));
    const high = height ?? Math.round(wide / ratio);
    return asImage(new NativeImage(this.#bytes, { width: wide, height: high }));
  }

  toPNG(): Buffer {
    return Buffer.from(this.#bytes);
  }

  toDataURL(): string {
    return `data:image/png;base64,${this.#bytes.toString("base64")}`;
  }

  setTemplateImage(template: boolean): void {
    this.#template = template;
  }

  isTemplateImage(): boolean {
    return this.#template;
  }

  addRepresentation(_options: Electron.AddRepresentationOptions): void {}
}
loudClass("NativeImage", NativeImage);

const asImage = (image: NativeImage): Electron.NativeImage => image as unknown as Electron.NativeImage;

/** Like Electron's: what is no picture becomes an empty one, not an error. */
const fromBytes = (bytes: Buffer): Electron.NativeImage => {
  const size = sizeOfPng(bytes);
  return asImage(size ? new NativeImage(bytes, size) : new NativeImage(Buffer.alloc(0), { width: 0, height: 0 }));
};

export const nativeImage = loud("nativeImage", {
  createEmpty: () => fromBytes(Buffer.alloc(0)),
  createFromPath: (file: string) => {
    try {
      return fromBytes(readFileSync(file));
    } catch {
      return fromBytes(Buffer.alloc(0));
    }
  },
  createFromBuffer: (bytes: Buffer) => fromBytes(bytes),
  createFromDataURL: (url: string) => fromBytes(Buffer.from(url.slice(url.indexOf(",") + 1), "base64")),
} satisfies Partial<typeof Electron.nativeImage>);
