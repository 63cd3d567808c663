import { asAppError, AppError } from "../../shared/errors.ts";
import type { Settings } from "../../shared/model/settings.ts";
import { restingStatus, type NoUpdates, type UpdateStatus } from "../../shared/model/update.ts";
import { restartQuestion } from "../../shared/words/update.ts";
import type { Installer } from "./installer.ts";
import { nextUpdateStatus, type UpdateEvent } from "./machine.ts";
import type { UpdateMemory } from "./memory.ts";
import type { Release } from "./release.ts";

const minute = 60_000;
/** The first check comes at least this long after the start, so that the start of a computer is not the worse for it, milliseconds. */
export const firstCheckMs = minute;
/** By chance up to this much later: not all of an organisation's computers ask when they are turned on at nine. */
export const jitterMs = 9 * minute;
/** From one check that went well to the next. */
export const checkEveryMs = 24 * 60 * minute;
/** After one that failed. The clock is looked at this often, since a timer stands still while a computer sleeps. */
export const lookEveryMs = 60 * minute;
/** What quitting waits for to prepare an installation. */
const quitMs = 20_000;

export interface UpdatesPorts {
  /** Null where this copy does not update itself. */
  readonly source: {
    readonly installer: Installer;
    /** The newest version, where it is newer than the one that runs. @throws AppError */
    find(signal: AbortSignal): Promise<Release | null>;
  } | null;
  /** Why there is no source. */
  readonly why: NoUpdates;
  readonly memory: UpdateMemory;
  /** As the user or a policy wants it. */
  setting(): Settings["updates"];
  /** Clients that would be cut off. */
  clients(): number;
  /** Asks the user in a dialog of the system; true for going on. */
  ask(question: string, goOn: string): Promise<boolean>;
  /** Closes everything, calls `installAtEnd(true)`, and ends the process. */
  restart(): Promise<void>;
  changed(status: UpdateStatus): void;
  /** Tells the user of a version, ready or to be downloaded; false where nobody was told. */
  tell(version: string, ready: boolean): boolean;
  log(level: "info" | "error", event: string, fields: Readonly<Record<string, unknown>>): void;
  /** Milliseconds since 1970. */
  now(): number;
  /** From 0 up to 1. */
  random(): number;
}

/** What is under way. */
interface Work {
  readonly kind: "check" | "download" | "install";
  readonly controller: AbortController;
  /** Settles when it is over; never rejects. */
  readonly done: Promise<void>;
}

/** Looks for newer versions of the app, downloads and installs them, as far as the user wants it. One thing at a time. */
export class Updates {
  readonly #ports: UpdatesPorts;
  #status: UpdateStatus;
  #timer: NodeJS.Timeout | null = null;
  #work: Work | null = null;
  #release: Release | null = null;
  #checkedAt: number | null = null;
  #triedAt: number | null = null;
  #closed = false;

  constructor(ports: UpdatesPorts) {
    this.#ports = ports;
    this.#status = ports.source === null ? { kind: "none", why: ports.why } : restingStatus;
  }

  get status(): UpdateStatus {
    return this.#status;
  }

