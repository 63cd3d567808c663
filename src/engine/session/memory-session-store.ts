import { AppError } from "../../shared/errors.ts";
import { throwIfAborted, waitFor } from "../aborts.ts";
import type { Session, SessionStore } from "../ports.ts";

/** Keeps sessions for as long as the process lives: for tests, and for programs that embed the engine. */
export class MemorySessionStore implements SessionStore {
  #sessions: Session[] = [];
  /** The end of the last turn of each name; a name goes when nobody waits for it. */
  readonly #turns = new Map<string, Promise<void>>();

  list(): Promise<Session[]> {
    return Promise.resolve([...this.#sessions]);
  }

  put(session: Session): Promise<void> {
    const others = this.#sessions.filter(
      (other) => other.proxy !== session.proxy || (other.createdAt > session.createdAt && other.jwt !== session.jwt),
    );
    this.#sessions = [...others, session].sort((a, b) => b.createdAt - a.createdAt);
    return Promise.resolve();
  }

  remove(session: Session): Promise<void> {
    this.#sessions = this.#sessions.filter((other) => other.proxy !== session.proxy || other.jwt !== session.jwt);
    return Promise.resolve();
  }

  async exclusive<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    throwIfAborted(signal);
    const before = this.#turns.get(name) ?? Promise.resolve();
    let end: () => void = () => undefined;
    const own = new Promise<void>((resolve) => {
      end = resolve;
    });
    const last = before.then(() => own);
    this.#turns.set(name, last);
    void last.then(() => {
      if (this.#turns.get(name) === last) this.#turns.delete(name);
    });
    try {
      await waitFor(before, signal).catch(() => {
        throw new AppError("cancelled", "Waiting for another sign-in was cancelled.");
      });
      return await work();
    } finally {
      end();
    }
  }
}
