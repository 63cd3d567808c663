import { createHash, timingSafeEqual } from "node:crypto";
import { isJwtShaped } from "./jwt.ts";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Compares without telling by its time how much of a guess was right. */
export function sameSecret(given: string, secret: string): boolean {
  return timingSafeEqual(digest(given), digest(secret));
}

/** The one well-shaped `pomerium_jwt` of a query string; null for none, several or another shape. */
export function jwtFromQuery(query: string, mostBytes: number): string | null {
  const [jwt, ...more] = new URLSearchParams(query).getAll("pomerium_jwt");
  return jwt !== undefined && more.length === 0 && isJwtShaped(jwt, mostBytes) ? jwt : null;
}

/**
 * The JWT of a callback URL that a person copied out of an address bar: white space and quotes around it are let go,
 * and a browser may have left out "http://".
 * @param redirectUri of the sign-in in question; null is returned for a URL of any other.
 * @param jwtBytes the longest JWT.
 */
export function jwtFromPasted(pasted: string, redirectUri: string, jwtBytes: number): string | null {
  // Twice a JWT leaves room for escapes; what Pomerium adds beside it is small.
  if (pasted.length > 4 * jwtBytes) return null;
  const text = pasted.replace(/^[\s"'`<“‘«]+/, "").replace(/[\s"'`>”’»]+$/, "");
  const absolute = text.startsWith("127.0.0.1:") ? `http://${text}` : text;
  if (/\s/.test(absolute) || !URL.canParse(absolute)) return null;
  const url = new URL(absolute);
  const wanted = new URL(redirectUri);
  const sameServer = url.origin === wanted.origin && url.username === "" && url.password === "";
  if (!sameServer || !sameSecret(url.pathname, wanted.pathname)) return null;
  return jwtFromQuery(url.search, jwtBytes);
}
