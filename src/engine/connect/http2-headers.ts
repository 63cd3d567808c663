import type { IncomingHttpHeaders } from "node:http2";

/** The fields of an answer without its pseudo fields; repeated ones are joined (RFC 9110 §5.3). */
export function plainHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith(":") || value === undefined
        ? []
        : [[name, Array.isArray(value) ? value.join(", ") : String(value)]],
    ),
  );
}
