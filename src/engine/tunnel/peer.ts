import { authorityOf, originOf } from "../../shared/address.ts";
import { AppError, asAppError } from "../../shared/errors.ts";
import type { EventSink, PeerEnd, PeerStep } from "../../shared/events.ts";
import type { Limits } from "../../shared/limits.ts";
import { nextPeerState, type PeerInput, type PeerState } from "../../shared/states.ts";
import type { OpenPath } from "../connect/path.ts";
import type { Opener, OpenRequest } from "./opener.ts";
import { Pipe, type PipeSide } from "./pipe.ts";

export interface PeerOptions {
  /** The tunnel's id, for events. */
  readonly tunnel: string;
  /** Unique within the tunnel. */
  readonly id: number;
  readonly local: PipeSide;
  readonly request: OpenRequest;
  readonly opener: Opener;
  readonly limits: Limits;
  readonly events: EventSink;
  /** Says, once per proxy, that this way cannot carry one-way ends. */
  readonly onHeldEnd: () => void;
  /** See PipeOptions. */
  readonly endsWithRemote?: boolean;
}

/** Bytes a millisecond that a slow line is taken to carry. */
const slowUpload = 100;

/** One local client of a tunnel, from accept to the last byte. Owns its local side and its path. */
export class Peer {
  readonly #options: PeerOptions;
  readonly #aborter = new AbortController();
  readonly #startedAt = performance.now();
  #state: PeerState = { kind: "connecting" };
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

  /** Gives up what nobody will finish in a hurry: a sign-in that waits for a person. */
  stopWaiting(): void {
    if (this.#state.kind === "signing-in") this.stop();
  }

  /** Cuts the peer off, whatever it is doing. Idempotent. */
  stop(): void {
    this.#aborter.abort(new AppError("closed", "The tunnel was closed."));
    this.#pipe?.stop();
  }

  async #run(): Promise<AppError | null> {
    const { tunnel, id, request, opener, events, local } = this.#options;
    const destination = authorityOf(request.target.destination);
    const watch = new ClientWatch(local, () =>
      this.#aborter.abort(new AppError("cancelled", "The client hung up while it was waiting.")),
    );
    let step: PeerStep = "connect";
    try {
      const path = await opener.open(
        request,
        {
          signingIn: () => {
            step = "sign-in";
            this.#next({ type: "sign-in" });
            events({ type: "peer-signing-in", tunnel, peer: id, proxy: originOf(request.target.proxy) });
          },
          signedIn: () => {
            step = "connect";
            this.#next({ type: "signed-in" });
          },
        },
        this.#aborter.signal,
      );
      watch.release();
      if (this.#aborter.signal.aborted) {
        path.reset();
        throw asAppError(this.#aborter.signal.reason);
      }
      step = "transfer";
      this.#next({ type: "opened", via: path.via });
      events({ type: "peer-connected", tunnel, peer: id, destination, via: path.via, ms: this.#age() });
      await this.#transfer(path);
      return null;
    } catch (thrown) {
      watch.release();
      const error = asAppError(thrown);
      this.#next({ type: "closed", how: "failed" });
      // The client learns of it as it would of a service that is down: by a reset, not by an empty answer.
      local.reset();
      events({ type: "peer-failed", tunnel, peer: id, destination, step, ms: this.#age(), error: error.toData() });
      return error;
    }
  }

  async #transfer(path: OpenPath): Promise<void> {
    const { tunnel, id, local, limits, events, onHeldEnd, endsWithRemote } = this.#options;
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
    if (how === "reset-by-proxy" && pipe.wasBehind && path.wasCutShort())
      this.#options.opener.cutShort(this.#options.request);
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

/**
 * Watches a client that waits for its path. Its early bytes are read ahead, as far as the stream's own bound, because
 * only a socket that is being read reports that its client has reset it. A FIN is no hang-up: it may follow a request
 * whose answer is awaited.
 */
class ClientWatch {
  readonly #side: PipeSide;
  readonly #onGone: () => void;

  constructor(side: PipeSide, onGone: () => void) {
    this.#side = side;
    this.#onGone = onGone;
    side.readable.on("readable", readAhead);
    for (const stream of new Set([side.readable, side.writable])) stream.on("error", onGone).on("close", this.#onClose);
  }

  readonly #onClose = (): void => {
    const { readable, writable } = this.#side;
    // Standard input that has ended closes by itself, while standard output still waits for the answer.
    if (!writable.destroyed && readable.readableEnded) return;
    this.#onGone();
  };

  release(): void {
    const { readable, writable } = this.#side;
    readable.off("readable", readAhead);
    for (const stream of new Set([readable, writable])) stream.off("close", this.#onClose);
    // The error listener stays: between here and the pipe, and after it, an error must not end the process.
  }
}

/** A listener is all it takes: Node then reads until the buffer is full, and stops. */
const readAhead = (): void => undefined;
