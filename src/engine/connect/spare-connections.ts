import type { Limits } from "../../shared/limits.ts";
import type { Dialed } from "./dial.ts";

type SpareLimits = Pick<Limits, "udpSpares" | "udpSpareMs" | "udpDemandMs">;

interface Spare {
  readonly dialed: Dialed;
  readonly since: number;
  readonly forget: () => void;
}

/**
 * HTTP/1.1 connections to one proxy that are opened ahead, so that a new UDP client waits for one round trip and not for
 * TCP and TLS. How many follows the demand of the last seconds; without any for a while there are none. Owner of those
 * that nobody has taken.
 */
export class SpareConnections {
  readonly #dial: (signal: AbortSignal) => Promise<Dialed>;
  readonly #limits: SpareLimits;
  readonly #spares: Spare[] = [];
  readonly #closing = new AbortController();
  /** When connections were taken lately, oldest first; monotonic milliseconds. */
  #taken: number[] = [];
  #dialing = 0;
  /** Which call of `clear` the next ones come after. */
  #cleared = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(dial: (signal: AbortSignal) => Promise<Dialed>, limits: SpareLimits) {
    this.#dial = dial;
    this.#limits = limits;
  }

  /** Those that wait now. */
  get size(): number {
    return this.#spares.length;
  }

  /** Notes that a client needs one; returns one that is there. It belongs to the caller then. */
  take(): Dialed | null {
    const now = performance.now();
    this.#taken = [...this.#taken.filter((at) => now - at < this.#limits.udpDemandMs), now].slice(
      -this.#limits.udpSpares,
    );
    // The newest: a network that has changed shows in the old ones.
    const spare = this.#spares.pop();
    spare?.forget();
    return spare?.dialed ?? null;
  }

  /** Opens as many as the demand asks for. To be called when a way has worked: where none does, none is opened ahead. */
  fill(): void {
    const now = performance.now();
    const demand = this.#taken.filter((at) => now - at < this.#limits.udpDemandMs).length;
    const wanted = Math.min(Math.max(1, demand), this.#limits.udpSpares);
    for (let have = this.#spares.length + this.#dialing; have < wanted; have += 1) void this.#add();
  }

  async #add(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#dialing += 1;
    const cleared = this.#cleared;
    try {
      const dialed = await this.#dial(this.#closing.signal);
      const { socket } = dialed;
      // `clear` and `close` are for those under way as well, which may be done at that very moment.
      if (cleared !== this.#cleared) return dialed.reset();
      const gone = (): void => this.#end(spare);
      const spare: Spare = {
        dialed,
        since: performance.now(),
        forget: () => {
          socket.pause();
          socket.off("data", gone).off("end", gone).off("close", gone);
          socket.ref();
        },
      };
      // A proxy says nothing on a connection without a request, so whatever comes is its end.
      socket.once("data", gone).once("end", gone).once("close", gone);
      socket.resume();
      // Nobody's: no reason for the process to stay.
      socket.unref();
      this.#spares.push(spare);
      this.#expireLater();
    } catch {
      // The client that needs one meets the same error, and is told.
    } finally {
      this.#dialing -= 1;
    }
  }

  #expireLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const now = performance.now();
      for (const spare of [...this.#spares]) if (now - spare.since >= this.#limits.udpSpareMs) this.#end(spare);
      if (this.#spares.length > 0) this.#expireLater();
    }, this.#limits.udpSpareMs / 4).unref();
  }

  #end(spare: Spare): void {
    spare.forget();
    const at = this.#spares.indexOf(spare);
    if (at >= 0) this.#spares.splice(at, 1);
    spare.dialed.socket.destroy();
  }

  /** Ends those that nobody has taken, and those under way once they are there. */
  clear(): void {
    this.#cleared += 1;
    for (const spare of [...this.#spares]) this.#end(spare);
  }

  /** As `clear`, for good. Idempotent. */
  close(): void {
    this.#closing.abort();
    clearTimeout(this.#timer);
    this.clear();
  }
}
