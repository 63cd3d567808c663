/** A part of a page that scrolls: its name, and where it starts, pixels from the top of what scrolls. */
export interface Part<T extends string> {
  readonly id: T;
  readonly top: number;
}

/** How far below the upper edge a heading already counts as the one being read, pixels. */
const readingLine = 48;

/** The part that is being read. At the very end it is the last one, which may be too short to reach the upper edge. */
export function partInView<T extends string>(
  parts: readonly Part<T>[],
  scroll: { readonly top: number; readonly height: number; readonly whole: number },
): T | undefined {
  if (scroll.top > 0 && scroll.top + scroll.height >= scroll.whole - 1) return parts.at(-1)?.id;
  return (parts.findLast(({ top }) => top <= scroll.top + readingLine) ?? parts[0])?.id;
}
