import type { Duplex } from "node:stream";
import type { Destination } from "../../shared/address.ts";
import { AppError } from "../../shared/errors.ts";
import type { Via } from "../../shared/events.ts";
import { CapsuleDecoder, datagramCapsule, mostPayload } from "./capsules.ts";
import { ChunkedDecoder } from "./chunked.ts";

/** The path of CONNECT-UDP (RFC 9298 §2, §3); the colons of IPv6 hosts are percent-encoded. */
export const udpRequestPath = ({ host, port }: Destination): string =>
  `/.well-known/masque/udp/${encodeURIComponent(host)}/${port}/`;

/** Fields of a request for CONNECT-UDP (RFC 9297 §3.4). */
export const capsuleFields = { "capsule-protocol": "?1" } as const;

/** True where an answer says that capsules follow: a structured field, whose parameters do not count (RFC 9651 §4.2). */
export const speaksCapsules = (headers: Readonly<Record<string, string>>): boolean =>
  /^\s*\?1\s*(?:;|$)/.test(headers["capsule-protocol"] ?? "");

/** The error of a proxy that does not do CONNECT-UDP. */
export const udpNotOffered = (host: string, status: number): AppError =>
  new AppError("udp-not-offered", `${host} does not carry UDP.`, {
    status,
    userAction: "Ask its administrator to turn it on.",
  });

export interface UdpPathOptions {
  readonly via: Via;
  /** How capsules come to us: as they are, or inside the chunks of an HTTP/1.1 body, as Pomerium sends them (protocol.md). */
  readonly framing: "raw" | "chunked";
  /** Bytes that may wait in the stream before datagrams are dropped. */
  readonly queueBytes: number;
  readonly lineBytes: number;
  /** The address of this computer that a connection of its own goes out from; null where others watch whether it lives. */
  readonly localAddress: string | null;
  readonly explain: (error: unknown) => AppError;
  /** Ends the stream at once. */
  readonly reset: () => void;
}

export interface UdpPathListener {
  datagram(payload: Buffer): void;
  /** Called once. @param error null where the proxy ended it in order. */
  ended(error: AppError | null): void;
}

/** What became of a datagram: on its way, too large for any capsule, or dropped since the proxy takes them too slowly. */
export type SendResult = "sent" | "too-large" | "full";

/** An open way for the datagrams of one client: capsules on a stream (RFC 9297 §3.2, RFC 9298 §5). Owns the stream. */
export class UdpPath {
  readonly via: Via;
  /** The address of this computer that it goes out from; null where its end is noticed anyway. */
  readonly localAddress: string | null;
  readonly #stream: Duplex;
  readonly #options: UdpPathOptions;
  readonly #capsules: CapsuleDecoder;
  readonly #chunks: ChunkedDecoder | null;
  #listener: UdpPathListener | null = null;
  #over = false;
  #endedWith: AppError | null = null;
  #wroteThisPhase = false;
  #corked = false;

  constructor(stream: Duplex, options: UdpPathOptions) {
    this.via = options.via;
    this.localAddress = options.localAddress;
    this.#stream = stream;
    this.#options = options;
    this.#capsules = new CapsuleDecoder((payload) => this.#listener?.datagram(payload));
    const { lineBytes } = options;
    this.#chunks =
      options.framing === "raw"
        ? null
        : new ChunkedDecoder((bytes) => this.#capsules.push(bytes), { lineBytes, trailerBytes: lineBytes });
    stream.pause();
    // From here on an error is news of the path, also before somebody listens.
    stream.on("error", (error) => this.#end(options.explain(error)));
    stream.once("close", () => this.#end(options.explain({ code: "" })));
  }

  /** Begins to read. Call once. Tells at once of an end that came before. */
  start(listener: UdpPathListener): void {
    if (this.#over) return listener.ended(this.#endedWith);
    this.#listener = listener;
    // Its 'close' may have come before there was a path: HTTP/2 tells of an answer and of its end in one go.
    if (this.#stream.destroyed) return this.#end(this.#options.explain(this.#stream.errored ?? { code: "" }));
    this.#stream.on("data", (bytes: Buffer) => this.#take(bytes));
    this.#stream.once("end", () => this.#ended());
    this.#stream.resume();
  }

  /** Hands one datagram to the stream; never waits. */
  send(payload: Buffer): SendResult {
    if (payload.length > mostPayload) return "too-large";
    const stream = this.#stream;
    if (this.#over || stream.writableEnded || stream.writableLength > this.#options.queueBytes) return "full";
    // The first of a poll phase goes out at once, those behind it in one write, and so in one TLS record.
    if (!this.#wroteThisPhase) {
      this.#wroteThisPhase = true;
      setImmediate(this.#flush);
    } else if (!this.#corked) {
      this.#corked = true;
      stream.cork();
    }
    stream.write(datagramCapsule(payload));
    return "sent";
  }

  readonly #flush = (): void => {
    this.#wroteThisPhase = false;
    if (!this.#corked) return;
    this.#corked = false;
    this.#stream.uncork();
  };

  #take(bytes: Buffer): void {
    if (this.#over) return;
    try {
      if (this.#chunks) this.#chunks.push(bytes);
      else this.#capsules.push(bytes);
    } catch (error) {
      // RFC 9297 §3.3: what is malformed ends the stream.
      this.#end(malformed(error));
      return;
    }
    if (this.#chunks?.ended) this.#ended();
  }

  #ended(): void {
    const whole = !this.#capsules.midCapsule && (this.#chunks?.ended ?? true);
    this.#end(whole ? null : this.#options.explain({ code: "" }));
  }

  #end(error: AppError | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#endedWith = error;
    this.#capsules.stop();
    this.#flush();
    this.#options.reset();
    this.#listener?.ended(error);
  }

  /** Ends it. Idempotent; `ended` is not called any more. */
  close(): void {
    this.#listener = null;
    this.#end(null);
  }
}

const malformed = (error: unknown): AppError =>
  new AppError("connection-lost", "The proxy sent something else than datagrams.", {
    retryable: true,
    userAction: "Ask the administrator of the proxy.",
    cause: error,
  });
