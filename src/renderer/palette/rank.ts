/** Something that can be found. */
export interface Findable {
  readonly id: string;
  readonly title: string;
  /** Other words it goes by: tags, a host, a port with its colon. */
  readonly words: readonly string[];
  /** Milliseconds since 1970; null for never. */
  readonly lastUsedAt: number | null;
}

/** From and to, in characters of the title; `to` is behind the last. */
export type Mark = readonly [from: number, to: number];

export interface Found<T extends Findable> {
  readonly item: T;
  /** What of the title was meant. */
  readonly marks: readonly Mark[];
  /** Smaller is better; 0 is a title that starts with every word. */
  readonly score: number;
}

interface Hit {
  readonly score: number;
  readonly mark: readonly Mark[];
}

/** How good a match is: where it was found. */
const scores = {
  titleStart: 0,
  wordStart: 1,
  inTitle: 2,
  otherStart: 3,
  inOther: 4,
  letters: 6,
} as const;

const startsWord = (text: string, at: number): boolean => at === 0 || !/[\p{L}\p{N}]/u.test(text.charAt(at - 1));

/** Where a word of the text starts with what is looked for; -1 for nowhere. */
function wordStart(text: string, wanted: string): number {
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) if (startsWord(text, at)) return at;
  return -1;
}

/**
 * Finds the letters in order, where every run of them begins at the start of a word: "opg" is in "Orders Postgres Gold" and in
 * nothing that merely has these letters somewhere. null where they are not.
 */
export function lettersOf(text: string, wanted: string): readonly Mark[] | null {
  const search = (at: number, from: number): readonly Mark[] | null => {
    if (at === wanted.length) return [];
    for (let start = from; start < text.length; start += 1) {
      if (!startsWord(text, start) || text.charAt(start) !== wanted.charAt(at)) continue;
      let length = 1;
      while (at + length < wanted.length && text.charAt(start + length) === wanted.charAt(at + length)) length += 1;
      // A shorter run may leave letters that the next words need.
      for (; length > 0; length -= 1) {
        const rest = search(at + length, start + length);
        if (rest) return [[start, start + length], ...rest];
      }
    }
    return null;
  };
  // Bounded: longer words are not abbreviations, and would make the search slow.
  return wanted.length > 8 || wanted.length < 2 ? null : search(0, 0);
}

function hitOf(title: string, others: readonly string[], wanted: string): Hit | null {
  if (title.startsWith(wanted)) return { score: scores.titleStart, mark: [[0, wanted.length]] };
  const word = wordStart(title, wanted);
  if (word >= 0) return { score: scores.wordStart, mark: [[word, word + wanted.length]] };
  const inside = title.indexOf(wanted);
  if (inside >= 0) return { score: scores.inTitle, mark: [[inside, inside + wanted.length]] };
  if (others.some((other) => other.startsWith(wanted))) return { score: scores.otherStart, mark: [] };
  if (others.some((other) => other.includes(wanted))) return { score: scores.inOther, mark: [] };
  const letters = lettersOf(title, wanted);
  return letters === null ? null : { score: scores.letters, mark: letters };
}

/** Joins marks that touch or overlap. */
function joined(marks: readonly Mark[]): readonly Mark[] {
  const result: [number, number][] = [];
  for (const [from, to] of [...marks].sort((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else result.push([from, to]);
  }
  return result;
}

/** In lower case, letter by letter: a few letters become two there, which would move every mark behind them. */
const lowered = (text: string): string =>
  text.replace(/\p{Lu}/gu, (letter) => {
    const small = letter.toLowerCase();
    return small.length === letter.length ? small : letter;
  });

const lower = new WeakMap<Findable, { readonly title: string; readonly words: readonly string[] }>();

function lowerOf(item: Findable): { readonly title: string; readonly words: readonly string[] } {
  let known = lower.get(item);
  if (!known) {
    known = { title: lowered(item.title), words: item.words.map(lowered) };
    lower.set(item, known);
  }
  return known;
}

/**
 * What matches all words of the query, in any order: the better match first, then what was used more recently, then A to Z.
 * An empty query matches everything.
 */
export function rank<T extends Findable>(items: readonly T[], query: string): readonly Found<T>[] {
  const wanted = lowered(query)
    .split(/\s+/)
    .filter((word) => word !== "");
  const found: Found<T>[] = [];
  for (const item of items) {
    const { title, words } = lowerOf(item);
    let score = 0;
    const marks: Mark[] = [];
    const matches = wanted.every((word) => {
      const hit = hitOf(title, words, word);
      if (hit) {
        score += hit.score;
        marks.push(...hit.mark);
      }
      return hit !== null;
    });
    if (matches) found.push({ item, marks: joined(marks), score });
  }
  return found.sort(
    (a, b) =>
      a.score - b.score ||
      (b.item.lastUsedAt ?? 0) - (a.item.lastUsedAt ?? 0) ||
      (a.item.title < b.item.title ? -1 : a.item.title > b.item.title ? 1 : 0),
  );
}
