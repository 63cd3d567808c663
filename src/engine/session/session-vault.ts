import { AppError } from "../../shared/errors.ts";
import type { EventSink } from "../../shared/events.ts";
import type { Limits } from "../../shared/limits.ts";
import { cancelled } from "../aborts.ts";
import type { Session, SessionStore } from "../ports.ts";
import { BoundedMap } from "./bounded-map.ts";
import { isJwtShaped } from "./jwt.ts";
import { signInTimeout } from "./session-errors.ts";
import { withLimit } from "./waiting.ts";

/** Names one session: a proxy and the JWT that it issued. */
export const sessionKey = (session: Session): string => `${session.proxy} ${session.jwt}`;

/** What has begun to be written is not given up half-way, not even when everything closes; its own limit ends it. */
const never = new AbortController().signal;

const newestFirst = (a: Session, b: Session): number => b.createdAt - a.createdAt;

/**
 * The session store, made safe to lean on: where it fails, the sessions of this process go on living in memory and
 * an event says so; what was dropped stays dropped for this process whatever the store still holds.
 */
export class SessionVault {
  readonly #store: SessionStore;
  readonly #events: EventSink;
  readonly #limits: Limits;
  /** By proxy: what the store would not take. */
  readonly #unsaved: BoundedMap<string, Session>;
  readonly #dropped: BoundedMap<string, true>;
  /** What the store held when it was last read, for when it cannot be read. */
  #lastRead: readonly Session[] = [];
  #reading: Promise<Session[]> | null = null;
  #writes: Promise<unknown> = Promise.resolve();
  #failing = { read: false, write: false };

  constructor(store: SessionStore, events: EventSink, limits: Limits) {
    this.#store = store;
    this.#events = events;
    this.#limits = limits;
    this.#unsaved = new BoundedMap(limits.rememberedProxies);
    this.#dropped = new BoundedMap(limits.rememberedProxies);
  }

  /** Every session that has not been dropped, newest first. Never rejects. Calls at the same time share one read. */
  list(): Promise<Session[]> {
    this.#reading ??= this.#startReading();
    return this.#reading;
  }

  /** As `list`, by a read that begins now: sees what another process wrote before the call. */
  listAfresh(): Promise<Session[]> {
    this.#reading = null;
    return this.list();
  }

  /** Keeps the session, in memory only where the store fails, also one that was dropped before. Never rejects. */
  put(session: Session): Promise<void> {
    this.#dropped.delete(sessionKey(session));
    return this.#write(() => this.#save(session));
  }

  /** Adds what was learned to a session that is still there; one that was removed meanwhile stays away. */
  update(session: Session, learned: Partial<Session>): Promise<void> {
    return this.#write(async () => {
      const key = sessionKey(session);
      const now = (await this.#read()).find((other) => sessionKey(other) === key);
      if (now !== undefined && !this.#dropped.has(key)) await this.#save({ ...now, ...learned });
    });
  }

  /**
   * Forgets exactly this session, for this process from the moment of the call. Never rejects.
   * @returns whether it was there.
   */
  drop(session: Session): Promise<boolean> {
    const key = sessionKey(session);
    this.#dropped.set(key, true);
    this.#reading = null;
    const unsaved = this.#unsaved.get(session.proxy);
    const wasUnsaved = unsaved !== undefined && sessionKey(unsaved) === key;
    if (wasUnsaved) this.#unsaved.delete(session.proxy);
    return this.#write(async () => {
      const held = await this.#readStore();
      const wasThere = wasUnsaved || held.some((other) => sessionKey(other) === key);
      await this.#attempt("write", () => this.#store.remove(session));
      this.#lastRead = this.#lastRead.filter((other) => sessionKey(other) !== key);
      if (wasThere) this.#changed(session);
      return wasThere;
    });
  }

  /**
   * Runs `work` while no other process does so under this name. Where the store cannot keep turns, it runs all the same.
   * @param host named in the error.
   * @throws what `work` throws, the signal's reason, or `sign-in-timeout` when the turn does not come in time.
   */
  async exclusive<T>(name: string, host: string, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    let outcome: Promise<T> | null = null;
    const waiting = new AbortController();
    const stop = (): void => waiting.abort(cancelled(signal));
    const late = signInTimeout(host, this.#limits.loginMs);
    const timer = setTimeout(() => waiting.abort(late), this.#limits.loginMs);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    try {
      await this.#store.exclusive(name, waiting.signal, () => {
        clearTimeout(timer);
        outcome = work();
        return outcome;
      });
    } catch (thrown) {
      if (outcome === null) {
        if (waiting.signal.aborted) throw cancelled(waiting.signal);
        this.#say("write", thrown);
        outcome = work();
      }
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    }
    // The work's own end counts, also where giving back the turn has failed.
    if (outcome === null) throw new AppError("internal", "The session store did not run what it was given.");
    return await outcome;
  }

  #startReading(): Promise<Session[]> {
    const reading = this.#read();
    const done = (): void => {
      if (this.#reading === reading) this.#reading = null;
    };
    void reading.then(done);
    return reading;
  }

  async #read(): Promise<Session[]> {
    const stored = (await this.#readStore()).filter((session) => isJwtShaped(session.jwt, this.#limits.jwtBytes));
    const kept = [...this.#unsaved.values(), ...stored]
      .filter((session) => !this.#dropped.has(sessionKey(session)))
      .sort(newestFirst);
    const seen = new Set<string>();
    return kept.filter(({ proxy }) => !seen.has(proxy) && seen.add(proxy));
  }

  async #readStore(): Promise<readonly Session[]> {
    const stored = await this.#attempt("read", () => this.#store.list());
    if (stored !== null) this.#lastRead = stored;
    return this.#lastRead;
  }

  async #save(session: Session): Promise<void> {
    const saved = await this.#attempt("write", async () => {
      await this.#store.put(session);
      return true;
    });
    this.#reading = null;
    // Dropped while it was being written: the removal that follows takes it out of the store.
    if (this.#dropped.has(sessionKey(session))) return;
    if (saved === null) {
      this.#unsaved.set(session.proxy, session);
    } else {
      this.#unsaved.delete(session.proxy);
      this.#lastRead = [session, ...this.#lastRead.filter((other) => other.proxy !== session.proxy)];
    }
    this.#changed(session);
  }

  #changed({ proxy }: Session): void {
    this.#events({ type: "session-changed", proxy });
  }

  /** Writes of this process go one after the other, so that reading before writing means something. */
  #write<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#writes.then(work);
    this.#writes = result.catch(() => undefined);
    return result;
  }

  async #attempt<T>(kind: "read" | "write", work: () => Promise<T>): Promise<T | null> {
    const late = (): AppError => new AppError("storage-failed", "The place where sign-ins are kept does not answer.");
    try {
      const value = await withLimit(this.#limits.storageMs, late, work, never);
      this.#failing[kind] = false;
      return value;
    } catch (thrown) {
      this.#say(kind, thrown);
      return null;
    }
  }

  /** One event for a store that begins to fail, not one for every client that meets it. */
  #say(kind: "read" | "write", thrown: unknown): void {
    if (this.#failing[kind]) return;
    this.#failing[kind] = true;
    const sentence = kind === "read" ? "Saved sign-ins could not be read." : "The sign-in could not be saved.";
    // An error that is not the store's own may quote what it was reading, and that is a JWT.
    const error =
      thrown instanceof AppError
        ? thrown
        : new AppError("storage-failed", sentence, {
            userAction: "Culvert goes on with what it holds in memory; you will sign in again after quitting.",
          });
    this.#events({ type: "storage-failed", error: error.toData() });
  }
}
