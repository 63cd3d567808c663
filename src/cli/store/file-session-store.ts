import { lstat, readdir } from "node:fs/promises";
import path from "node:path";
import type { Session, SessionStore } from "../../engine/index.ts";
import { LockFolder } from "./lock-folder.ts";
import {
  ensurePrivateFolder,
  hasCode,
  readPrivateFile,
  removeFile,
  storageFailed,
  temporaryName,
  writePrivateFile,
} from "./private-folder.ts";
import {
  formatSessionFile,
  isSessionFileName,
  maxSessionFileBytes,
  parseSessionFile,
  proxyPrefix,
  sessionFileName,
} from "./session-file.ts";

/** Sessions kept; more proxies than anyone signs in to. */
const maxSessions = 256;

/** A file that is being written is there for milliseconds; an older one was left by a crash. */
const temporaryLeftAfterMs = 60_000;

interface StoredSession {
  readonly name: string;
  readonly session: Session;
}

const newestFirst = (a: StoredSession, b: StoredSession): number =>
  b.session.createdAt - a.session.createdAt || (a.name < b.name ? 1 : -1);

/** Sessions as files of mode 0600, one a session, shared by all Culvert processes of a user. */
export class FileSessionStore implements SessionStore {
  readonly #folder: string;
  readonly #locks: LockFolder;

  /** @param home see `culvertHome`; nothing is created before something is stored. */
  constructor(home: string) {
    this.#folder = path.join(home, "sessions");
    this.#locks = new LockFolder(path.join(home, "locks"));
  }

  async list(): Promise<Session[]> {
    return this.#guarded(async () => {
      const stored = await this.#read(await this.#names());
      return stored.map(({ session }) => session);
    });
  }

  async put(session: Session): Promise<void> {
    return this.#guarded(async () => {
      await ensurePrivateFolder(this.#folder);
      const name = sessionFileName(session);
      await writePrivateFile(this.#folder, name, formatSessionFile(session));
      const names = await this.#names();
      const prefix = proxyPrefix(session.proxy);
      const mine: StoredSession = { name, session };
      for (const other of await this.#read(names.filter((known) => known.startsWith(prefix)))) {
        // Strictly older: two processes that put at the same moment must not delete each other's session.
        if (newestFirst(mine, other) < 0 && other.name !== name) await this.#removeFile(other.name);
      }
      if (names.length > maxSessions) {
        const all = await this.#read(names);
        for (const old of all.slice(maxSessions)) await this.#removeFile(old.name);
      }
    });
  }

  async remove(session: Session): Promise<void> {
    return this.#guarded(async () => {
      await this.#removeFile(sessionFileName(session));
    });
  }

  async exclusive<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    return this.#locks.exclusive(name, signal, work);
  }

  /** Removes every session and what crashes left behind; files that are not Culvert's stay. Returns how many sessions. */
  async clear(): Promise<number> {
    return this.#guarded(async () => {
      let removed = 0;
      for (const name of await this.#names()) if (await this.#removeFile(name)) removed++;
      await this.#removeTemporaries();
      return removed;
    });
  }

  async #removeTemporaries(): Promise<void> {
    for (const name of await this.#entries()) {
      if (!temporaryName.test(name)) continue;
      const file = path.join(this.#folder, name);
      const age =
        Date.now() -
        (await lstat(file).then(
          ({ mtimeMs }) => mtimeMs,
          () => Date.now(),
        ));
      if (age > temporaryLeftAfterMs) await removeFile(file);
    }
  }

  async #entries(): Promise<string[]> {
    try {
      return await readdir(this.#folder);
    } catch (thrown) {
      if (hasCode(thrown, "ENOENT")) return [];
      throw thrown;
    }
  }

  async #names(): Promise<string[]> {
    const names = (await this.#entries()).filter(isSessionFileName);
    // `put` keeps the number low; this bound is for a folder that something else has filled.
    return names.slice(0, maxSessions * 8);
  }

  async #read(names: readonly string[]): Promise<StoredSession[]> {
    const stored: StoredSession[] = [];
    for (const name of names) {
      const text = await readPrivateFile(path.join(this.#folder, name), maxSessionFileBytes);
      const session = text === null ? null : parseSessionFile(name, text);
      if (session !== null) stored.push({ name, session });
    }
    return stored.sort(newestFirst);
  }

  #removeFile(name: string): Promise<boolean> {
    return removeFile(path.join(this.#folder, name));
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      throw storageFailed(this.#folder, thrown);
    }
  }
}
