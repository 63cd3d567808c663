import { AppError } from "./errors.ts";

/**
 * Splits a command the way a POSIX shell splits words: blanks, '…', "…" and backslash; nothing is expanded.
 * @param backslashEscapes false on Windows, where a backslash is part of paths.
 * @throws AppError `setting-invalid` when a quote is not closed.
 */
export function splitWords(text: string, backslashEscapes: boolean): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? "";
    const next = text[at + 1];
    if (char === "\\" && backslashEscapes && quote !== "'" && next !== undefined) {
      // Inside double quotes a backslash is special before these four only (POSIX 2.2.3).
      const keeps = quote === '"' && !'$`"\\'.includes(next);
      word = (word ?? "") + (keeps ? char + next : next);
      at++;
    } else if (quote !== null) {
      if (char === quote) quote = null;
      else word = (word ?? "") + char;
    } else if (char === '"' || (char === "'" && backslashEscapes)) {
      quote = char;
      word ??= "";
    } else if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? "") + char;
  }
  if (quote !== null) throw new AppError("setting-invalid", `A quote (${quote}) is not closed.`);
  if (word !== null) words.push(word);
  return words;
}
