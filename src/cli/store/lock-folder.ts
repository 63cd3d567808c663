import { createHash } from "node:crypto";
import { lstat, open, readdir, type FileHandle } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { AppError } from "../../shared/errors.ts";
import { limits } from "../../shared/limits.ts";
import { formatLock, judge, released, thisOwner } from "./lock-owner.ts";
import { ensurePrivateFolder, hasCode, readPrivateFile, removeFile, storageFailed } from "./private-folder.ts";

const maxLockBytes = 4 * 1024;
const pollMs = 50;
const heartbeatMs = 5_000;
/** Silence, watched while awake, after which a holder counts as gone whose process cannot be asked. */
const silentMs = 30_000;
/**
 * The same for a file that says nothing yet, whose process died between making it and writing to it. Should that process
 * only have been stopped, it finds a higher number when it goes on, and steps back.
 */
const emptyMs = 1_000;
/** A poll that took longer means that this computer slept: the holder slept as well and gets its time again. */
const sleptMs = 5_000;
/** Finished turns whose files stay; see `LockFolder`. */
const keptTurns = 8;
/** Somebody else's sign-in may take that long, and then the next one in line's. */
const longestWaitMs = 3 * limits.loginMs;

interface Turn {
  readonly file: string;
  readonly handle: FileHandle;
}

/** What a waiter saw of the turn before it, to find out whether its heartbeat goes on. */
interface Watch {
  file: string;
  beat: number;
  silent: number;
  lastLook: number;
}

/**
 * Locks across processes, made of files alone.
 *
 * Each lock is a row of numbered files. Creating the next number (which only one process can, `O_EXCL`) is taking
 * the next turn, and is done only once the highest turn was let go or its process has died. Since the highest file is never
 * deleted, a process that acts on an old look at the row ends up below the highest number and steps back. Before
 * it enters, the taker looks at the turn before its own again: should that one live after all, it waits on. So a
 * takeover cannot let two in, however the processes interleave.
 */
export class LockFolder {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** See `SessionStore.exclusive`. */
  async exclusive<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const turn = await this.#take(createHash("sha256").update(name).digest("hex").slice(0, 32), signal);
    const heart = setInterval(() => void beat(turn), heartbeatMs);
    heart.unref();
    try {
      return await work();
    } finally {
      clearInterval(heart);
      await release(turn);
    }
  }

  async #take(lock: string, signal: AbortSignal): Promise<Turn> {
    const giveUpAt = performance.now() + longestWaitMs;
    const watch: Watch = { file: "", beat: 0, silent: 0, lastLook: 0 };
    const own: { turn: Turn | null } = { turn: null };
    try {
      await ensurePrivateFolder(this.#folder);
      for (;;) {
        if (signal.aborted) throw new AppError("cancelled", "Cancelled while waiting for another sign-in.");
        if (performance.now() > giveUpAt) {
          throw new AppError("storage-failed", "Another Culvert has been signing in there for too long.", {
            retryable: true,
            userAction: "Finish that sign-in, or stop the other Culvert.",
          });
        }
        if (await this.#step(lock, own, watch)) {
          const turn = own.turn;
          if (turn !== null) return turn;
        }
        if (own.turn !== null) await beat(own.turn);
        await delay(pollMs, undefined, { signal }).catch(() => undefined);
      }
    } catch (thrown) {
      if (own.turn !== null) await release(own.turn);
      throw storageFailed(this.#folder, thrown);
    }
  }

  /** One look at the row. Returns true when the own turn has come. */
  async #step(lock: string, own: { turn: Turn | null }, watch: Watch): Promise<boolean> {
    if (own.turn === null) {
      const highest = (await this.#row(lock))[0] ?? 0;
      if (highest > 0 && !(await this.#isOver(this.#file(lock, highest), watch))) return false;
      own.turn = await this.#create(this.#file(lock, highest + 1));
      if (own.turn === null) return false;
    }
    const row = await this.#row(lock);
    const mine = row.findIndex((number) => this.#file(lock, number) === own.turn?.file);
    if (mine !== 0) {
      const { handle, file } = own.turn;
      own.turn = null;
      await handle.close();
      if (mine > 0) await removeFile(file);
      return false;
    }
    const before = row[1];
    if (before !== undefined && !(await this.#isOver(this.#file(lock, before), watch))) return false;
    for (const old of row.slice(keptTurns)) await removeFile(this.#file(lock, old));
    return true;
  }

  #file(lock: string, number: number): string {
    return path.join(this.#folder, `${lock}.${number}`);
  }

  /** Numbers of the row, highest first. */
  async #row(lock: string): Promise<number[]> {
    const numbers: number[] = [];
    for (const name of await readdir(this.#folder)) {
      const match = name.startsWith(`${lock}.`) ? /^\.(\d{1,15})$/.exec(name.slice(lock.length)) : null;
      if (match) numbers.push(Number(match[1]));
    }
    return numbers.sort((a, b) => b - a);
  }

  async #create(file: string): Promise<Turn | null> {
    let handle: FileHandle;
    try {
      handle = await open(file, "wx+", 0o600);
    } catch (thrown) {
      if (hasCode(thrown, "EEXIST")) return null;
      throw thrown;
    }
    try {
      await handle.write(formatLock(thisOwner()), 0);
    } catch (thrown) {
      await handle.close();
      await removeFile(file);
      throw thrown;
    }
    return { file, handle };
  }

  /** Whether a turn was let go, or its holder is gone. */
  async #isOver(file: string, watch: Watch): Promise<boolean> {
    const text = await readPrivateFile(file, maxLockBytes);
    const state = text === null ? "unknown" : judge(text, thisOwner());
    if (state !== "unknown") return state !== "alive";
    const lastBeat = await lstat(file).then(
      (stat) => stat.mtimeMs,
      () => null,
    );
    if (lastBeat === null) return true;
    const now = performance.now();
    const sinceLastLook = now - watch.lastLook;
    if (watch.file === file && watch.beat === lastBeat && sinceLastLook < sleptMs) watch.silent += sinceLastLook;
    else watch.silent = 0;
    Object.assign(watch, { file, beat: lastBeat, lastLook: now });
    return watch.silent > (text === "" ? emptyMs : silentMs);
  }
}

/** A missed beat is no harm: the next one is seconds away. */
async function beat({ handle }: Turn): Promise<void> {
  const now = new Date();
  await handle.utimes(now, now).catch(() => undefined);
}

async function release(turn: Turn): Promise<void> {
  try {
    await turn.handle.write(released, 0);
  } catch {
    // The file then still names this process; others take over when it ends or its heartbeat has stopped.
  } finally {
    await turn.handle.close().catch(() => undefined);
  }
}
