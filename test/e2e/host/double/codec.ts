/** Carries what structured clone carries as JSON text between the main process and a page. */
export interface Codec {
  /** Throws "An object could not be cloned." where structured clone would. */
  encode(value: unknown): string;
  decode(text: string): unknown;
}

/** Also runs in the page, from its source: it uses nothing from outside its own body. */
export function makeCodec(): Codec {
  type Json = null | boolean | string | number | readonly Json[] | { readonly [key: string]: Json };
  const arrays = {
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
  };
  const toBase64 = (bytes: Uint8Array): string => {
    let text = "";
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text);
  };
  const fromBase64 = (text: string): Uint8Array<ArrayBuffer> =>
    Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const refuse = (): never => {
    throw new Error("An object could not be cloned.");
  };

  const write = (value: unknown, seen: Map<object, number>): Json => {
    if (value === null || typeof value === "boolean" || typeof value === "string") return value;
    if (typeof value === "number") {
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { is: "number", text: Object.is(value, -0) ? "-0" : String(value) };
    }
    if (value === undefined) return { is: "undefined" };
    if (typeof value === "bigint") return { is: "bigint", text: String(value) };
    if (typeof value !== "object") return refuse();
    const known = seen.get(value);
    if (known !== undefined) return { is: "seen", at: known };
    seen.set(value, seen.size);
    if (value instanceof Date) return { is: "date", at: write(value.getTime(), seen) };
    if (value instanceof RegExp) return { is: "regexp", source: value.source, flags: value.flags };
    if (value instanceof Error)
      return { is: "error", name: value.name, message: value.message, stack: value.stack ?? "" };
    if (value instanceof Map)
      return { is: "map", items: [...value].map(([key, one]) => [write(key, seen), write(one, seen)]) };
    if (value instanceof Set) return { is: "set", items: [...value].map((one) => write(one, seen)) };
    if (value instanceof ArrayBuffer) return { is: "buffer", bytes: toBase64(new Uint8Array(value)) };
    if (ArrayBuffer.isView(value)) {
      const name = Object.keys(arrays).find((one) => value instanceof arrays[one as keyof typeof arrays]);
      return {
        is: "view",
        name: name ?? refuse(),
        bytes: toBase64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)),
      };
    }
    if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet) return refuse();
    if (Array.isArray(value)) return { is: "array", items: Array.from(value, (one) => write(one, seen)) };
    return { is: "object", items: Object.entries(value).map(([key, one]) => [key, write(one, seen)]) };
  };

  const read = (json: Json, seen: unknown[]): unknown => {
    if (json === null || typeof json !== "object") return json;
    const node = json as unknown as {
      readonly is: string;
      readonly at: number;
      readonly text: string;
      readonly source: string;
      readonly flags: string;
      readonly name: string;
      readonly message: string;
      readonly stack: string;
      readonly bytes: string;
      readonly items: readonly Json[];
    };
    const place = seen.length;
    const keep = <T>(value: T): T => {
      seen[place] = value;
      return value;
    };
    const pairs = (): (readonly [Json, Json])[] => node.items as unknown as (readonly [Json, Json])[];
    switch (node.is) {
      case "number":
        return Number(node.text);
      case "undefined":
        return undefined;
      case "bigint":
        return BigInt(node.text);
      case "seen":
        return seen[node.at];
      case "date":
        return keep(new Date(read(node.at, seen) as number));
      case "regexp":
        return keep(new RegExp(node.source, node.flags));
      case "error":
        return keep(Object.assign(new Error(node.message), { name: node.name, stack: node.stack }));
      case "buffer":
        return keep(fromBase64(node.bytes).buffer);
      case "view":
        return keep(new arrays[node.name as keyof typeof arrays](fromBase64(node.bytes).buffer));
      case "map": {
        const map = keep(new Map<unknown, unknown>());
        for (const [key, one] of pairs()) map.set(read(key, seen), read(one, seen));
        return map;
      }
      case "set": {
        const set = keep(new Set<unknown>());
        for (const one of node.items) set.add(read(one, seen));
        return set;
      }
      case "array": {
        const array: unknown[] = keep([]);
        for (const one of node.items) array.push(read(one, seen));
        return array;
      }
      default: {
        const object = keep<Record<string, unknown>>({});
        for (const [key, one] of pairs()) {
          // Defined, not assigned: a key named __proto__ stays data.
          Object.defineProperty(object, key as string, {
            value: read(one, seen),
            enumerable: true,
            writable: true,
            configurable: true,
          });
        }
        return object;
      }
    }
  };

  return {
    encode: (value) => JSON.stringify(write(value, new Map())),
    decode: (text) => read(JSON.parse(text) as Json, []),
  };
}
