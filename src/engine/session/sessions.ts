import { hostHeaderOf, originOf } from "../../shared/address.ts";
import { asAppError, type AppError } from "../../shared/errors.ts";
import type { EventSink } from "../../shared/events.ts";
import type { Limits } from "../../shared/limits.ts";
import { cancelled, throwIfAborted, waitFor } from "../aborts.ts";
import type { ProxyApi, Session, SessionStore, SignInBrowser, TlsChoice } from "../ports.ts";
import { Flights } from "./flights.ts";
import { jwtExpiry } from "./jwt.ts";
import {
  askExpiry,
  askUser,
  endAtProxy,
  type SessionContext,
  type SignedOut,
  type UserVerdict,
} from "./proxy-pages.ts";
import { closed, nobodyWaits, signInCancelled, signInFailed, signInRefused } from "./session-errors.ts";
import { SessionStanding } from "./session-standing.ts";
import { SessionUsers } from "./session-users.ts";
import { SessionVault, sessionKey } from "./session-vault.ts";
import { isLendable, PomeriumLookup, sharingDomain } from "./sharing.ts";
import { signInByBrowser, type AttemptDeps } from "./sign-in-attempt.ts";
import { within } from "./waiting.ts";

export type { SessionContext, SignedOut } from "./proxy-pages.ts";

export interface SessionsDeps {
  readonly api: ProxyApi;
  readonly store: SessionStore;
  readonly browser: SignInBrowser;
  readonly events: EventSink;
  readonly limits: Limits;
  /** One sign-in for all hosts of one Pomerium (docs/security.md). */
  readonly share: boolean;
}

/** What a caller wants of a sign-in. */
interface Wish {
  /** A JWT that will not do. */
  readonly not: string | null;
  /**
   * Set when a person asked for it: a session from before this time (milliseconds since 1970) will not do, and the
   * pause after a refusal does not count.
   */
  readonly since: number | null;
}

const anySession: Wish = { not: null, since: null };

/** Sessions that are signed out at the same time. */
const signOutsAtOnce = 8;

/**
 * The sessions of this machine's user: which to send where, and how to get one. One sign-in at a time for each
 * Pomerium, however many clients wait. Owns its sign-ins and what they leave behind; `close` ends all of it.
 */
export class Sessions {
  readonly #deps: SessionsDeps;
  readonly #attempt: AttemptDeps;
  readonly #vault: SessionVault;
  readonly #lookup: PomeriumLookup;
  readonly #closing = new AbortController();
  /** What the clients of one proxy wait for, by proxy and TLS choice. */
  readonly #callers = new Flights<Session>(nobodyWaits);
  /** Sign-ins, by Pomerium where sharing applies. Waited for by `#callers` only. */
  readonly #logins = new Flights<Session>(nobodyWaits);
  readonly #standing: SessionStanding;
  readonly #dropping = new Map<string, Promise<void>>();
  readonly #users: SessionUsers;
  readonly #background = new Set<Promise<unknown>>();

  constructor(deps: SessionsDeps) {
    const { limits } = deps;
    this.#deps = deps;
    this.#attempt = { ...deps, background: (work) => this.#inBackground(work) };
    this.#vault = new SessionVault(deps.store, deps.events, limits);
    this.#lookup = new PomeriumLookup(deps, this.#closing.signal);
    this.#standing = new SessionStanding(limits);
    this.#users = new SessionUsers(deps);
  }

  /**
   * The session to try first: this proxy's own, else one that another host of the same Pomerium shares; null for none.
   * Opens no browser.
   * @throws AppError only when the signal aborts.
   */
  async current(ctx: SessionContext, signal: AbortSignal): Promise<Session | null> {
    return await this.#find(ctx, anySession, this.#vault.list(), signal);
  }

