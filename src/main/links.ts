import { parseTarget } from "../shared/address.ts";
import type { Place } from "../shared/ipc/snapshot.ts";

/** What the system opens Culvert for; the installers register them (electron-builder.yml, packaging/windows/installer.nsh). */
export const linkSchemes = ["culvert", "tcp+https", "udp+https"] as const;

/** Longest link that is read, characters. Two host names and their ports are shorter. */
const longest = 1_024;

const own = /^culvert:/i;

/** True for text that the system hands over as one of Culvert's links. */
const isLink = (text: string): boolean => linkSchemes.some((scheme) => text.toLowerCase().startsWith(`${scheme}:`));

/**
 * Where a link leads: a new connection, filled in. Any web page can have one opened, so it saves and turns on nothing; one that
 * names no destination, such as `culvert:` alone, leads to no place, and the window just comes up.
 * @param text `tcp+https://…` or `udp+https://…` as Pomerium writes them, also behind `culvert:`.
 */
export function placeOfLink(text: string): Place | null {
  if (text.length > longest || !isLink(text)) return null;
  const link = text.replace(own, "");
  if (!isLink(link) || own.test(link)) return null;
  try {
    parseTarget(link);
  } catch {
    return null;
  }
  return { page: "new", link };
}

/** The link among the arguments of a start; null where there is none. Chromium adds arguments of its own. */
export const linkAmong = (argv: readonly string[]): string | null => argv.slice(1).find(isLink) ?? null;

/** Keeps what was to be opened before the app was ready: macOS hands it over by an event, which is earlier than everything else. */
export class LinkInbox {
  #waiting: string | null = null;
  #open: ((text: string) => void) | null = null;

  /** A link that was clicked, or a file that was opened as a file: URL. */
  take(text: string): void {
    if (this.#open) this.#open(text);
    else this.#waiting = text;
  }

  /** From now on they are opened by this; the newest that waited is opened at once. True where there was one. */
  whenReady(open: (text: string) => void): boolean {
    this.#open = open;
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting !== null) open(waiting);
    return waiting !== null;
  }
}
