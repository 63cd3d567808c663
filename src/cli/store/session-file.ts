import { createHash } from "node:crypto";
import * as v from "valibot";
import type { Session } from "../../engine/index.ts";
import { limits } from "../../shared/limits.ts";

/** Larger than any session that `sessionSchema` lets through. */
export const maxSessionFileBytes = 64 * 1024;

const short = v.pipe(v.string(), v.maxLength(1_024));

const sessionFileSchema = v.object({
  version: v.literal(1),
  session: v.object({
    proxy: v.pipe(short, v.regex(/^https?:\/\/[^/\s]+$/)),
    jwt: v.pipe(v.string(), v.maxLength(limits.jwtBytes), v.regex(/^[\x21-\x7e]+$/)),
    createdAt: v.pipe(v.number(), v.finite()),
    pomerium: v.nullable(short),
    verified: v.boolean(),
    user: v.exactOptional(v.object({ email: v.exactOptional(short), name: v.exactOptional(short) })),
    expiresAt: v.exactOptional(v.pipe(v.number(), v.finite())),
  }),
});

const hash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 32);

/** Begins the names of all session files of a proxy. */
export const proxyPrefix = (proxy: string): string => `${hash(proxy)}-`;

/** One name for exactly one session, so that forgetting it cannot hit a newer one of the same proxy. */
export const sessionFileName = (session: Session): string => `${proxyPrefix(session.proxy)}${hash(session.jwt)}.json`;

export const isSessionFileName = (name: string): boolean => /^[0-9a-f]{32}-[0-9a-f]{32}\.json$/.test(name);

export function formatSessionFile(session: Session): string {
  return `${JSON.stringify({ version: 1, session })}\n`;
}

/** Reads what `formatSessionFile` wrote; null for everything else, and for a file under another session's name. */
export function parseSessionFile(name: string, text: string): Session | null {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return null;
  }
  const result = v.safeParse(sessionFileSchema, data);
  if (!result.success) return null;
  return sessionFileName(result.output.session) === name ? result.output.session : null;
}
