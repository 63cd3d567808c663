import type { Protocol } from "../../shared/address.ts";

/**
 * What could move a terminal's cursor, reorder text or hide in it: C0, C1, bidirectional controls,
 * zero-width characters, line separators and lone surrogates.
 */
const unprintable = /[\p{Cc}\p{Cs}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/gu;

const longestLine = 4_000;

/** Text of one line that a terminal shows as it is. */
export function printable(text: string): string {
  const clean = text.replace(unprintable, "?");
  return clean.length > longestLine ? `${clean.slice(0, longestLine)}…` : clean;
}

/** JSON of one line whose strings hold no terminal controls either. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(unprintable, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** `5:57PM`, local time. */
export function clock(time: Date): string {
  const hours = time.getHours();
  const minutes = String(time.getMinutes()).padStart(2, "0");
  return `${hours % 12 === 0 ? 12 : hours % 12}:${minutes}${hours < 12 ? "AM" : "PM"}`;
}

/** A duration for people: `85 ms`, `2.4 s`, `3 min 5 s`, `2 h 10 min`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A size for people: `512 B`, `1.5 kB`, `3.2 MB`. */
export function size(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  let value = bytes / 1_000;
  let unit = "kB";
  for (const next of ["MB", "GB", "TB"]) {
    if (value < 999.95) break;
    value /= 1_000;
    unit = next;
  }
  return `${value.toFixed(1)} ${unit}`;
}

/** An address or a name of what carries UDP says so: `127.0.0.1:5353 (UDP)`. TCP is the usual and goes without saying. */
export const withProtocol = (text: string, protocol: Protocol): string => (protocol === "udp" ? `${text} (UDP)` : text);
