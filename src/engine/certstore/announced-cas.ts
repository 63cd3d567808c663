import net from "node:net";
import { Duplex } from "node:stream";
import tls from "node:tls";
import type { AppError } from "../../shared/errors.ts";
import { cancelled } from "../aborts.ts";
import { HandshakeError, HandshakeReader, type Announced } from "./handshake-reader.ts";

export type { Announced } from "./handshake-reader.ts";

export interface ProbeOptions {
  /** Host of the proxy, for SNI: what a proxy asks for may depend on it. */
  readonly host: string;
  /** From here on, milliseconds. */
  readonly ms: number;
  /** Bytes of the server's handshake that are taken in. */
  readonly bytes: number;
  /** The error for a wait that has reached its limit. */
  readonly late: () => AppError;
  /** Maps an error of the connection to what the user is told. */
  readonly explain: (error: unknown) => AppError;
}

/** A socket through which TLS can be read along: a TLSSocket takes the handle of a net.Socket, and its bytes with it. */
class Tap extends Duplex {
  readonly #raw: net.Socket;

  constructor(raw: net.Socket, onBytes: (chunk: Buffer) => void) {
    super();
    this.#raw = raw;
    raw.on("data", (chunk) => {
      onBytes(chunk);
      if (!this.push(chunk)) raw.pause();
    });
    raw.on("end", () => this.push(null));
    raw.on("error", (error) => this.destroy(error));
    raw.on("close", () => this.destroy());
  }

  override _read(): void {
    this.#raw.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#raw.write(chunk, done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#raw.destroy();
    done(error);
  }
}

/**
 * Learns from a handshake of its own which CAs a TLS server accepts client certificates of. Shows no certificate, and
 * ends the connection as soon as it knows. The server's own certificate is not judged: a server that lies here gains
 * what it gains from the next handshake, whose certificate is. Takes the socket over.
 * @throws AppError when the handshake ends before that is known, at the limit, or when cancelled.
 */
export function announcedCas(raw: net.Socket, options: ProbeOptions, signal: AbortSignal): Promise<Announced> {
  return new Promise<Announced>((resolve, reject) => {
    const reader = new HandshakeReader(options.bytes);
    let over = false;
    let isReadable = true;
    const finish = (settle: () => void): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      settle();
      // Later, since this may run inside OpenSSL's own callback.
      setImmediate(() => {
        secure?.destroy();
        raw.destroy();
      });
    };
    const fail = (error: unknown): void => finish(() => reject(options.explain(error)));
    const onAbort = (): void => finish(() => reject(cancelled(signal)));
    const step = (read: () => void): void => {
      if (over || !isReadable) return;
      try {
        read();
      } catch (error) {
        if (!(error instanceof HandshakeError)) return fail(error);
        // TLS itself is the judge of it: it reports what is wrong, or finishes.
        isReadable = false;
        return;
      }
      const { announced } = reader;
      if (announced) finish(() => resolve(announced));
    };
    let secure: tls.TLSSocket | null = null;
    const timer = setTimeout(() => finish(() => reject(options.late())), options.ms);
    raw.on("error", () => undefined);
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    const tap = new Tap(raw, (chunk) => step(() => reader.bytes(chunk)));
    tap.on("error", () => undefined);
    secure = tls.connect({
      socket: tap,
      host: options.host,
      // RFC 6066 §3: no literal addresses in SNI.
      ...(net.isIP(options.host) === 0 ? { servername: options.host } : {}),
      ALPNProtocols: ["h2", "http/1.1"],
      minVersion: "TLSv1.2",
      rejectUnauthorized: false,
    });
    secure.on("keylog", (line) => step(() => reader.keyLog(line.toString("latin1"))));
    // TLS takes a handshake that could not be read along, or its cipher is not known here: any CA may do.
    secure.once("secureConnect", () => finish(() => resolve({ requested: true, caNames: [] })));
    secure.on("error", fail);
    secure.once("close", () => fail({ code: "" }));
  });
}