  /** Checks from now on, a while after the start and then daily. */
  start(): void {
    if (this.#ports.source === null || this.#closed) return;
    this.#look(firstCheckMs + Math.floor(this.#ports.random() * jitterMs));
  }

  /** The setting may be another one: off stops what is under way and forgets what was found. */
  settingChanged(): void {
    const setting = this.#ports.setting();
    if (setting === "off") {
      this.#stop();
      // Of what was found nothing is known any more: "up to date" would be wrong, and the next check must not wait for a day.
      if (this.#release !== null) this.#checkedAt = null;
      this.#release = null;
      this.#apply({ type: "turned-off", checkedAt: this.#checkedAt });
    } else if (setting === "automatic" && this.#status.kind === "available") void this.download();
  }

  /** Looks for a newer version; downloads it where the setting says so. How it went becomes the status. Never rejects. */
  async check(): Promise<void> {
    if (this.#ports.setting() === "off") return;
    await this.#run("check", async (source, signal) => {
      this.#apply({ type: "check-started" });
      this.#triedAt = this.#ports.now();
      let found: Release | null;
      try {
        found = await source.find(signal);
      } catch (thrown) {
        if (!signal.aborted) this.#failed("check-failed", thrown);
        return;
      }
      if (signal.aborted) return;
      this.#release = found;
      this.#checkedAt = this.#ports.now();
      if (found === null) {
        this.#apply({ type: "nothing-newer", at: this.#checkedAt });
        return;
      }
      const { version, file } = found;
      this.#ports.log("info", "update-found", { version });
      this.#apply({ type: "found", version, size: file.size });
    });
    if (this.#ports.setting() === "automatic" && this.#status.kind === "available") await this.download();
    else this.#tellOnce();
  }

  /** Downloads what was found. Never rejects. */
  async download(): Promise<void> {
    if (this.#status.kind !== "available") return;
    await this.#run("download", async ({ installer }, signal) => {
      const release = this.#release;
      // A check that had just ended may have taken it back.
      if (release === null || this.#status.kind !== "available" || this.#ports.setting() === "off") return;
      this.#apply({ type: "download-started" });
      const step = Math.max(1, Math.floor(release.file.size / 100));
      let told = 0;
      const received = (bytes: number): void => {
        if (bytes - told < step) return;
        told = bytes;
        this.#apply({ type: "received", received: bytes });
      };
      try {
        await installer.download(release, { signal, received });
      } catch (thrown) {
        if (!signal.aborted) this.#failed("download-failed", thrown);
        return;
      }
      if (signal.aborted) return;
      const { version } = release;
      this.#ports.log("info", "update-ready", { version });
      this.#apply({ type: "downloaded", postponed: this.#ports.memory.wasPostponed(version) });
      this.#tellOnce();
    });
  }

  /** What is ready is not installed before the user asks for it. */
  postpone(): void {
    if (this.#status.kind !== "ready") return;
    this.#ports.memory.notePostponed(this.#status.version);
    this.#apply({ type: "postponed" });
  }

  /**
   * Restarts into what is ready; asks first where clients are connected. Not where updates were turned off meanwhile. A failure
   * before anything is closed becomes the status. Never rejects.
   */
  async install(): Promise<void> {
    if (this.#status.kind !== "ready") return;
    await this.#run("install", async ({ installer }, signal) => {
      // As above.
      if (!this.#isReady()) return;
      let asked = false;
      /** Clients may have come while it was prepared. */
      const agreed = async (): Promise<boolean> => {
        const clients = this.#ports.clients();
        if (asked || clients === 0) return true;
        asked = true;
        return await this.#ports.ask(restartQuestion(clients), "Restart");
      };
      try {
        if (!(await agreed()) || signal.aborted) return;
        this.#apply({ type: "install-started" });
        this.#ports.log("info", "update-installing", {});
        await installer.prepare(signal);
        if ((await agreed()) && this.#ports.setting() !== "off") await this.#ports.restart();
        else this.#apply({ type: "install-stopped", error: null });
      } catch (thrown) {
        this.#failed("install-stopped", thrown);
      }
      // Turned off meanwhile, by a policy perhaps: nothing of an installation is heard until its end.
      if (this.#ports.setting() === "off") this.settingChanged();
    });
  }

  /**
   * At the end of the process, when everything is closed: installs what is ready. Not where the user has postponed it or has not
   * asked for it. Never rejects.
   * @param restart as `install` asks for it, which has prepared it.
   * @returns false where a restart was asked for that has not begun.
   */
  async installAtEnd(restart: boolean): Promise<boolean> {
    const { source } = this.#ports;
    const status = this.#status;
    if (source === null) return false;
    try {
      if (!restart) {
        if (status.kind !== "ready" || status.postponed || this.#ports.setting() !== "automatic") return true;
        await source.installer.prepare(AbortSignal.timeout(quitMs));
      }
      return source.installer.install(restart);
    } catch {
      // The log is closed by now. What is installed is seen at the next start, which offers it again.
      return false;
    }
  }

  /** Stops what is under way. Idempotent. What is ready can still be installed with `installAtEnd`. */
  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#stop();
  }

  #isReady(): boolean {
    return this.#status.kind === "ready";
  }

  /** Nothing but its own end stops an installation. */
  #stop(): void {
    if (this.#status.kind !== "installing") this.#work?.controller.abort();
  }

  #look(afterMs: number): void {
    this.#timer = setTimeout(() => {
      const checks = this.#isDue() ? this.check() : Promise.resolve();
      void checks.then(() => {
        if (!this.#closed) this.#look(lookEveryMs);
      });
    }, afterMs);
  }

  #isDue(): boolean {
    const now = this.#ports.now();
    const over = (since: number | null, ms: number): boolean => since === null || now < since || now - since >= ms;
    // An hour, less what timers are early.
    return over(this.#checkedAt, checkEveryMs - minute) && over(this.#triedAt, lookEveryMs - minute);
  }

  /** One thing at a time; but a check, which may run unseen, makes way for what a person asks for. */
  async #run(
    kind: Work["kind"],
    work: (source: NonNullable<UpdatesPorts["source"]>, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const { source } = this.#ports;
    if (source === null) return;
    if (kind !== "check" && this.#work?.kind === "check") {
      this.#work.controller.abort();
      await this.#work.done;
    }
    if (this.#closed || this.#work !== null) return;
    const controller = new AbortController();
    let end = (): void => undefined;
    const done = new Promise<void>((resolve) => (end = resolve));
    this.#work = { kind, controller, done };
    try {
      await work(source, controller.signal);
    } finally {
      this.#work = null;
      end();
    }
  }

  #apply(event: UpdateEvent): void {
    const next = nextUpdateStatus(this.#status, event);
    if (next === this.#status) return;
    this.#status = next;
    if (!this.#closed) this.#ports.changed(next);
  }

  #failed(type: "check-failed" | "download-failed" | "install-stopped", thrown: unknown): void {
    const failure = asAppError(thrown);
    const error = (failure.code === "internal" ? asFailed(failure) : failure).toData();
    this.#ports.log("error", type, { error });
    this.#apply({ type, error, checkedAt: this.#checkedAt });
  }

  /** Somebody who was at the window, where nothing is told, is told after a later check. */
  #tellOnce(): void {
    const { memory } = this.#ports;
    const status = this.#status;
    if (status.kind !== "ready" && status.kind !== "available") return;
    if (status.kind === "available" && status.error !== null) return;
    if (!memory.wasTold(status.version) && this.#ports.tell(status.version, status.kind === "ready"))
      memory.noteTold(status.version);
  }
}

const asFailed = (error: AppError): AppError =>
  new AppError("update-failed", error.message, { cause: error, retryable: true });
