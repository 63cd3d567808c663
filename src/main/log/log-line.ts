import type { AppErrorData } from "../../shared/errors.ts";
import type { EngineEvent } from "../../shared/events.ts";

export type LogFileLevel = "error" | "info" | "debug";

/** Characters of one text in a line; a renderer's stack fits. */
const longestText = 8 * 1024;
/** Characters of one line. */
const longestLine = 32 * 1024;

/** C0, C1, bidirectional controls, zero-width characters, line separators and lone surrogates. */
const unprintable = /[\p{Cc}\p{Cs}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/gu;

const hidden = "[hidden]";

/**
 * A second look at what should hold no secret: takes out JWTs, private keys, and the queries and fragments of URLs, where sign-in
 * URLs carry theirs.
 */
export function withoutSecrets(text: string): string {
  return text
    .replace(/\beyJ[\w-]*\.[\w-]+\.[\w-]*/g, hidden)
    .replace(/-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g, hidden)
    .replace(/(\bhttps?:\/\/[^\s?#"'<>]*)[?#][^\s"'<>]*/gi, `$1?${hidden}`);
}

/** Before the bound is applied: a secret that is cut in two is no longer recognised. */
function clean(text: string): string {
  const safe = withoutSecrets(text.slice(0, 4 * longestText));
  return safe.length > longestText ? `${safe.slice(0, longestText)}…` : safe;
}

/** What only matters when somebody looks for the cause of something. */
const details: ReadonlySet<EngineEvent["type"]> = new Set([
  "peer-opened",
  "peer-signing-in",
  "session-changed",
  "session-shared",
]);

/** How loud an event of the engine is: whatever carries an error is as loud as that. */
export function levelOf(event: EngineEvent): LogFileLevel {
  if ("error" in event && event.error !== undefined) return levelOfError(event.error);
  return details.has(event.type) ? "debug" : "info";
}

/** What the person or the program ended itself is no failure. */
export const levelOfError = ({ code }: AppErrorData): LogFileLevel =>
  code === "cancelled" || code === "closed" ? "info" : "error";

/** One line of JSON without its end; control characters are escaped, long texts cut. */
export function lineOf(
  time: Date,
  level: LogFileLevel,
  event: string,
  fields: Readonly<Record<string, unknown>>,
): string {
  const json = JSON.stringify({ time: time.toISOString(), level, event, ...fields }, (_name, value: unknown) =>
    typeof value === "string" ? clean(value) : typeof value === "bigint" ? String(value) : value,
  );
  const line = json.replace(unprintable, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
  if (line.length <= longestLine) return line;
  return JSON.stringify({ time: time.toISOString(), level, event: clean(event), note: "too long to be written" });
}
