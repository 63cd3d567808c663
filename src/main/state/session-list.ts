import type { Session } from "../../engine/index.ts";
import type { SessionInfo } from "../../shared/model/activity.ts";

/** Mirrors the engine's sessions, without their JWTs. */
export class SessionList {
  readonly #read: () => Promise<readonly Session[]>;
  readonly #changed: () => void;
  #sessions: readonly Omit<SessionInfo, "inUseBy">[] = [];
  #reload: Promise<void> | null = null;
  #again = false;

  /** @param changed told when `list` answers something else. */
  constructor(read: () => Promise<readonly Session[]>, changed: () => void) {
    this.#read = read;
    this.#changed = changed;
  }

  /** Newest first. @param inUseBy connections that are on, by the origin of their proxy. */
  list(inUseBy: ReadonlyMap<string, number>): SessionInfo[] {
    return this.#sessions.map((session) => ({ ...session, inUseBy: inUseBy.get(session.proxy) ?? 0 }));
  }

  get proxies(): readonly string[] {
    return this.#sessions.map(({ proxy }) => proxy);
  }

  /** Reads them again; a wish that comes while it reads makes it read once more. Never rejects. */
  reload(): Promise<void> {
    if (this.#reload) this.#again = true;
    this.#reload ??= this.#run().finally(() => (this.#reload = null));
    return this.#reload;
  }

  async #run(): Promise<void> {
    do {
      this.#again = false;
      // Where it fails the engine has told why as an event, and what was known stays.
      const read = await this.#read().catch(() => null);
      if (read === null) continue;
      this.#sessions = read.map(shownSession);
      this.#changed();
    } while (this.#again);
  }
}

const shownSession = ({ proxy, createdAt, user, expiresAt }: Session): Omit<SessionInfo, "inUseBy"> => ({
  proxy,
  createdAt,
  user: user?.email ?? user?.name ?? null,
  expiresAt: expiresAt ?? null,
});
