import { authorityOf, originOf, parseTarget, type Protocol } from "../../shared/address.ts";

/** What a link of Pomerium fills in. */
export interface FilledFromLink {
  readonly protocol: Protocol;
  readonly destination: string;
  /** "" where the link names no proxy: the destination's own host is one. */
  readonly pomeriumUrl: string;
}

/** True for text that is meant as a link, whether it can be used or not. */
export const isLink = (text: string): boolean => /^\s*(tcp|udp)\+https?:/i.test(text);

/**
 * Reads `tcp+https://proxy:port/host:port` or `tcp+https://host:port`, and both with `udp+`. Spaces and line breaks in it come from where it was
 * copied and are left out. null where it is no such link, or one that cannot be used; the rules of the form say why.
 */
export function readLink(text: string): FilledFromLink | null {
  if (!isLink(text)) return null;
  try {
    const { destination, proxy } = parseTarget(text.replace(/\s+/g, ""));
    const own = proxy.tls && proxy.host === destination.host && proxy.port === 443;
    return {
      protocol: destination.protocol,
      destination: authorityOf(destination),
      pomeriumUrl: own ? "" : originOf(proxy),
    };
  } catch {
    return null;
  }
}
