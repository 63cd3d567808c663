import { createHash } from "node:crypto";
import * as v from "valibot";
import { MemorySessionStore, type Session, type SessionStore } from "../../engine/index.ts";
import { limits } from "../../shared/limits.ts";
import { SealedFile } from "./sealed-file.ts";
import type { SecretFileOptions } from "./secret-store.ts";
import { StoredDocument } from "./stored-document.ts";

/** Sessions kept; more proxies than anyone signs in to. */
const mostSessions = 256;

const short = v.pipe(v.string(), v.maxLength(1_024));

const sessionSchema = v.strictObject({
  proxy: v.pipe(short, v.regex(/^https?:\/\/[^/\s]+$/)),
  jwt: v.pipe(v.string(), v.maxLength(limits.jwtBytes), v.regex(/^[\x21-\x7e]+$/)),
  createdAt: v.pipe(v.number(), v.finite()),
  pomerium: v.nullable(short),
  verified: v.boolean(),
  user: v.exactOptional(v.strictObject({ email: v.exactOptional(short), name: v.exactOptional(short) })),
  expiresAt: v.exactOptional(v.pipe(v.number(), v.finite())),
});

const hash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 32);
const proxyPrefix = (proxy: string): string => `${hash(proxy)}-`;
/** One name for exactly one session, which tells of it what has to be known to forget it while it cannot be decrypted. */
const nameOf = (session: Session): string => `${proxyPrefix(session.proxy)}${hash(session.jwt)}`;

/**
 * The app's sessions: in memory, and on disk as far as the keychain allows. `exclusive` needs to hold within this process
 * only: the single-instance lock of the app keeps a second one from this file, and the command line has a store of its own.
 */
export class KeychainSessionStore implements SessionStore {
  readonly #memory = new MemorySessionStore();
  readonly #sealed: SealedFile<Session>;

  constructor({ file, cipher, notify, now, keychainMs }: SecretFileOptions) {
    const spec = { name: "sessions", subject: "Your sessions", instead: "you will sign in again" };
    this.#sealed = new SealedFile({
      document: new StoredDocument(file, { ...spec, version: 1, steps: {} }, now),
      cipher,
      notify,
      most: mostSessions,
      parse: (value) => {
        const result = v.safeParse(sessionSchema, value);
        return result.success ? result.output : null;
      },
      lost: (count, name) =>
        `${count} session${count === 1 ? "" : "s"} could not be decrypted; you will sign in again. The file was kept as ${name}.`,
      ...(keychainMs === undefined ? {} : { keychainMs }),
    });
  }

  /** Reads the file, once, at the start, before the engine uses this store. Never rejects. */
  async load(): Promise<void> {
    await this.#sealed.load();
    for (const name of this.#sealed.names()) {
      const session = this.#sealed.get(name);
      if (session !== undefined) await this.#memory.put(session);
    }
  }

  list(): Promise<Session[]> {
    return this.#memory.list();
  }

  async put(session: Session): Promise<void> {
    await this.#memory.put(session);
    const all = await this.#memory.list();
    for (const old of all.slice(mostSessions)) await this.#memory.remove(old);
    const kept = new Set(all.slice(0, mostSessions).map(nameOf));
    const prefix = proxyPrefix(session.proxy);
    // Of this proxy those go as well that cannot be decrypted now: they are older than a sign-in of this moment.
    const outdated = this.#sealed.names().filter((name) => name.startsWith(prefix) && !kept.has(name));
    await this.#sealed.change(kept.has(nameOf(session)) ? new Map([[nameOf(session), session]]) : new Map(), outdated);
  }

  async remove(session: Session): Promise<void> {
    await this.#memory.remove(session);
    await this.#sealed.change(new Map(), [nameOf(session)]);
  }

  /** Forgets every session, also those that cannot be decrypted now. */
  async clear(): Promise<void> {
    for (const session of await this.#memory.list()) await this.#memory.remove(session);
    await this.#sealed.change(new Map(), this.#sealed.names());
  }

  exclusive<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.#memory.exclusive(name, signal, work);
  }

  /** Writes whatever is not on disk yet. */
  saveAgain(): Promise<void> {
    return this.#sealed.saveAgain();
  }

  /** Writes what could not be written before. Resolves when every change has been written or has failed. */
  close(): Promise<void> {
    return this.#sealed.close();
  }
}
