import { constants } from "node:fs";
import { open, rename, truncate, type FileHandle } from "node:fs/promises";
import path from "node:path";
import type { AppErrorData } from "../../shared/errors.ts";
import type { EngineEvent } from "../../shared/events.ts";
import { ensurePrivateFolder } from "../store/private-files.ts";
import { levelOf, levelOfError, lineOf, type LogFileLevel } from "./log-line.ts";

export interface FileLogOptions {
  readonly folder: string;
  readonly level: LogFileLevel;
  /** The size at which the file is put away, in bytes; one file that was put away is kept. */
  readonly fileBytes?: number;
  /** What may wait to be written, in bytes; lines beyond it are counted and left out. */
  readonly waitingBytes?: number;
  readonly now?: () => Date;
}

const usualFileBytes = 5_000_000;
const usualWaitingBytes = 1_000_000;
/** The longest that `close` waits for the disk, in milliseconds. */
const closeMs = 2_000;

const loudness: Readonly<Record<LogFileLevel, number>> = { error: 0, info: 1, debug: 2 };

/**
 * The app's log: JSON lines in culvert.log, mode 0600, with one older file beside it. Writing never throws and never waits: what
 * the disk does not take is left out, and the first line that gets through afterwards says how many were.
 */
export class FileLog {
  /** Less loud lines are not written; may change at any time. */
  level: LogFileLevel;
  readonly path: string;
  readonly #older: string;
  readonly #fileBytes: number;
  readonly #waitingBytes: number;
  readonly #now: () => Date;
  #waiting: Buffer[] = [];
  #waitingSize = 0;
  #leftOut = 0;
  #handle: FileHandle | null = null;
  #size = 0;
  #writing: Promise<void> | null = null;
  #closing: Promise<void> | null = null;

  constructor({ folder, level, fileBytes, waitingBytes, now }: FileLogOptions) {
    this.level = level;
    this.path = path.join(folder, "culvert.log");
    this.#older = path.join(folder, "culvert.1.log");
    this.#fileBytes = fileBytes ?? usualFileBytes;
    this.#waitingBytes = waitingBytes ?? usualWaitingBytes;
    this.#now = now ?? (() => new Date());
  }

  /** Writes an event of the engine. */
  event(event: EngineEvent): void {
    const { type, ...fields } = event;
    this.write(levelOf(event), type, fields);
  }

  /** Writes a failure that is no event of the engine; `about` names what failed. */
  failure(error: AppErrorData, about: string): void {
    this.write(levelOfError(error), "failure", { about, error });
  }

  /** Writes a line of the app itself. `fields` is plain data without secrets. */
  write(level: LogFileLevel, event: string, fields: Readonly<Record<string, unknown>> = {}): void {
    if (this.#closing !== null || loudness[level] > loudness[this.level]) return;
    let line: Buffer;
    try {
      line = Buffer.from(`${lineOf(this.#now(), level, event, fields)}\n`);
    } catch {
      // A cycle, a getter that throws: not worth a failure of the app.
      this.#leftOut++;
      return;
    }
    if (this.#waitingSize + line.length > this.#waitingBytes) {
      this.#leftOut++;
      return;
    }
    this.#waiting.push(line);
    this.#waitingSize += line.length;
    this.#writing ??= this.#drain();
  }

  /** Resolves when every line so far is on its way to the disk or was left out. Never rejects. */
  async flush(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
  }

  /** Writes what waits, within two seconds, and closes the file; later lines are left out. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, closeMs);
    });
    await Promise.race([this.flush(), late]);
    clearTimeout(timer);
    await this.#closeFile();
  }

  async #drain(): Promise<void> {
    // Lines of the same moment go out together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      this.#waitingSize = 0;
      for (const chunk of this.#chunks(lines)) {
        try {
          await this.#append(chunk.bytes);
        } catch {
          this.#leftOut += chunk.lines;
          await this.#closeFile();
        }
      }
    }
    this.#writing = null;
  }

  /** Joins lines up to the size of a file, after one that tells what was left out before them. */
  #chunks(lines: readonly Buffer[]): { bytes: Buffer; lines: number }[] {
    const all = [...lines];
    if (this.#leftOut > 0) {
      all.unshift(Buffer.from(`${lineOf(this.#now(), "error", "log-incomplete", { leftOut: this.#leftOut })}\n`));
      this.#leftOut = 0;
    }
    const chunks: { parts: Buffer[]; size: number }[] = [];
    for (const line of all) {
      const last = chunks.at(-1);
      if (last === undefined || last.size + line.length > this.#fileBytes) {
        chunks.push({ parts: [line], size: line.length });
      } else {
        last.parts.push(line);
        last.size += line.length;
      }
    }
    return chunks.map(({ parts }) => ({ bytes: Buffer.concat(parts), lines: parts.length }));
  }

  async #append(bytes: Buffer): Promise<void> {
    let handle = this.#handle ?? (await this.#open());
    if (this.#size > 0 && this.#size + bytes.length > this.#fileBytes) {
      await this.#closeFile();
      // Where a program that shows the log keeps it from being renamed, it begins anew: it must not grow without end.
      await rename(this.path, this.#older).catch(() => truncate(this.path));
      handle = await this.#open();
    }
    // On a handle this goes on after a short write, until all is written or the system says why not.
    await handle.writeFile(bytes);
    this.#size += bytes.length;
  }

  async #open(): Promise<FileHandle> {
    ensurePrivateFolder(path.dirname(this.path));
    const flags =
      constants.O_WRONLY |
      constants.O_APPEND |
      constants.O_CREAT |
      (constants.O_NOFOLLOW ?? 0) |
      // A named pipe under that name would wait for a reader for ever.
      (constants.O_NONBLOCK ?? 0);
    const handle = await open(this.path, flags, 0o600);
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw new Error("not a file");
      if (process.platform !== "win32" && (stat.mode & 0o077) !== 0) await handle.chmod(0o600);
      this.#size = stat.size;
    } catch (thrown) {
      await handle.close();
      throw thrown;
    }
    this.#handle = handle;
    return handle;
  }

  async #closeFile(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close().catch(() => undefined);
  }
}
