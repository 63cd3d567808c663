import type { Readable, Writable } from "node:stream";
import type { PeerEnd } from "../../shared/events.ts";
import { Flow } from "./flow.ts";

/** One end of a pipe. For a socket or stream `readable` and `writable` are the same object. */
export interface PipeSide {
  readonly readable: Readable;
  readonly writable: Writable;
  /** Ends it so that whoever is behind it sees a reset. */
  readonly reset: () => void;
  /** False where `end` was no end: Node emits it on HTTP/2 streams that were reset, too. Default true. */
  readonly endIsClean?: () => boolean;
}

export interface PipeOptions {
  /** Bytes that may wait on each side. */
  readonly buffer: number;
  /** How long a reset waits for bytes that came before it to reach the local client; milliseconds. */
  readonly drainMs: number;
  /**
   * Set where the way cannot carry one-way ends (protocol.md): the local FIN is then held back until the remote side
   * has ended or has been silent for `silenceMs`, not counting the time the client's bytes may still be on their way.
   */
  readonly heldEnd?: {
    readonly silenceMs: number;
    readonly uploadMs: (bytes: number) => number;
    readonly onHeld: () => void;
  };
  /** The client's side ends with the remote one, as it does for a program whose standard input may never end. */
  readonly endsWithRemote?: boolean;
}

/**
 * Splices a local client with an open tunnel; the one place with the rules of it.
 *
 * - A FIN travels alone: each direction ends when its own source has ended and every byte of it is written.
 * - A reset or an error of one side becomes a reset of the other; what the remote side sent before it is delivered first.
 * - A remote side that has closed altogether is what a closed socket is to a client: the rest of the client's end is
 *   awaited, and bytes that can no longer be delivered cause a reset rather than vanish.
 */
export class Pipe {
  readonly #local: PipeSide;
  readonly #remote: PipeSide;
  readonly #options: PipeOptions;
  readonly #up: Flow;
  readonly #down: Flow;
  readonly #finish: (how: PeerEnd) => void;
  #over = false;
  #remoteClosed = false;
  #remoteLost = false;
  #localFinished = false;
  #wasBehind = false;
  #holdTimer: NodeJS.Timeout | undefined;
  #drainTimer: NodeJS.Timeout | undefined;
  /** Settles, always with a value, when both sides are done with. */
  readonly done: Promise<PeerEnd>;

  constructor(local: PipeSide, remote: PipeSide, options: PipeOptions) {
    this.#local = local;
    this.#remote = remote;
    this.#options = options;
    let finish: (how: PeerEnd) => void = () => undefined;
    this.done = new Promise((resolve) => (finish = resolve));
    this.#finish = finish;
    this.#up = new Flow(local.readable, remote.writable, options.buffer, this.#localEnded, this.#remoteGone);
    this.#down = new Flow(remote.readable, local.writable, options.buffer, this.#remoteEnded, this.#localGone);
  }

  /** Bytes from the local client. */
  get sent(): number {
    return this.#up.bytes;
  }

  /** Bytes to the local client. */
  get received(): number {
    return this.#down.bytes;
  }

  /** The client has ended its side. */
  get clientEnded(): boolean {
    return this.#up.ended;
  }

  /** The remote side was lost while the client had not taken all that had come for it. */
  get wasBehind(): boolean {
    return this.#wasBehind;
  }

