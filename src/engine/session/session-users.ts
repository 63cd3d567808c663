import type { Session } from "../ports.ts";
import { askUser, type PageDeps, type SessionContext, type UserVerdict } from "./proxy-pages.ts";
import { sessionKey } from "./session-vault.ts";
import { within } from "./waiting.ts";

/** Asks proxies who is signed in with a session; those who ask while an answer is on its way share it. */
export class SessionUsers {
  readonly #deps: PageDeps;
  readonly #asking = new Map<string, Promise<UserVerdict>>();

  constructor(deps: PageDeps) {
    this.#deps = deps;
  }

  /** Shares what `asking` will say with everybody who asks about this session until it has. */
  share(session: Session, asking: Promise<UserVerdict>): Promise<UserVerdict> {
    const key = sessionKey(session);
    const shared = asking.finally(() => this.#asking.delete(key));
    this.#asking.set(key, shared);
    return shared;
  }

  /** What the proxy says about the session. @throws AppError when the signal aborts or there is no way to the proxy. */
  verdict(ctx: SessionContext, session: Session, signal: AbortSignal): Promise<UserVerdict> {
    return this.#asking.get(sessionKey(session)) ?? askUser(this.#deps, ctx, session.jwt, signal);
  }

  /**
   * Who is signed in, for a sentence to a person. Undefined where it cannot be known within `limits.wellKnownWaitMs`.
   * @throws AppError only when the signal aborts.
   */
  async nameOf(ctx: SessionContext, session: Session, signal: AbortSignal): Promise<string | undefined> {
    const name = (user: Session["user"]): string | undefined => user?.email ?? user?.name;
    if (session.user) return name(session.user);
    const asked = this.verdict(ctx, session, signal).catch((): UserVerdict => ({ said: "unknown" }));
    const verdict = await within(this.#deps.limits.wellKnownWaitMs, asked, signal);
    return verdict?.said === "good" ? name(verdict.user) : undefined;
  }
}
