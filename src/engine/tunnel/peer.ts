import { AppError, asAppError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import type { PeerState } from "../../shared/states.ts";
import type { OpenPath } from "../connect/path.ts";
import { ClientWatch } from "./client-watch.ts";
import { PeerLife, type PeerLifeOptions } from "./peer-life.ts";
import { Pipe, type PipeSide } from "./pipe.ts";

/** Without a gate the client is reset when the destination cannot be reached for now. */
export interface PeerOptions extends PeerLifeOptions<OpenPath> {
  readonly local: PipeSide;
  readonly limits: Limits;
  /** Says, once per proxy, that this way cannot carry one-way ends. */
  readonly onHeldEnd: () => void;
  /** A transfer was cut short on HTTP/2 because the client was slow. */
  readonly onCutShort: () => void;
  /** See PipeOptions. */
  readonly endsWithRemote?: boolean;
}

/** Bytes a millisecond that a slow line is taken to carry. */
const slowUpload = 100;

/** One local client of a tunnel, from accept to the last byte. Owns its local side and its path. */
export class Peer {
  readonly #options: PeerOptions;
  readonly #aborter = new AbortController();
  readonly #life: PeerLife<OpenPath>;
  #pipe: Pipe | null = null;
  /** What went wrong, null where nothing did. Settles when nothing of the peer is left; never rejects. */
  readonly closed: Promise<AppError | null>;

  constructor(options: PeerOptions) {
    this.#options = options;
    this.#life = new PeerLife(options);
    this.closed = this.#run();
  }

  get state(): PeerState {
    return this.#life.state;
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
    if (this.state.kind === "signing-in") this.stop();
  }

  /** Cuts the peer off, whatever it is doing. Idempotent. @param reason what a peer without a path fails with. */
  stop(reason = new AppError("closed", "The tunnel was closed.")): void {
    this.#aborter.abort(reason);
    this.#pipe?.stop();
  }

  async #run(): Promise<AppError | null> {
    const { local, limits } = this.#options;
    const { signal } = this.#aborter;
    const life = this.#life;
    const watch = new ClientWatch(local, () =>
      this.#aborter.abort(new AppError("cancelled", "The client hung up while it was waiting.")),
    );
    try {
      const on = {
        signingIn: () => watch.unhold(),
        waiting: () => watch.hold(limits.pipeBuffer, limits.waitingEndMs),
      };
      const path = await life.open(on, signal);
      const client = watch.release();
      if (signal.aborted) {
        path.reset();
        throw asAppError(signal.reason);
      }
      life.opened(path);
      await this.#transfer(client, path);
      return null;
    } catch (thrown) {
      watch.release();
      const error = asAppError(thrown);
      // The client learns of it as it would of a service that is down: by a reset, not by an empty answer.
      local.reset();
      life.failed(error);
      return error;
    }
  }

  async #transfer(local: PipeSide, path: OpenPath): Promise<void> {
    const { limits, onHeldEnd, endsWithRemote } = this.#options;
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
    const how = await pipe.done;
    if (how === "reset-by-proxy" && pipe.wasBehind && path.wasCutShort()) this.#options.onCutShort();
    const { sent, received, clientEnded } = pipe;
    this.#life.closed(how, { clientEnded, sent, received });
  }
}
