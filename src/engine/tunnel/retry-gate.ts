import { authorityOf } from "../../shared/address.ts";
import { asAppError, type AppError } from "../../shared/errors.ts";
import type { EventSink } from "../../shared/events.ts";
import type { Limits } from "../../shared/limits.ts";
import { cancelled } from "../aborts.ts";
import type { Opener, OpenRequest } from "./opener.ts";

export interface RetryGateOptions {
  readonly limits: Pick<Limits, "retryFirstMs" | "retryMostMs">;
  /** Tests the way without a client; rejects with the AppError that a client would meet. */
  readonly probe: (signal: AbortSignal) => Promise<void>;
  /** The gate has shut, or an attempt behind it failed; the next one comes in `inMs`. */
  readonly retrying: (attempt: number, inMs: number, error: AppError) => void;
  /** The way works again. */
  readonly recovered: () => void;
  /** An attempt of the gate ended with an error that no waiting cures. */
  readonly givenUp: (error: AppError) => void;
}

/** One try to get through. Its epoch tells whether the gate has moved since it began. */
interface Attempt {
  readonly epoch: number;
}

interface Waiter {
  readonly go: (attempt: Attempt) => void;
  readonly fail: (error: AppError) => void;
}

/** The gate of one tunnel, which tells of itself in events. */
export function newRetryGate(of: {
  readonly tunnel: string;
  readonly request: OpenRequest;
  readonly opener: Pick<Opener<never>, "probe">;
  readonly limits: RetryGateOptions["limits"];
  readonly events: EventSink;
}): RetryGate {
  const { tunnel, request, opener, limits, events } = of;
  const destination = authorityOf(request.target.destination);
  return new RetryGate({
    limits,
    probe: (signal) => opener.probe(request, signal),
    retrying: (attempt, inMs, error) =>
      events({ type: "tunnel-retrying", tunnel, destination, attempt, inMs, error: error.toData() }),
    recovered: () => events({ type: "tunnel-recovered", tunnel, destination }),
    givenUp: (error) => events({ type: "tunnel-given-up", tunnel, destination, error: error.toData() }),
  });
}

/** The wait before the next attempt: doubled with each that has failed in a row. @param failed from 1. */
export function retryWait(failed: number, { retryFirstMs, retryMostMs }: RetryGateOptions["limits"]): number {
  return Math.min(retryFirstMs * 2 ** (failed - 1), retryMostMs);
}

/**
 * Where the clients of one tunnel wait while its destination cannot be reached. Open, it lets everybody try. The first
 * failure that may pass by itself shuts it; after each wait one client tries for all, or the gate itself does when
 * nobody is there, so that what is shown of the tunnel stays true. It never holds more than the tunnel's clients.
 */
export class RetryGate {
  readonly #options: RetryGateOptions;
  readonly #waiting = new Set<Waiter>();
  /** Why the gate is shut; null while it is open. */
  #shutFor: AppError | null = null;
  /** An error that will not go away by itself, for `tryNow`. */
  #standing: AppError | null = null;
  #failed = 0;
  /** How many of these do not make the wait longer, since something may have changed after them. */
  #forgiven = 0;
  #epoch = 0;
  /** Who tries while the gate is shut. */
  #leader: Attempt | null = null;
  #probe: AbortController | null = null;
  #timer: NodeJS.Timeout | undefined;
  #closed: AppError | null = null;

  constructor(options: RetryGateOptions) {
    this.#options = options;
  }

