import * as v from "valibot";
import { hostHeaderOf, parsePomeriumUrl, type ProxyAddress } from "../../shared/address.ts";
import { AppError, asAppError, type AppErrorData } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import { cancelled } from "../aborts.ts";
import type { ApiAnswer, ProxyApi, Session, TlsChoice } from "../ports.ts";
import { expiryFromPage } from "./pomerium-data.ts";
import { loginRefusal, noAnswer, notPomerium, signInFailed, stillSignedIn } from "./session-errors.ts";
import { withLimit } from "./waiting.ts";

/** A proxy and how TLS is done with it: all that a sign-in there depends on. */
export interface SessionContext {
  readonly proxy: ProxyAddress;
  readonly tls: TlsChoice;
}

export interface PageDeps {
  readonly api: ProxyApi;
  readonly limits: Limits;
}

/** What the user endpoint said about a session; "unknown" is no answer or one that says nothing. */
export type UserVerdict =
  { readonly said: "refused" | "unknown" } | { readonly said: "good"; readonly user: SessionUser };

/** How signing out went at one proxy. */
export interface SignedOut {
  /** Origin. */
  readonly proxy: string;
  /** True when the proxy itself said afterwards that it no longer knows the session. */
  readonly endedAtProxy: boolean;
  /** Why not; missing where it has ended there. */
  readonly reason?: AppErrorData;
}

export type SessionUser = NonNullable<Session["user"]>;

async function ask(
  deps: PageDeps,
  ctx: SessionContext,
  path: string,
  jwt: string | null,
  signal: AbortSignal,
): Promise<ApiAnswer> {
  const { api, limits } = deps;
  const host = hostHeaderOf(ctx.proxy);
  try {
    return await withLimit(
      limits.apiCallMs,
      () => noAnswer(host, limits.apiCallMs),
      (own) => api.get(ctx.proxy, ctx.tls, path, jwt, own),
      signal,
    );
  } catch (thrown) {
    if (signal.aborted) throw cancelled(signal);
    // The text of an unforeseen error may hold the path, and with it the secret of the callback.
    throw thrown instanceof AppError ? thrown : signInFailed(host, "its answer could not be read.");
  }
}

const isLoopbackName = (name: string): boolean =>
  name === "localhost" || name === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(name);

/**
 * The sign-in URL out of the body of the login API: one line, https (or http on this computer), no credentials.
 * @throws AppError `not-pomerium` when it is no URL at all, `sign-in-failed` when it is one that no browser should open.
 */
export function checkedSignInUrl(body: string, host: string, mostBytes: number): string {
  const text = body.trim();
  const isUrl = /^[a-z][a-z0-9+.-]*:[\x21-\x7e]*$/i.test(text) && URL.canParse(text);
  if (!isUrl) throw notPomerium(host, 200);
  const url = new URL(text);
  const safe = url.protocol === "https:" || (url.protocol === "http:" && isLoopbackName(url.hostname));
  if (text.length > mostBytes) throw signInFailed(host, "the address of its sign-in page is too long.");
  if (!safe || url.username !== "" || url.password !== "" || url.href.length > mostBytes) {
    throw signInFailed(host, "it named a sign-in page that is not safe to open.");
  }
  return url.href;
}

/**
 * Asks the login API for a page to sign in at (protocol.md, Login 2).
 * @throws AppError `not-pomerium`, `sign-in-failed`, `proxy-error`, or that of the way to the proxy.
 */
export async function askSignInUrl(
  deps: PageDeps,
  ctx: SessionContext,
  redirectUri: string,
  signal: AbortSignal,
): Promise<string> {
  const path = `/.pomerium/api/v1/login?pomerium_redirect_uri=${encodeURIComponent(redirectUri)}`;
  const answer = await ask(deps, ctx, path, null, signal);
  const host = hostHeaderOf(ctx.proxy);
  if (answer.status !== 200) throw loginRefusal(host, answer);
  return checkedSignInUrl(answer.body, host, deps.limits.signInUrlBytes);
}

