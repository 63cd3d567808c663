/** A row of the list: a connection can be in several groups. */
export interface Row {
  readonly id: string;
  readonly group: string;
}

type Finder = (gone: readonly string[]) => Row | null;

let finder: Finder | null = null;

/** Tells what to select when connections go away; the list on screen knows. @returns the way to take it back. */
export function findNextRowBy(find: Finder): () => void {
  finder = find;
  return () => {
    if (finder === find) finder = null;
  };
}

/** The row to select once these are gone; null where no list is on screen or nothing is left. */
export const nextRow = (gone: readonly string[]): Row | null => finder?.(gone) ?? null;
