/** A version of the app: three numbers, and whether something such as `-beta.1` makes it come before the release of these numbers. */
interface Version {
  readonly numbers: readonly [number, number, number];
  readonly early: boolean;
}

const pattern = /^(\d{1,6})\.(\d{1,6})\.(\d{1,6})(-[0-9A-Za-z.-]{1,64})?$/;

function parse(text: string): Version | null {
  const [, major, minor, patch, early] = pattern.exec(text) ?? [];
  if (major === undefined || minor === undefined || patch === undefined) return null;
  // "01" is not a number of a version, and would compare equal to "1".
  if ([major, minor, patch].some((part) => part.length > 1 && part.startsWith("0"))) return null;
  return { numbers: [Number(major), Number(minor), Number(patch)], early: early !== undefined };
}

/** True for a version that a feed may offer: three numbers and nothing else, such as 1.5.0. */
export const isReleaseVersion = (text: string): boolean => parse(text)?.early === false;

/**
 * True where `one` comes after `other` (semver 2.0, but that two early versions of the same numbers are not told apart). False where
 * either is not a version: what cannot be compared is never newer.
 */
export function isNewer(one: string, other: string): boolean {
  const [a, b] = [parse(one), parse(other)];
  if (a === null || b === null) return false;
  for (const at of [0, 1, 2] as const) {
    if (a.numbers[at] !== b.numbers[at]) return a.numbers[at] > b.numbers[at];
  }
  return b.early && !a.early;
}