const userSchema = v.object({ email: v.optional(v.nullable(v.string())), name: v.optional(v.nullable(v.string())) });

/** Text of the proxy for display: bounded, nothing invisible, nothing that turns the direction of writing. */
function displayText(text: string | null | undefined): string | undefined {
  const clean = (text ?? "").replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "").trim();
  return clean === "" ? undefined : clean.slice(0, 200);
}

/** Reads the answer of the user endpoint; what is not as protocol.md says counts as not told. */
export function readUser(body: string): SessionUser | null {
  try {
    const parsed = v.safeParse(userSchema, JSON.parse(body));
    if (!parsed.success) return null;
    const email = displayText(parsed.output.email);
    const name = displayText(parsed.output.name);
    return { ...(email === undefined ? {} : { email }), ...(name === undefined ? {} : { name }) };
  } catch {
    return null;
  }
}

/** Asks who a session belongs to. Only the signal makes it throw. */
export async function askUser(
  deps: PageDeps,
  ctx: SessionContext,
  jwt: string,
  signal: AbortSignal,
): Promise<UserVerdict> {
  try {
    const answer = await ask(deps, ctx, "/.pomerium/user", jwt, signal);
    if (answer.status === 401) return { said: "refused" };
    const user = answer.status === 200 ? readUser(answer.body) : null;
    return user === null ? { said: "unknown" } : { said: "good", user };
  } catch {
    if (signal.aborted) throw cancelled(signal);
    return { said: "unknown" };
  }
}

/** Asks when a session ends, in milliseconds since 1970; null when that is not told. Only the signal makes it throw. */
export async function askExpiry(
  deps: PageDeps,
  ctx: SessionContext,
  jwt: string,
  signal: AbortSignal,
): Promise<number | null> {
  try {
    const answer = await ask(deps, ctx, "/.pomerium/", jwt, signal);
    return answer.status === 200 ? expiryFromPage(answer.body, Date.now()) : null;
  } catch {
    if (signal.aborted) throw cancelled(signal);
    return null;
  }
}

const wellKnownSchema = v.object({ authentication_callback_endpoint: v.pipe(v.string(), v.maxLength(2_048)) });

/** The origin that a well-known document names, or null. */
export function pomeriumOf(body: string): string | null {
  try {
    const parsed = v.safeParse(wellKnownSchema, JSON.parse(body));
    if (!parsed.success) return null;
    const url = new URL(parsed.output.authentication_callback_endpoint);
    return url.protocol === "https:" && url.username === "" && url.password === "" ? url.origin : null;
  } catch {
    return null;
  }
}

/** Asks a host which Pomerium it belongs to; null when it does not say. Never throws. */
export async function askPomerium(deps: PageDeps, ctx: SessionContext, signal: AbortSignal): Promise<string | null> {
  try {
    const answer = await ask(deps, ctx, "/.well-known/pomerium", null, signal);
    return answer.status === 200 ? pomeriumOf(answer.body) : null;
  } catch {
    return null;
  }
}

/**
 * Signs out at the proxy that issued the session, and asks whether it has really ended there. Only the signal makes it
 * throw.
 * @param tlsFor how TLS is done with a proxy, by its origin.
 */
export async function endAtProxy(
  deps: PageDeps,
  session: Session,
  tlsFor: (origin: string) => TlsChoice,
  signal: AbortSignal,
): Promise<SignedOut> {
  const { proxy } = session;
  const notEnded = (reason: AppError): SignedOut => ({ proxy, endedAtProxy: false, reason: reason.toData() });
  try {
    const ctx = { proxy: parsePomeriumUrl(proxy), tls: tlsFor(proxy) };
    await ask(deps, ctx, "/.pomerium/sign_out", session.jwt, signal);
    const { said } = await askUser(deps, ctx, session.jwt, signal);
    if (said === "refused") return { proxy, endedAtProxy: true };
    return notEnded(stillSignedIn(hostHeaderOf(ctx.proxy), said === "good"));
  } catch (thrown) {
    if (signal.aborted) throw cancelled(signal);
    return notEnded(asAppError(thrown));
  }
}
