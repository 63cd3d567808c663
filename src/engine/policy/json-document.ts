import { jsonErrorPosition } from "./json-error.ts";
import type { Found } from "./place.ts";
import { wholeExample } from "./wording.ts";

const lineAt = (text: string, position: number): number => text.slice(0, position).split("\n").length;

/** The line of the first member of this name; null where it is written in another way, such as with escapes. */
function lineOfName(text: string, name: string): number | null {
  const quoted = JSON.stringify(name);
  for (let at = text.indexOf(quoted); at >= 0; at = text.indexOf(quoted, at + 1))
    if (/^\s*:/.test(text.slice(at + quoted.length))) return lineAt(text, at);
  return null;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Reads one JSON object whose members are managed settings.
 * @param withLines false where the text is not what the administrator wrote.
 */
export function readJsonDocument(place: string, bytes: Buffer, withLines = true): Found {
  const text = bytes.toString("utf8").replace(/^\ufeff/, "");
  const lined = (line: number | null): string => (line === null || !withLines ? place : `${place}, line ${line}`);
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch {
    const mend = `It has to be like ${wholeExample}, with a comma between two settings and none behind the last one.`;
    return { kind: "unreadable", place: lined(lineAt(text, jsonErrorPosition(text))), why: "it is not JSON", mend };
  }
  if (!isRecord(values)) {
    return {
      kind: "unreadable",
      place,
      why: "it is not an object of settings",
      mend: `It has to be like ${wholeExample}.`,
    };
  }
  return { kind: "values", place, values, placeOf: (name) => lined(lineOfName(text, name)) };
}
