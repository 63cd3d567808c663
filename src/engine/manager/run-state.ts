import type { EngineEvent } from "../../shared/events.ts";
import type { ConnectionStatus } from "../../shared/model/status.ts";
import { deriveStatus, type Retry, type SigningIn, type Trouble } from "./derive-status.ts";

/** An event about one tunnel or one of its clients. */
export type TunnelEvent = Extract<EngineEvent, { readonly tunnel: string }>;

/** Failures that are somebody's decision, or concern the one client that came too much. */
const passing = new Set(["cancelled", "closed", "too-many-connections"]);

/** What is known of one run of a connection, from turning on to turning off. Fed by the events of its tunnel. */
export class RunState {
  readonly #now: () => number;
  #address: string | null = null;
  #listeningSince = 0;
  /** Numbers of clients that wait for a sign-in. */
  readonly #signingIn = new Set<number>();
  /** Numbers of clients whose way is open. */
  readonly #open = new Set<number>();
  #signingInSince = 0;
  #openedInMs = 0;
  #retry: Retry | null = null;
  #trouble: Trouble | null = null;
  /** Origin of the proxy, once the settings are read. */
  proxy = "";
  /** CONNECT authority, once the settings are read. */
  destination = "";

  /** @param now milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  get trouble(): Trouble | null {
    return this.#trouble;
  }

  /** Clients wait for a sign-in. */
  get waitsForSignIn(): boolean {
    return this.#signingIn.size > 0;
  }

  /**
   * @param on the switch.
   * @param signInAt origin of the proxy whose sign-in page serves its own.
   */
  status(on: boolean, signInAt = this.proxy): ConnectionStatus {
    const waiting = this.#signingIn.size;
    const signingIn: SigningIn | null =
      waiting === 0 ? null : { waiting, since: this.#signingInSince, proxy: signInAt };
    return deriveStatus({
      on,
      address: this.#address,
      listeningSince: this.#listeningSince,
      connected: this.#open.size,
      signingIn,
      openedInMs: this.#openedInMs,
      retry: this.#retry,
      trouble: this.#trouble,
    });
  }

  /** The local port is not open, or not any more. */
  failed(error: Trouble["error"]): void {
    this.#address = null;
    this.#retry = null;
    this.#trouble = this.#troubleOf(error);
  }

  apply(event: TunnelEvent): void {
    switch (event.type) {
      case "tunnel-listening":
        this.#address = event.address;
        this.#listeningSince = this.#now();
        break;
      case "tunnel-retrying": {
        const { attempt, inMs, error } = event;
        const since = this.#retry?.since ?? this.#now();
        this.#retry = { attempt, nextAt: this.#now() + inMs, error, since };
        this.#trouble = null;
        break;
      }
      case "tunnel-recovered":
        this.#works();
        break;
      case "tunnel-given-up":
        this.#retry = null;
        this.#trouble = this.#troubleOf(event.error);
        break;
      case "peer-signing-in":
        if (this.#signingIn.size === 0) this.#signingInSince = this.#now();
        this.#signingIn.add(event.peer);
        break;
      case "peer-waiting":
        this.#signingIn.delete(event.peer);
        break;
      case "peer-connected":
        this.#signingIn.delete(event.peer);
        this.#open.add(event.peer);
        this.#openedInMs = event.openMs ?? event.ms;
        this.#works();
        break;
      case "peer-failed":
        this.#gone(event.peer);
        // What was open and broke says nothing of the next one (UDP: a TCP client that is cut off has closed).
        if (event.step !== "transfer" && !passing.has(event.error.code)) this.#trouble = this.#troubleOf(event.error);
        break;
      case "peer-closed":
        this.#gone(event.peer);
        break;
      case "tunnel-failed":
      case "tunnel-stopped":
      case "peer-opened":
      case "datagrams-dropped":
        break;
    }
  }

  #works(): void {
    this.#retry = null;
    this.#trouble = null;
  }

  #gone(peer: number): void {
    this.#signingIn.delete(peer);
    this.#open.delete(peer);
  }

  /** The same error again is no news: it is shown since it first came. */
  #troubleOf(error: Trouble["error"]): Trouble {
    const before = this.#trouble;
    const same = before?.error.code === error.code && before.error.message === error.message;
    return { error, since: same ? before.since : this.#now() };
  }
}
