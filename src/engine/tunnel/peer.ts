import { authorityOf, originOf } from "../../shared/address.ts";
import { AppError, asAppError } from "../../shared/errors.ts";
import type { EventSink, PeerEnd, PeerStep } from "../../shared/events.ts";
import type { Limits } from "../../shared/limits.ts";
import { nextPeerState, type PeerInput, type PeerState } from "../../shared/states.ts";
import type { OpenPath } from "../connect/path.ts";
import { ClientWatch } from "./client-watch.ts";
import type { Opener, OpenProgress, OpenRequest } from "./opener.ts";
import { Pipe, type PipeSide } from "./pipe.ts";
import type { RetryGate } from "./retry-gate.ts";

export interface PeerOptions {
  /** The tunnel's id, for events. */
  readonly tunnel: string;
  /** Unique within the tunnel. */
  readonly id: number;
  readonly local: PipeSide;
  readonly request: OpenRequest;
  readonly opener: Opener<OpenPath>;
  readonly limits: Limits;
  readonly events: EventSink;
  /** Says, once per proxy, that this way cannot carry one-way ends. */
  readonly onHeldEnd: () => void;
  /** A transfer was cut short on HTTP/2 because the client was slow. */
  readonly onCutShort: () => void;
  /** See PipeOptions. */
  readonly endsWithRemote?: boolean;
  /** Where it waits when the destination cannot be reached for now; without one it is reset. */
  readonly gate?: RetryGate | undefined;
}

/** Bytes a millisecond that a slow line is taken to carry. */
const slowUpload = 100;

/** One local client of a tunnel, from accept to the last byte. Owns its local side and its path. */
export class Peer {
  readonly #options: PeerOptions;
  readonly #aborter = new AbortController();
  readonly #startedAt = performance.now();
  #state: PeerState = { kind: "connecting" };
  #step: PeerStep = "connect";
  /** When the attempt began that runs now; monotonic milliseconds. */
  #attemptAt = this.#startedAt;
  #waits = false;
  #pipe: Pipe | null = null;
  /** What went wrong, null where nothing did. Settles when nothing of the peer is left; never rejects. */
  readonly closed: Promise<AppError | null>;

  constructor(options: PeerOptions) {
    this.#options = options;
    this.closed = this.#run();
  }

  get state(): PeerState {
    return this.#state;
  }

  /** Bytes from the client so far. */
  get sent(): number {
    return this.#pipe?.sent ?? 0;
  }

  /** Bytes to the client so far. */
  get received(): number {
    return this.#pipe?.received ?? 0;
  }

  /** Gives up what nobody will finish in a hurry: a sign-in that waits for a person. */
  stopWaiting(): void {
    if (this.#state.kind === "signing-in") this.stop();
  }

  /** Cuts the peer off, whatever it is doing. Idempotent. @param reason what a peer without a path fails with. */
  stop(reason = new AppError("closed", "The tunnel was closed.")): void {
    this.#aborter.abort(reason);
    this.#pipe?.stop();
  }

  async #run(): Promise<AppError | null> {
    const { tunnel, id, request, events, local } = this.#options;
    const destination = authorityOf(request.target.destination);
    const watch = new ClientWatch(local, () =>
      this.#aborter.abort(new AppError("cancelled", "The client hung up while it was waiting.")),
    );
    try {
      const path = await this.#open(watch);
      const client = watch.release();
      if (this.#aborter.signal.aborted) {
        path.reset();
        throw asAppError(this.#aborter.signal.reason);
      }
      this.#step = "transfer";
      this.#next({ type: "opened", via: path.via });
      const openMs = Math.round(performance.now() - this.#attemptAt);
      const alone = this.#attemptAt === this.#startedAt ? {} : { openMs };
      events({ type: "peer-connected", tunnel, peer: id, destination, via: path.via, ms: this.#age(), ...alone });
      await this.#transfer(client, path);
      return null;
    } catch (thrown) {
      watch.release();
      const error = asAppError(thrown);
      this.#next({ type: "closed", how: "failed" });
      // The client learns of it as it would of a service that is down: by a reset, not by an empty answer.
      local.reset();
      const step = this.#step;
      events({ type: "peer-failed", tunnel, peer: id, destination, step, ms: this.#age(), error: error.toData() });
      return error;
    }
  }

  #open(watch: ClientWatch): Promise<OpenPath> {
    const { tunnel, id, request, opener, events, gate, limits } = this.#options;
    const { signal } = this.#aborter;
    const progress: OpenProgress = {
      signingIn: () => {
        this.#step = "sign-in";
        this.#waits = false;
        watch.unhold();
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
    const open = (): Promise<OpenPath> => {
      if (this.#waits) this.#attemptAt = performance.now();
      return opener.open(request, progress, signal);
    };
    const waits = (error: AppError): void => {
      this.#step = "connect";
      this.#next({ type: "wait" });
      watch.hold(limits.pipeBuffer, limits.waitingEndMs);
      if (this.#waits) return;
      this.#waits = true;
      const destination = authorityOf(request.target.destination);
      events({ type: "peer-waiting", tunnel, peer: id, destination, error: error.toData() });
    };
    return gate.pass(open, waits, signal);
  }

  async #transfer(local: PipeSide, path: OpenPath): Promise<void> {
    const { tunnel, id, limits, events, onHeldEnd, endsWithRemote } = this.#options;
    const { halfCloseSilenceMs: silenceMs, halfCloseUploadMs } = limits;
    const uploadMs = (bytes: number): number => Math.min(bytes / slowUpload, halfCloseUploadMs);
    const { stream, reset, endIsClean } = path;
    const remote: PipeSide = { readable: stream, writable: stream, reset, endIsClean };
    const pipe = new Pipe(local, remote, {
      buffer: limits.pipeBuffer,
      drainMs: limits.drainMs,
      ...(path.carriesHalfClose ? {} : { heldEnd: { silenceMs, uploadMs, onHeld: onHeldEnd } }),
      endsWithRemote: endsWithRemote ?? false,
    });
    this.#pipe = pipe;
    pipe.start();
    const how: PeerEnd = await pipe.done;
    if (how === "reset-by-proxy" && pipe.wasBehind && path.wasCutShort()) this.#options.onCutShort();
    this.#next({ type: "closed", how });
    const { sent, received, clientEnded } = pipe;
    events({ type: "peer-closed", tunnel, peer: id, how, clientEnded, sent, received, ms: this.#age() });
  }

  #next(input: PeerInput): void {
    this.#state = nextPeerState(this.#state, input);
  }

  #age(): number {
    return Math.round(performance.now() - this.#startedAt);
  }
}
