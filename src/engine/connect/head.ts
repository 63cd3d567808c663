/** The head of an HTTP/1.1 answer. */
export interface ResponseHead {
  readonly status: number;
  /** Names in lower case; values of repeated fields joined with ", " (RFC 9110 §5.3). */
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes that came behind the head in the same reads. */
  readonly rest: Buffer;
}

/** What has been read so far: not enough, a head, or something that is no HTTP/1.x answer. */
export type HeadResult =
  | { readonly kind: "more" }
  | { readonly kind: "head"; readonly head: ResponseHead }
  | { readonly kind: "not-http"; readonly why: string };

const statusLine = /^HTTP\/1\.[01] ([1-5]\d\d)(?: [^\r\n\0]*)?$/;
const fieldLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;

/**
 * Parses the head of an answer to CONNECT (RFC 9112 §4, §5). Strict where leniency would let a middlebox
 * smuggle something in (no obs-fold, no space before the colon), bounded by `maxBytes`.
 * @param received everything read since the request; a call with more bytes starts over, which the bound keeps cheap.
 */
export function parseHead(received: Buffer, maxBytes: number): HeadResult {
  const start = received.subarray(0, 5).toString("latin1");
  if (!"HTTP/".startsWith(start) && start !== "HTTP/")
    return { kind: "not-http", why: "the answer does not begin with HTTP/" };
  const end = received.indexOf("\r\n\r\n");
  if (end < 0 || end > maxBytes) {
    // The empty line counts for nothing, so that the result does not depend on where the bytes are split.
    if (received.length >= maxBytes + 4)
      return { kind: "not-http", why: `the head of the answer is longer than ${maxBytes} bytes` };
    return { kind: "more" };
  }
  const [first = "", ...lines] = received.subarray(0, end).toString("latin1").split("\r\n");
  const status = statusLine.exec(first)?.[1];
  if (status === undefined) return { kind: "not-http", why: "the status line is malformed" };
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const line of lines) {
    const [, name, value = ""] = fieldLine.exec(line) ?? [];
    if (name === undefined || /[\0\r\n]/.test(value)) return { kind: "not-http", why: "a header line is malformed" };
    const key = name.toLowerCase();
    const before = headers[key];
    headers[key] = before === undefined ? value : `${before}, ${value}`;
  }
  return { kind: "head", head: { status: Number(status), headers, rest: received.subarray(end + 4) } };
}
