import * as v from "valibot";

const marker = "window.POMERIUM_DATA";
const tenYears = 10 * 365 * 86_400_000;

const schema = v.object({ session: v.object({ expiresAt: v.pipe(v.string(), v.maxLength(64)) }) });

/** The JSON object that begins at `start`, by its own braces; null where it has no end. */
function objectAt(text: string, start: number): string | null {
  let depth = 0;
  let inString = false;
  for (let at = start; at < text.length; at += 1) {
    const char = text[at];
    if (inString) {
      if (char === "\\") at += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === "{") depth += 1;
    else if (char === "}") {
      depth -= 1;
      if (depth === 0) return text.slice(start, at + 1);
    }
  }
  return null;
}

/** Where the data begins: behind the marker and its "=", or at once in a page that is JSON itself. */
function startOf(page: string): number | null {
  if (page.trimStart().startsWith("{")) return page.indexOf("{");
  const at = page.indexOf(marker);
  if (at < 0) return null;
  const behind = /^\s*=\s*\{/.exec(page.slice(at + marker.length, at + marker.length + 100));
  return behind === null ? null : at + marker.length + behind[0].length - 1;
}

/**
 * When the session ends, as the page `/.pomerium/` tells in a script (protocol.md, Login). The page is taken for text
 * only: nothing in it is run, and what cannot be read or is not plausible counts as not told.
 * @param now milliseconds since 1970.
 * @returns milliseconds since 1970, or null.
 */
export function expiryFromPage(page: string, now: number): number | null {
  const start = startOf(page);
  const text = start === null ? null : objectAt(page, start);
  if (text === null) return null;
  try {
    const data = v.safeParse(schema, JSON.parse(text));
    if (!data.success) return null;
    const expiresAt = Date.parse(data.output.session.expiresAt);
    return expiresAt > 0 && expiresAt < now + tenYears ? expiresAt : null;
  } catch {
    return null;
  }
}