  /**
   * Gets a session after the proxy has refused `refused` (null: nothing was sent): one that came meanwhile, one that is
   * shared, or that of a sign-in, which all callers of one Pomerium share. A caller that aborts leaves; the sign-in ends
   * when the last one has left.
   * @throws AppError `sign-in-timeout`, `sign-in-refused`, `sign-in-failed`, `not-pomerium`, `cancelled`, `closed`, or
   * that of the way to the proxy.
   */
  async signIn(ctx: SessionContext, refused: Session | null, signal: AbortSignal): Promise<Session> {
    throwIfAborted(signal);
    if (refused !== null) await waitFor(this.#noteRefusal(originOf(ctx.proxy), refused), signal);
    return await this.#join(ctx, { not: refused?.jwt ?? null, since: null }, signal);
  }

  /**
   * Says that the proxy refused a session that has come fresh from a sign-in: no browser opens for this proxy for
   * `limits.signInPauseMs`, and `signIn` rejects with the error that is returned here ("sign-in-refused").
   */
  refusedFresh(ctx: SessionContext, session: Session): AppError {
    const origin = originOf(ctx.proxy);
    const { signInPauseMs } = this.#deps.limits;
    this.#inBackground(this.#noteRefusal(origin, session));
    const before = this.#standing.pauseOf(origin);
    if (before !== null) return before;
    const error = signInRefused(hostHeaderOf(ctx.proxy), signInPauseMs);
    this.#standing.pause(origin, error);
    return error;
  }

  /** True for a session of a sign-in of this process that has not opened anything yet. */
  isFresh(session: Session): boolean {
    return this.#standing.isFresh(session);
  }

  /** Says that the proxy has opened something with this session. */
  accepted(ctx: SessionContext, session: Session): void {
    this.#standing.accepted(originOf(ctx.proxy), session);
  }

  /**
   * Who is signed in with this session, for a sentence to a person; asks the proxy where it is not known yet, and gives
   * up after `limits.wellKnownWaitMs`. Undefined where it cannot be known.
   * @throws AppError only when the signal aborts.
   */
  async userOf(ctx: SessionContext, session: Session, signal: AbortSignal): Promise<string | undefined> {
    return await this.#users.nameOf(ctx, session, signal);
  }

  /** Every session, newest first. */
  async list(): Promise<Session[]> {
    return await this.#vault.listAfresh();
  }

  /**
   * Signs in because a person asked for it, unless the proxy says that the session there is still good. Waits for the
   * proxy's word on who has signed in.
   * @throws AppError as `signIn`.
   */
  async login(ctx: SessionContext, signal: AbortSignal): Promise<Session> {
    throwIfAborted(signal);
    const origin = originOf(ctx.proxy);
    const since = Date.now();
    const before = await this.current(ctx, signal);
    if (before !== null) {
      const verdict = await askUser(this.#deps, ctx, before.jwt, signal);
      if (verdict.said === "good") {
        await waitFor(this.#vault.update(before, { user: verdict.user }), signal);
        return this.#standing.named(before, verdict.user);
      }
      if (verdict.said === "refused") await waitFor(this.#noteRefusal(origin, before), signal);
    }
    const session = await this.#join(ctx, { not: before?.jwt ?? null, since }, signal);
    const verdict = await waitFor(this.#users.verdict(ctx, session, signal), signal);
    if (verdict.said === "refused") throw this.refusedFresh(ctx, session);
    return verdict.said === "good" ? this.#standing.named(session, verdict.user) : session;
  }

  /**
   * Ends sessions at their proxies as far as those answer, and forgets them in any case. Each JWT goes to the proxy
   * that issued it and nowhere else.
   * @param proxyOrigin null for all of them.
   * @param tlsFor how TLS is done with a proxy.
   * @throws AppError only when the signal aborts; what is not signed out by then is kept.
   */
  async signOut(
    proxyOrigin: string | null,
    tlsFor: (origin: string) => TlsChoice,
    signal: AbortSignal,
  ): Promise<SignedOut[]> {
    const all = await waitFor(this.#vault.listAfresh(), signal);
    const leaving = all.filter((session) => proxyOrigin === null || session.proxy === proxyOrigin);
    const results: SignedOut[] = [];
    for (let at = 0; at < leaving.length; at += signOutsAtOnce) {
      const some = leaving.slice(at, at + signOutsAtOnce);
      results.push(...(await Promise.all(some.map((session) => this.#end(session, tlsFor, signal)))));
    }
    return results;
  }

  /** Ends the sign-in that runs for this proxy; everybody who waits for it is rejected with `cancelled`. */
  cancelSignIn(proxyOrigin: string): void {
    const reason = signInCancelled(proxyOrigin.replace(/^https?:\/\//, ""));
    this.#callers.cancel(proxyOrigin, reason);
    this.#logins.cancel(proxyOrigin, reason);
  }

  /** Ends every sign-in with `closed` and waits until nothing of it is left. */
  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) {
      const reason = closed();
      this.#callers.cancelAll(reason);
      this.#logins.cancelAll(reason);
      this.#closing.abort(reason);
    }
    while (this.#background.size > 0) await Promise.allSettled(this.#background);
  }

  async #join(ctx: SessionContext, wish: Wish, signal: AbortSignal): Promise<Session> {
    const origin = originOf(ctx.proxy);
    const key = `${origin} ${ctx.tls.key}`;
    // Twice more: the flight may have settled on the refused session just before its refusal was noted.
    for (let attempt = 0; attempt < 3; attempt += 1) {
      if (this.#closing.signal.aborted) throw cancelled(this.#closing.signal);
      this.#throwIfPaused(origin, wish);
      const session = await this.#callers.join(key, origin, (own) => this.#obtain(ctx, wish, own), signal);
      if (session.jwt !== wish.not) return session;
      // A browser that is still signed in may bring the same JWT again: to a person it counts, to a proxy it is refused.
      if (this.isFresh(session)) {
        if (wish.since !== null) return session;
        throw this.refusedFresh(ctx, session);
      }
    }
    throw signInFailed(hostHeaderOf(ctx.proxy), "its session was refused again and again.");
  }

  /** With others of the same Pomerium first; alone where that brings no session for this proxy. */
  async #obtain(ctx: SessionContext, wish: Wish, signal: AbortSignal): Promise<Session> {
    const origin = originOf(ctx.proxy);
    const ownKey = `proxy ${origin} ${ctx.tls.key}`;
    for (const alone of [false, true]) {
      const known = await this.#find(ctx, wish, this.#vault.list(), signal);
      if (known !== null) return known;
      const group = await this.#groupOf(ctx, signal);
      const turn = group ?? origin;
      let led = false;
      const start = (own: AbortSignal): Promise<Session> => {
        led = true;
        const work = this.#takeTurn(ctx, wish, turn, own);
        this.#inBackground(work);
        return work;
      };
      const key = group === null || alone ? ownKey : `pomerium ${group}`;
      const at = this.#logins.leadOf(key) ?? origin;
      if (at !== origin) this.#deps.events({ type: "sign-in-joined", proxy: origin, at });
      try {
        const session = await this.#logins.join(key, origin, start, signal);
        if (led) return session;
      } catch (thrown) {
        const error = asAppError(thrown);
        const final = signal.aborted || ["cancelled", "closed", "sign-in-timeout"].includes(error.code);
        if (led || final) throw error;
      }
    }
    throw signInFailed(hostHeaderOf(ctx.proxy), "no sign-in could be started.");
  }

  async #takeTurn(ctx: SessionContext, wish: Wish, turn: string, signal: AbortSignal): Promise<Session> {
    const work = async (): Promise<Session> => {
      const known = await this.#find(ctx, wish, this.#vault.listAfresh(), signal);
      if (known !== null) return known;
      this.#throwIfPaused(originOf(ctx.proxy), wish);
      return await this.#login(ctx, signal);
    };
    return await this.#vault.exclusive(`sign-in ${turn}`, hostHeaderOf(ctx.proxy), work, signal);
  }

  async #login(ctx: SessionContext, signal: AbortSignal): Promise<Session> {
    const { events } = this.#deps;
    const proxy = originOf(ctx.proxy);
    const started = performance.now();
    const passed = (): number => Math.round(performance.now() - started);
    events({ type: "sign-in-started", proxy });
    try {
      const [jwt, pomerium] = await this.#browserAndPomerium(ctx, signal);
      const expiresAt = jwtExpiry(jwt);
      const session: Session = {
        proxy,
        jwt,
        createdAt: Date.now(),
        pomerium,
        verified: ctx.proxy.tls && ctx.tls.verify,
        ...(expiresAt === null ? {} : { expiresAt }),
      };
      this.#standing.issued(session);
      await this.#vault.put(session);
      events({ type: "sign-in-finished", proxy, ms: passed() });
      this.#learn(ctx, session);
      return session;
    } catch (thrown) {
      const error = asAppError(thrown);
      events({ type: "sign-in-failed", proxy, ms: passed(), error: error.toData() });
      throw error;
    }
  }

  /** The well-known document comes beside the sign-in; what it says is late at worst, never waited for. */
  async #browserAndPomerium(ctx: SessionContext, signal: AbortSignal): Promise<[string, string | null]> {
    let pomerium: string | null = null;
    const asking = this.#lookup.ask(ctx, this.#closing.signal).then((origin) => {
      pomerium = origin;
    });
    this.#inBackground(asking);
    const jwt = await signInByBrowser(this.#attempt, ctx, signal);
    return [jwt, pomerium];
  }

  /** Learns in the background what nobody has to wait for: who it is, until when, and of which Pomerium. */
  #learn(ctx: SessionContext, session: Session): void {
    const { signal } = this.#closing;
    const user = async (): Promise<UserVerdict> => {
      const verdict = await askUser(this.#deps, ctx, session.jwt, signal);
      // A tunnel that opened meanwhile is a better witness than the page.
      if (verdict.said === "refused" && this.isFresh(session)) this.refusedFresh(ctx, session);
      if (verdict.said === "good") await this.#vault.update(session, { user: verdict.user });
      return verdict;
    };
    const expiry = async (): Promise<void> => {
      const told = await askExpiry(this.#deps, ctx, session.jwt, signal);
      const expiresAt = Math.min(told ?? Infinity, session.expiresAt ?? Infinity);
      if (told !== null && expiresAt !== session.expiresAt) await this.#vault.update(session, { expiresAt });
    };
    const pomerium = async (): Promise<void> => {
      const origin = session.pomerium ?? (await this.#lookup.ask(ctx, signal));
      if (origin !== session.pomerium) await this.#vault.update(session, { pomerium: origin });
    };
    for (const work of [this.#users.share(session, user()), expiry(), pomerium()]) this.#inBackground(work);
  }

  /** The session to offer to this proxy, by the rules of sharing. Asks the proxy only when another host's could do. */
  async #find(
    ctx: SessionContext,
    wish: Wish,
    reading: Promise<Session[]>,
    signal: AbortSignal,
  ): Promise<Session | null> {
    const origin = originOf(ctx.proxy);
    const sessions = await waitFor(reading, signal);
    const usable = (session: Session): boolean =>
      session.jwt !== wish.not &&
      session.createdAt >= (wish.since ?? -Infinity) &&
      !this.#standing.wasRefused(origin, session);
    const own = sessions.find((session) => session.proxy === origin && usable(session));
    if (own !== undefined) return own;
    const domain = this.#deps.share ? sharingDomain(ctx) : null;
    if (domain === null) return null;
    const lendable = sessions.filter((session) => session.proxy !== origin && isLendable(session, domain));
    if (!lendable.some(usable)) return null;
    const pomerium = await this.#lookup.ask(ctx, signal);
    // Judged anew: a refusal may have come while the proxy was asked.
    const shared = lendable.find((session) => session.pomerium === pomerium && usable(session));
    if (shared === undefined) return null;
    const { copy, first } = this.#standing.lend(origin, shared);
    if (first) this.#deps.events({ type: "session-shared", proxy: origin, from: shared.proxy });
    return copy;
  }

  /** The Pomerium of a proxy that may share, within its registrable domain; null where it signs in for itself. */
  async #groupOf(ctx: SessionContext, signal: AbortSignal): Promise<string | null> {
    const domain = this.#deps.share ? sharingDomain(ctx) : null;
    if (domain === null) return null;
    const asking = this.#lookup.ask(ctx, this.#closing.signal);
    const pomerium = await within(this.#deps.limits.wellKnownWaitMs, asking, signal);
    // The domain is part of the name, so that a host elsewhere that names the same Pomerium can hold nobody up.
    return pomerium === null ? null : `${pomerium} ${domain}`;
  }

  /** Remembers that a proxy refused a session, and drops it if it is the proxy's own. */
  #noteRefusal(origin: string, session: Session): Promise<void> {
    const key = `${origin} ${sessionKey(session)}`;
    const isNew = this.#standing.refused(origin, session);
    const running = this.#dropping.get(key);
    if (running !== undefined) return running;
    if (!isNew || session.proxy !== origin) return Promise.resolve();
    const dropping = this.#vault.drop(session).then((wasThere) => {
      this.#dropping.delete(key);
      if (wasThere) this.#deps.events({ type: "session-ended", proxy: origin });
    });
    this.#dropping.set(key, dropping);
    this.#inBackground(dropping);
    return dropping;
  }

  async #end(session: Session, tlsFor: (origin: string) => TlsChoice, signal: AbortSignal): Promise<SignedOut> {
    const signedOut = await endAtProxy(this.#deps, session, tlsFor, signal);
    await waitFor(this.#noteRefusal(session.proxy, session), signal);
    return signedOut;
  }

  #throwIfPaused(origin: string, wish: Wish): void {
    const error = wish.since === null ? this.#standing.pauseOf(origin) : null;
    if (error !== null) throw error;
  }

  #inBackground(work: Promise<unknown>): void {
    const settled: Promise<unknown> = work.then(
      () => this.#background.delete(settled),
      () => this.#background.delete(settled),
    );
    this.#background.add(settled);
  }
}
