import type { AppError, ErrorCode } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";

/** Failures that a person has caused or must mend: asking again at once would only open the browser again. */
const aboutPerson: ReadonlySet<ErrorCode> = new Set([
  "cancelled",
  "sign-in-failed",
  "sign-in-refused",
  "sign-in-timeout",
] as const);

/**
 * Holds up new attempts of a UDP tunnel after one has failed. A TCP client notices a failure and decides by itself; a
 * UDP program sends on, and each of its datagrams would be another request to the proxy.
 */
export class UdpPause {
  readonly #limits: Pick<Limits, "udpPauseFirstMs" | "udpPauseMostMs">;
  #failures = 0;
  /** Monotonic milliseconds. */
  #until = 0;

  constructor(limits: Pick<Limits, "udpPauseFirstMs" | "udpPauseMostMs">) {
    this.#limits = limits;
  }

  /** True while no attempt should be made. */
  holds(): boolean {
    return performance.now() < this.#until;
  }

  failed({ code }: AppError): void {
    const { udpPauseFirstMs, udpPauseMostMs } = this.#limits;
    // Several clients that failed together are one failure.
    if (this.holds()) return;
    this.#failures += 1;
    const ms = aboutPerson.has(code)
      ? udpPauseMostMs
      : Math.min(udpPauseFirstMs * 2 ** (this.#failures - 1), udpPauseMostMs);
    this.#until = performance.now() + ms;
  }

  /** A way works, or somebody wants to try. */
  end(): void {
    this.#failures = 0;
    this.#until = 0;
  }
}
