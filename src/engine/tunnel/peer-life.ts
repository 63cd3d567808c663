import { authorityOf, originOf } from "../../shared/address.ts";
import type { AppError } from "../../shared/errors.ts";
import type { EngineEvent, EventSink, PeerEnd, PeerStep, Via } from "../../shared/events.ts";
import { nextPeerState, type PeerInput, type PeerState } from "../../shared/states.ts";
import type { Opener, OpenProgress, OpenRequest } from "./opener.ts";
import type { RetryGate } from "./retry-gate.ts";

export interface PeerLifeOptions<P> {
  /** The tunnel's id, for events. */
  readonly tunnel: string;
  /** Unique within the tunnel. */
  readonly id: number;
  readonly request: OpenRequest;
  readonly opener: Opener<P>;
  readonly events: EventSink;
  /** Where it waits when the destination cannot be reached for now; without one it fails then. */
  readonly gate?: RetryGate | undefined;
}

/** What only the peer itself can do when it has to wait. */
export interface PeerWaits {
  /** For a person. */
  signingIn(): void;
  /** For the next attempt; called each time. */
  waiting(): void;
}

type Closed = Extract<EngineEvent, { type: "peer-closed" }>;

/** The states of one peer, whatever it carries, and the events that tell of them. */
export class PeerLife<P extends { readonly via: Via }> {
  readonly #options: PeerLifeOptions<P>;
  /** Monotonic milliseconds. */
  readonly startedAt = performance.now();
  #state: PeerState = { kind: "connecting" };
  #step: PeerStep = "connect";
  /** When the attempt began that runs now; monotonic milliseconds. */
  #attemptAt = this.startedAt;
  #waits = false;

  constructor(options: PeerLifeOptions<P>) {
    this.#options = options;
  }

  get state(): PeerState {
    return this.#state;
  }

  /** What it was doing last. */
  get step(): PeerStep {
    return this.#step;
  }

  get #destination(): string {
    return authorityOf(this.#options.request.target.destination);
  }

  /** Opens the peer's path: through the gate, with a sign-in on the way. @throws AppError, or the signal's reason. */
  open(on: PeerWaits, signal: AbortSignal): Promise<P> {
    const { tunnel, id, request, opener, events, gate } = this.#options;
    const progress: OpenProgress = {
      signingIn: () => {
        this.#step = "sign-in";
        this.#waits = false;
        on.signingIn();
        this.#next({ type: "sign-in" });
        events({ type: "peer-signing-in", tunnel, peer: id, proxy: originOf(request.target.proxy) });
        gate?.reached();
      },
      signedIn: () => {
        this.#step = "connect";
        this.#attemptAt = performance.now();
        this.#next({ type: "signed-in" });
      },
    };
    if (!gate) return opener.open(request, progress, signal);
    const open = (): Promise<P> => {
      if (this.#waits) this.#attemptAt = performance.now();
      return opener.open(request, progress, signal);
    };
    const waits = (error: AppError): void => {
      this.#step = "connect";
      this.#next({ type: "wait" });
      on.waiting();
      if (this.#waits) return;
      this.#waits = true;
      events({ type: "peer-waiting", tunnel, peer: id, destination: this.#destination, error: error.toData() });
    };
    return gate.pass(open, waits, signal);
  }

  /** Its path is open. */
  opened({ via }: P): void {
    const { tunnel, id, events } = this.#options;
    this.#step = "transfer";
    this.#next({ type: "opened", via });
    const openMs = Math.round(performance.now() - this.#attemptAt);
    const alone = this.#attemptAt === this.startedAt ? {} : { openMs };
    const ms = this.#age();
    events({ type: "peer-connected", tunnel, peer: id, destination: this.#destination, via, ms, ...alone });
  }

  closed(how: PeerEnd, counted: Pick<Closed, "clientEnded" | "sent" | "received" | "datagrams">): void {
    const { tunnel, id, events } = this.#options;
    this.#next({ type: "closed", how });
    events({ type: "peer-closed", tunnel, peer: id, how, ...counted, ms: this.#age() });
  }

  failed(error: AppError): void {
    const { tunnel, id, events } = this.#options;
    this.#next({ type: "closed", how: "failed" });
    const destination = this.#destination;
    const step = this.#step;
    events({ type: "peer-failed", tunnel, peer: id, destination, step, ms: this.#age(), error: error.toData() });
  }

  #next(input: PeerInput): void {
    this.#state = nextPeerState(this.#state, input);
  }

  #age(): number {
    return Math.round(performance.now() - this.startedAt);
  }
}
