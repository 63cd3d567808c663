import type { AppError } from "../../shared/errors.ts";
import { cancelled, throwIfAborted, waitFor } from "../aborts.ts";

interface Flight<T> {
  readonly lead: string;
  readonly controller: AbortController;
  readonly result: Promise<T>;
  waiting: number;
}

/** Work that many callers want at once and that is done once. It is given up when nobody waits for it any more. */
export class Flights<T> {
  readonly #flights = new Map<string, Flight<T>>();
  readonly #gaveUp: () => AppError;

  /** @param gaveUp makes the reason for work that nobody waits for any more. */
  constructor(gaveUp: () => AppError) {
    this.#gaveUp = gaveUp;
  }

  /**
   * Waits for the running work of this key, or starts it.
   * @param lead by whose name `cancel` finds the work if this call starts it.
   * @throws what the work throws, or the signal's reason; the work goes on for the others then.
   */
  async join(key: string, lead: string, start: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    throwIfAborted(signal);
    const flight = this.#flights.get(key) ?? this.#begin(key, lead, start);
    flight.waiting += 1;
    try {
      return await waitFor(flight.result, signal);
    } finally {
      flight.waiting -= 1;
      if (flight.waiting === 0) this.#end(key, flight, this.#gaveUp());
    }
  }

  /** In whose name the work of this key runs; undefined where none does. */
  leadOf(key: string): string | undefined {
    return this.#flights.get(key)?.lead;
  }

  /** Ends the work that was started in this name; everybody who waits for it is rejected with `reason`. */
  cancel(lead: string, reason: AppError): void {
    for (const [key, flight] of this.#flights) if (flight.lead === lead) this.#end(key, flight, reason);
  }

  cancelAll(reason: AppError): void {
    for (const [key, flight] of this.#flights) this.#end(key, flight, reason);
  }

  #begin(key: string, lead: string, start: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const controller = new AbortController();
    const { signal } = controller;
    // The work begins a turn later, so that whatever it does at once already finds the flight in place.
    const work = Promise.resolve().then(() => {
      if (signal.aborted) throw cancelled(signal);
      return start(signal);
    });
    const flight: Flight<T> = { lead, controller, result: waitFor(work, signal), waiting: 0 };
    this.#flights.set(key, flight);
    const forget = (): void => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    };
    flight.result.then(forget, forget);
    return flight;
  }

  #end(key: string, flight: Flight<T>, reason: AppError): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
    flight.controller.abort(reason);
  }
}
