import { DerError } from "./der.ts";
import { comparable, quotedName } from "./names.ts";

/** CAs that are told; a proxy may accept hundreds. */
const mostTold = 3;

/** The CAs that a proxy accepts. */
export interface Accepted {
  /** In their comparable form; null for any. */
  readonly names: ReadonlySet<string> | null;
  /** `"Corp CA", "Partner CA" and 2 more`; "" where no name can be read. */
  readonly words: string;
}

/** @param caNames as the proxy announces them: unchecked, the same one twice perhaps; none means any. */
export function acceptedOf(caNames: readonly Buffer[]): Accepted {
  if (caNames.length === 0) return { names: null, words: "" };
  const names = new Set<string>();
  const told: string[] = [];
  for (const name of caNames) {
    const id = comparable(name);
    const words = names.has(id) || told.length === mostTold ? null : wordsOf(name);
    if (words !== null) told.push(words);
    names.add(id);
  }
  const more = names.size - told.length;
  const words = told.length === 0 ? "" : `${told.join(", ")}${more === 0 ? "" : ` and ${more} more`}`;
  return { names, words };
}

function wordsOf(name: Buffer): string | null {
  try {
    return quotedName(name);
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}
