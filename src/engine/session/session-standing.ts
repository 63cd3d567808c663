import type { AppError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import type { Session } from "../ports.ts";
import { BoundedMap } from "./bounded-map.ts";
import { sessionKey } from "./session-vault.ts";

/** What this process has seen of sessions: which are fresh, which are another host's, who refused which. In memory only. */
export class SessionStanding {
  readonly #limits: Limits;
  readonly #fresh: BoundedMap<string, true>;
  /** Copies of other hosts' sessions: their refusal says nothing about the sign-in that they came from. */
  readonly #lent = new WeakSet<Session>();
  /** Keys "proxy session". */
  readonly #announced: BoundedMap<string, true>;
  /** Keys "proxy session": a JWT that a proxy has refused is not offered to it again. */
  readonly #refused: BoundedMap<string, true>;
  /** By origin; monotonic milliseconds. */
  readonly #pauses: BoundedMap<string, { readonly until: number; readonly error: AppError }>;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#fresh = new BoundedMap(limits.rememberedProxies);
    this.#announced = new BoundedMap(limits.rememberedProxies);
    this.#refused = new BoundedMap(limits.rememberedProxies);
    this.#pauses = new BoundedMap(limits.rememberedProxies);
  }

  /** The session has just come from a sign-in: what was held against its JWT before counts no more. */
  issued(session: Session): void {
    this.#refused.delete(`${session.proxy} ${sessionKey(session)}`);
    this.#fresh.set(sessionKey(session), true);
  }

  isFresh(session: Session): boolean {
    return !this.#lent.has(session) && this.#fresh.has(sessionKey(session));
  }

  accepted(origin: string, session: Session): void {
    this.#fresh.delete(sessionKey(session));
    this.#pauses.delete(origin);
  }

  /** A copy of another host's session for `origin`, and whether this is the first one. */
  lend(origin: string, session: Session): { readonly copy: Session; readonly first: boolean } {
    const key = `${origin} ${sessionKey(session)}`;
    const first = !this.#announced.has(key);
    this.#announced.set(key, true);
    const copy = { ...session };
    this.#lent.add(copy);
    return { copy, first };
  }

  /** A copy of the session, with the same standing, that names its user. */
  named(session: Session, user: NonNullable<Session["user"]>): Session {
    const copy = { ...session, user };
    if (this.#lent.has(session)) this.#lent.add(copy);
    return copy;
  }

  /** Returns false when it was known. */
  refused(origin: string, session: Session): boolean {
    const key = `${origin} ${sessionKey(session)}`;
    const isNew = !this.#refused.has(key);
    this.#refused.set(key, true);
    if (session.proxy === origin) this.#fresh.delete(sessionKey(session));
    return isNew;
  }

  wasRefused(origin: string, session: Session): boolean {
    return this.#refused.has(`${origin} ${sessionKey(session)}`);
  }

  /** Why no browser opens for this proxy now; null when one may. */
  pauseOf(origin: string): AppError | null {
    const pause = this.#pauses.get(origin);
    return pause !== undefined && performance.now() < pause.until ? pause.error : null;
  }

  /** Begins a pause of `limits.signInPauseMs`. */
  pause(origin: string, error: AppError): void {
    this.#pauses.set(origin, { until: performance.now() + this.#limits.signInPauseMs, error });
  }
}
