import { shown } from "../../../shared/address.ts";
import { RemoteTlsError } from "./remote-key.ts";

/** What the program says on standard error (native/README.md). */
export type ProgramEvent =
  | { readonly event: "connected"; readonly port: number }
  | { readonly event: "ready"; readonly alpn: string | null; readonly protocol: string }
  | { readonly event: "end" }
  | { readonly event: "error"; readonly error: RemoteTlsError };

/** A certificate as the program lists it. */
export interface Listed {
  readonly id: string;
  readonly der: Buffer;
  readonly key: "none" | "stays" | "exportable";
  readonly where: string;
  /** The store or token wants a password or PIN before it uses the key. */
  readonly locked: boolean;
}

/** Certificates of a server that are kept; real chains have up to five. */
const mostOfChain = 10;
const mostIdBytes = 200;
const code = /^[A-Z][A-Z0-9_]{2,63}$/;
const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(line: string): Fields | null {
  if (!line.startsWith("{")) return null;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Fields) : null;
  } catch {
    return null;
  }
}

const textOf = (value: unknown): string | null => (typeof value === "string" ? value : null);

function bytesOf(value: unknown): Buffer | null {
  const text = textOf(value);
  return text !== null && text.length % 4 === 0 && base64.test(text) ? Buffer.from(text, "base64") : null;
}

/** Null for a line that says nothing known: modules that stores load write to standard error as well. */
export function programEvent(line: string): ProgramEvent | null {
  const fields = fieldsOf(line);
  switch (fields?.["event"]) {
    case "connected": {
      const { port } = fields;
      return typeof port === "number" && Number.isInteger(port) && port > 0 && port < 65_536
        ? { event: "connected", port }
        : null;
    }
    case "ready":
      return { event: "ready", alpn: textOf(fields["alpn"]), protocol: shown(textOf(fields["protocol"]) ?? "") };
    case "end":
      return { event: "end" };
    case "error": {
      const given = textOf(fields["code"]) ?? "";
      const chain = Array.isArray(fields["chain"]) ? (fields["chain"] as unknown[]).slice(0, mostOfChain) : [];
      const certificates = chain.map(bytesOf).filter((one) => one !== null);
      const message = shown(textOf(fields["message"]) ?? "");
      return {
        event: "error",
        error: new RemoteTlsError(code.test(given) ? given : "CULVERT_TLS", message, certificates),
      };
    }
    default:
      return null;
  }
}

/** A line of `list`: a certificate, "end", or null for what is neither. */
export function listedLine(line: string): Listed | "end" | null {
  const fields = fieldsOf(line);
  if (!fields) return null;
  if (fields["end"] === true) return "end";
  const [id, der, key, where] = [
    textOf(fields["id"]),
    bytesOf(fields["der"]),
    fields["key"],
    textOf(fields["where"]) ?? "",
  ];
  if (id === null || id === "" || Buffer.byteLength(id) > mostIdBytes || der === null) return null;
  if (key !== "none" && key !== "stays" && key !== "exportable") return null;
  return { id, der, key, where: shown(where), locked: fields["locked"] === true };
}
