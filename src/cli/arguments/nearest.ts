/** Edits between two words, neighbouring letters swapped counting as one. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1;
      let best = Math.min((above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (above[column - 1] ?? 0) + same);
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) best = Math.min(best, (before[column - 2] ?? 0) + 1);
      current[column] = best;
    }
    before = above;
    above = current;
  }
  return above[b.length] ?? Infinity;
}

/** The known word that a mistyped one most likely meant, or null when none is near. */
export function nearest(word: string, known: readonly string[]): string | null {
  if (word.length > 64) return null;
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.min(3, Math.floor(word.length / 3))) + 1;
  for (const candidate of known) {
    const edits = distance(word.toLowerCase(), candidate);
    if (edits < bestDistance) [best, bestDistance] = [candidate, edits];
  }
  if (best !== null) return best;
  if (word.length < 3) return null;
  // Cut short, or written out where the flag is short: --client-certificate for --client-cert.
  const begun = known.find((candidate) => candidate.startsWith(word));
  const within = known.filter((candidate) => candidate.length >= 4 && word.startsWith(candidate));
  return begun ?? within.sort((a, b) => b.length - a.length)[0] ?? null;
}
