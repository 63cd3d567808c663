import { trafficSamplesKept, type Traffic, type TrafficSample } from "../../shared/model/activity.ts";

const none: TrafficSample = { received: 0, sent: 0 };

/** Counts the traffic of one connection since it was turned on. Times are ticks, one for each sample. */
export class TrafficMeter {
  /** Bytes of tunnels that were closed while it stayed on. */
  #before = none;
  /** Bytes up to the last sample. */
  #sampled = none;
  readonly #begunAt: number;
  /** Only samples with bytes, oldest first, so that an idle connection costs nothing. */
  #samples: (TrafficSample & { readonly tick: number })[] = [];

  /** @param tick number of the sample before the first one. */
  constructor(tick: number) {
    this.#begunAt = tick;
  }

  /**
   * Takes the sample of `tick`.
   * @param live bytes of the tunnel that runs.
   * @param ticks how many have passed since the sample before; more than one after a pause of the whole computer.
   * @returns bytes in one tick.
   */
  sample(live: TrafficSample, tick: number, ticks: number): TrafficSample {
    const total = this.#total(live);
    const received = total.received - this.#sampled.received;
    const sent = total.sent - this.#sampled.sent;
    if (received === 0 && sent === 0) return none;
    this.#sampled = total;
    // What came over several ticks is spread over them, or the rate would jump.
    const spread = Math.min(ticks, trafficSamplesKept);
    const each = { received: Math.round(received / spread), sent: Math.round(sent / spread) };
    for (let at = tick - spread + 1; at <= tick; at += 1) this.#samples.push({ tick: at, ...each });
    this.#samples = this.#samples.filter((sample) => sample.tick > tick - trafficSamplesKept);
    return each;
  }

  /** Keeps the bytes of a tunnel that has closed. */
  carry(closed: TrafficSample): void {
    this.#before = this.#total(closed);
  }

  /** @param live bytes of the tunnel that runs. */
  traffic(live: TrafficSample, tick: number): Traffic {
    const first = Math.max(this.#begunAt, tick - trafficSamplesKept) + 1;
    const samples: TrafficSample[] = Array.from({ length: Math.max(0, tick - first + 1) }, () => none);
    for (const { tick: at, received, sent } of this.#samples) if (at >= first) samples[at - first] = { received, sent };
    return { ...this.#total(live), samples };
  }

  #total({ received, sent }: TrafficSample): TrafficSample {
    return { received: this.#before.received + received, sent: this.#before.sent + sent };
  }
}
