/** Longest name in a menu, in characters as people count them. */
const longestName = 40;

/** Directions that a name could force on what stands beside it, and characters that have no width or end a line. */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu;
/** Joiners that are part of emoji and of some scripts. */
const joiners = /[\u200c\u200d]/;
const rightToLeft = /\p{Script=Hebrew}|\p{Script=Arabic}|\p{Script=Syriac}|\p{Script=Thaana}|\p{Script=Nko}/u;

const characters = new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * Somebody's text as it may stand in a menu: one line, without hidden or turning characters, cut in the middle at 40, and with a
 * frame around right-to-left writing so that the port stays behind it.
 */
export function menuName(text: string): string {
  const clean = text
    .replace(unsafe, (found) => [...found].map((one) => (joiners.test(one) ? one : " ")).join(""))
    .replace(/\s+/g, " ")
    .trim();
  const cut = cutInTheMiddle(clean === "" ? "Unnamed" : clean);
  return rightToLeft.test(cut) ? `\u2068${cut}\u2069` : cut;
}

/** A label of plain text. A single & would mean a shortcut on every system; Chromium itself escapes "_" where that means one. */
export const menuLabel = (text: string): string => text.replaceAll("&", "&&");

function cutInTheMiddle(text: string): string {
  // Counting is only needed, and only bounded, where the text is long enough.
  if (text.length <= longestName) return text;
  const parts = Array.from(characters.segment(text), ({ segment }) => segment);
  if (parts.length <= longestName) return text;
  const head = Math.ceil((longestName - 1) / 2);
  const tail = longestName - 1 - head;
  return `${parts.slice(0, head).join("").trimEnd()}…${parts.slice(-tail).join("").trimStart()}`;
}