  /** Starts both directions. Both sides must already have an error listener, or get one here before any event. */
  start(): void {
    const { readable: localIn, writable: localOut } = this.#local;
    const { readable: remoteIn, writable: remoteOut } = this.#remote;
    for (const stream of new Set([localIn, localOut])) stream.on("error", this.#localGone);
    for (const stream of new Set([remoteIn, remoteOut])) stream.on("error", this.#remoteGone);
    // Standard input and output are two streams and close at their own times.
    localIn.once("close", () => this.#up.ended || this.#localGone());
    // Not `writableFinished`: a pipe as standard output finishes, and says at its close that it has not.
    localOut.once("finish", () => {
      this.#localFinished = true;
      this.#checkDone();
    });
    localOut.once("close", () => this.#localFinished || this.#localGone());
    remoteIn.once("close", this.#remoteClose);
    remoteOut.once("finish", this.#checkDone);
    if (localIn.destroyed && !localIn.readableEnded) return this.#localGone();
    if (remoteIn.destroyed && !remoteIn.readableEnded) return this.#remoteGone();
    this.#up.start();
    this.#down.start();
  }

  /** Cuts both sides off. */
  stop(): void {
    this.#cut("stopped");
  }

  readonly #localEnded = (): void => {
    const held = this.#options.heldEnd;
    if (this.#remoteClosed || !held || this.#down.ended) return this.#passLocalEnd();
    held.onHeld();
    // Each byte from the upstream puts the end off again.
    let uploadedAt = Infinity;
    const wait = (): void => {
      clearTimeout(this.#holdTimer);
      const now = performance.now();
      const ms = Math.max(now, uploadedAt) - now + held.silenceMs;
      if (ms < Infinity) this.#holdTimer = setTimeout(this.#passLocalEnd, ms);
    };
    // Bytes in the kernel's buffer cannot be seen leaving, and no service answers what it has not received.
    const uploading = (): void => {
      uploadedAt = performance.now() + held.uploadMs(this.sent);
      wait();
    };
    this.#remote.readable.on("data", wait);
    if (this.#remote.writable.writableNeedDrain) this.#remote.writable.once("drain", uploading);
    else uploading();
  };

  readonly #passLocalEnd = (): void => {
    clearTimeout(this.#holdTimer);
    if (this.#over) return;
    if (!this.#remote.writable.destroyed && !this.#remote.writable.writableEnded) this.#remote.writable.end();
    this.#checkDone();
  };

  readonly #remoteEnded = (): void => {
    if (this.#remote.endIsClean?.() === false) return this.#remoteGone();
    if (!this.#local.writable.destroyed && !this.#local.writable.writableEnded) this.#local.writable.end();
    if (this.#up.ended) this.#passLocalEnd();
    this.#checkDone();
  };

  readonly #checkDone = (): void => {
    if (this.#over || !this.#down.ended || !this.#localFinished) return;
    const { endsWithRemote, heldEnd } = this.#options;
    // Where the remote side has gone altogether, or cannot carry one-way ends, nothing that is still to come can go out.
    const leaves = endsWithRemote === true && (this.#remoteClosed || heldEnd !== undefined);
    const remoteFinished = this.#remoteClosed || this.#remote.writable.writableFinished;
    if (!leaves && !(this.#up.ended && remoteFinished)) return;
    if (!this.#remote.writable.writableEnded) this.#remote.writable.end();
    // Neither side is destroyed: sockets and streams close by themselves once both directions have ended, whereas
    // destroying an HTTP/2 stream could send a reset behind the end.
    this.#end("ended");
  };

  /** The client has reset its connection, or closed it while bytes for it were still coming. */
  readonly #localGone = (): void => this.#cut("reset-by-client");

  #cut(how: PeerEnd): void {
    if (this.#over) return;
    // Resetting a side emits its 'close', which must find the pipe over.
    this.#end(how);
    this.#remote.reset();
    this.#local.reset();
  }

  readonly #remoteClose = (): void => {
    if (this.#over) return;
    if (!this.#down.ended || this.#remote.endIsClean?.() === false) return this.#remoteGone();
    this.#remoteClosed = true;
    // END_STREAM with RST_STREAM(NO_ERROR) behind it (RFC 9113 §8.1): nothing was lost unless bytes still wait to go out.
    if (!this.#up.ended && this.#up.waiting) return this.#remoteGone();
    this.#checkDone();
  };

  /** Bytes of the client can go nowhere, or the far side was reset: to the client that is a reset, behind what came before. */
  readonly #remoteGone = (): void => {
    if (this.#over || this.#remoteLost) return;
    this.#remoteLost = true;
    this.#wasBehind = this.#down.waiting;
    this.#up.stop();
    this.#down.stop();
    this.#remote.reset();
    const reset = (): void => this.#cut("reset-by-proxy");
    const out = this.#local.writable;
    if (out.destroyed || out.writableFinished || (out.writableLength === 0 && !out.writableEnded)) return reset();
    this.#drainTimer = setTimeout(reset, this.#options.drainMs);
    if (out.writableEnded) out.once("finish", reset);
    else out.write(Buffer.alloc(0), reset);
  };

  #end(how: PeerEnd): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#holdTimer);
    clearTimeout(this.#drainTimer);
    this.#up.stop();
    this.#down.stop();
    this.#finish(how);
  }
}
