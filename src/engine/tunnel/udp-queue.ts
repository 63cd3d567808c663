import type { Limits } from "../../shared/limits.ts";

/** Datagrams that wait for a path, bounded in bytes and in number. The first ones are kept: they begin the conversation. */
export class UdpQueue {
  readonly #limits: Pick<Limits, "udpQueueBytes" | "udpQueuePackets">;
  #waiting: Buffer[] = [];
  #bytes = 0;

  constructor(limits: Pick<Limits, "udpQueueBytes" | "udpQueuePackets">) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** False where there is no room. */
  add(payload: Buffer): boolean {
    const { udpQueueBytes, udpQueuePackets } = this.#limits;
    if (this.#waiting.length >= udpQueuePackets || this.#bytes + payload.length > udpQueueBytes) return false;
    this.#waiting.push(payload);
    this.#bytes += payload.length;
    return true;
  }

  /** Everything, oldest first; it is empty then. */
  take(): Buffer[] {
    const all = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    return all;
  }
}