  /**
   * Gets a client through: calls `open` when it is its turn, again and again while that fails for reasons that may pass.
   * @param waits told each time before the client waits.
   * @throws AppError what `open` ended with for good, or the signal's reason.
   */
  async pass<T>(open: () => Promise<T>, waits: (error: AppError) => void, signal: AbortSignal): Promise<T> {
    for (;;) {
      const shutFor = this.#shutFor;
      if (shutFor !== null) waits(shutFor);
      const attempt = shutFor === null ? { epoch: this.#epoch } : await this.#turn(signal);
      try {
        const opened = await open();
        this.#succeeded();
        return opened;
      } catch (thrown) {
        const error = asAppError(thrown);
        if (this.#closed !== null) throw error;
        if (signal.aborted) this.#gone(attempt);
        else if (error.retryable) this.#failedFor(error, attempt);
        else this.#refused(error, attempt);
        if (signal.aborted || !error.retryable) throw error;
      }
    }
  }

  /** The proxy has asked a client to sign in: there is a way, whatever comes of it. */
  reached(): void {
    // What has failed so far is kept in mind, or a proxy that fails behind its 401 would be asked every second.
    if (this.#shutFor !== null) this.#open();
  }

  /**
   * Ends the wait, and lets the next ones begin with the shortest again: a computer that has just woken up may not have
   * its network yet. Tests anew whether an error that stays is still true. Otherwise it does nothing.
   */
  tryNow(): void {
    if (this.#closed !== null) return;
    this.#forgiven = this.#failed;
    if (this.#shutFor !== null) this.#tryNext();
    else if (this.#standing !== null && this.#probe === null) this.#startProbe({ epoch: this.#epoch });
  }

  /** Sends everybody away with `error`, and tries no more. Idempotent. */
  close(error: AppError): void {
    if (this.#closed !== null) return;
    this.#closed = error;
    clearTimeout(this.#timer);
    this.#probe?.abort(error);
    for (const waiter of [...this.#waiting]) waiter.fail(error);
  }

  #turn(signal: AbortSignal): Promise<Attempt> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== null) return reject(this.#closed);
      if (signal.aborted) return reject(cancelled(signal));
      const leave = (): void => {
        this.#waiting.delete(waiter);
        signal.removeEventListener("abort", onAbort);
      };
      const waiter: Waiter = {
        go: (attempt) => {
          leave();
          resolve(attempt);
        },
        fail: (error) => {
          leave();
          reject(error);
        },
      };
      const onAbort = (): void => waiter.fail(cancelled(signal));
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(waiter);
    });
  }

  #succeeded(): void {
    this.#failed = this.#forgiven = 0;
    if (this.#closed !== null) return;
    const hadStood = this.#standing !== null;
    this.#standing = null;
    if (this.#shutFor !== null) this.#open();
    else if (hadStood) this.#options.recovered();
  }

  #failedFor(error: AppError, attempt: Attempt): void {
    const leads = attempt === this.#leader;
    // Others that had set out before the gate shut or opened: they join those who wait, or try once more.
    if (!leads && (this.#shutFor !== null || attempt.epoch !== this.#epoch)) return;
    this.#leader = null;
    this.#shutFor = error;
    this.#standing = null;
    this.#failed += 1;
    this.#epoch += 1;
    const inMs = retryWait(this.#failed - this.#forgiven, this.#options.limits);
    this.#timer = setTimeout(() => this.#tryNext(), inMs);
    this.#options.retrying(this.#failed, inMs, error);
  }

  #refused(error: AppError, attempt: Attempt, isProbe = false): void {
    // Somebody's decision says nothing about the way.
    if (error.code === "cancelled" || error.code === "closed") return this.#gone(attempt);
    this.#failed = this.#forgiven = 0;
    this.#standing = error;
    const wasShut = this.#shutFor !== null;
    if (wasShut) for (const waiter of this.#lift()) waiter.fail(error);
    if (wasShut || isProbe) this.#options.givenUp(error);
  }

  /** A client left before it could know: another tries in its place. */
  #gone(attempt: Attempt): void {
    if (attempt !== this.#leader) return;
    this.#leader = null;
    this.#tryNext();
  }

  #tryNext(): void {
    if (this.#leader !== null) return;
    clearTimeout(this.#timer);
    const attempt = { epoch: this.#epoch };
    this.#leader = attempt;
    const [first] = this.#waiting;
    if (first === undefined) this.#startProbe(attempt);
    else first.go(attempt);
  }

  #startProbe(attempt: Attempt): void {
    this.#probe?.abort();
    const probe = new AbortController();
    this.#probe = probe;
    const settle = (act: () => void): void => {
      if (this.#probe === probe) this.#probe = null;
      if (!probe.signal.aborted) act();
    };
    this.#options.probe(probe.signal).then(
      () => settle(() => this.#succeeded()),
      (thrown: unknown) =>
        settle(() => {
          const error = asAppError(thrown);
          if (error.retryable) this.#failedFor(error, attempt);
          else this.#refused(error, attempt, true);
        }),
    );
  }

  #open(): void {
    const waiting = this.#lift();
    this.#options.recovered();
    for (const waiter of waiting) waiter.go({ epoch: this.#epoch });
  }

  /** Takes the gate away; returns who had waited. */
  #lift(): Waiter[] {
    clearTimeout(this.#timer);
    this.#probe?.abort();
    this.#probe = null;
    this.#shutFor = null;
    this.#leader = null;
    this.#epoch += 1;
    return [...this.#waiting];
  }
}
