import net from "node:net";
import { cancelled } from "../../aborts.ts";

const loopback = "127.0.0.1";

/** Connections that wait for the program to say which one is its own. */
const mostWaiting = 16;

export interface RelayOptions {
  /** The connection to the proxy; the relay takes it over. */
  readonly raw: net.Socket;
  /** How long a direction that still has bytes for the program may go on once the connection has failed; milliseconds. */
  readonly drainMs: number;
}

/**
 * Carries the ciphertext between the program, which connects to a loopback port of this process, and the connection to the
 * proxy. Of what comes to that port only the program's own connection is accepted, and nothing else is answered.
 */
export class Relay {
  readonly #server: net.Server;
  readonly #raw: net.Socket;
  readonly #drainMs: number;
  readonly #waiting = new Set<net.Socket>();
  #wanted: number | null = null;
  #accepted: (own: net.Socket) => void = () => undefined;
  #own: net.Socket | null = null;
  #failure: Error | null = null;
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  /** Called when bytes have come from one of the two. */
  onBytes: (from: "proxy" | "program") => void = () => undefined;

  private constructor({ raw, drainMs }: RelayOptions) {
    this.#raw = raw;
    this.#drainMs = drainMs;
    this.#server = net.createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) =>
      this.#came(socket),
    );
    // An error of the proxy's side before there is anybody to tell.
    raw.on("error", (error) => this.#lost(error));
  }

  /** Listens on a loopback port of its own. @throws Error of listening; AppError `cancelled`. */
  static async open(options: RelayOptions, signal: AbortSignal): Promise<Relay> {
    const relay = new Relay(options);
    await new Promise<void>((resolve, reject) => {
      const fail = (error: Error): void => {
        relay.close();
        reject(error);
      };
      relay.#server.once("error", fail);
      relay.#server.listen({ host: loopback, port: 0, exclusive: true, backlog: mostWaiting }, () => {
        if (signal.aborted) return fail(cancelled(signal));
        resolve();
      });
    });
    return relay;
  }

  /** Where the program is to connect to. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** The error of the connection to the proxy. */
  get failure(): Error | null {
    return this.#failure;
  }

  get raw(): net.Socket {
    return this.#raw;
  }

  /** Takes the connection that comes from this port, and no other. Resolves once it is there. */
  async accept(port: number): Promise<void> {
    if (this.#wanted !== null) return;
    const own = await new Promise<net.Socket>((resolve) => {
      this.#wanted = port;
      this.#accepted = resolve;
      for (const socket of [...this.#waiting]) this.#sort(socket);
    });
    this.#server.close();
    for (const socket of this.#waiting) socket.destroy();
    this.#waiting.clear();
    this.#splice(own);
  }

  #came(socket: net.Socket): void {
    socket.on("error", () => undefined);
    if (this.#own || this.#closed || this.#waiting.size >= mostWaiting) return void socket.destroy();
    this.#waiting.add(socket);
    socket.once("close", () => this.#waiting.delete(socket));
    this.#sort(socket);
  }

  #sort(socket: net.Socket): void {
    if (this.#wanted === null || this.#own) return;
    // Every address of 127.0.0.0/8 has ports of its own.
    if (socket.remotePort !== this.#wanted || socket.remoteAddress !== loopback) return void socket.destroy();
    this.#waiting.delete(socket);
    this.#own = socket;
    this.#accepted(socket);
  }

  #splice(own: net.Socket): void {
    const raw = this.#raw;
    own.on("error", () => undefined);
    // A program that was killed leaves nobody who could end TLS in order.
    own.once("close", () => own.readableEnded || raw.resetAndDestroy());
    raw.once("close", () => this.#failure || raw.readableEnded || this.#lost(new Error("closed")));
    this.#carry(raw, own, "proxy");
    this.#carry(own, raw, "program");
    if (raw.destroyed) this.#lost(new Error("closed"));
  }

  #carry(from: net.Socket, to: net.Socket, side: "proxy" | "program"): void {
    from.on("data", (bytes: Buffer) => {
      this.onBytes(side);
      // To a connection that has failed; the program still has to hear what came before.
      if (to.destroyed || to.writableEnded || to.write(bytes)) return;
      from.pause();
      to.once("drain", () => from.resume());
    });
    from.once("end", () => to.end());
    from.resume();
  }

  /** The program gets what came before, then the end of it; TLS will find that it was none. */
  #lost(error: Error): void {
    if (this.#failure) return;
    this.#failure = error;
    const own = this.#own;
    if (!own || this.#closed) return;
    own.resume();
    own.end();
    this.#timer = setTimeout(() => own.destroy(), this.#drainMs);
  }

  /** Whether it keeps this process from ending. */
  keepsAlive(does: boolean): void {
    for (const socket of [this.#own, this.#raw]) {
      if (does) socket?.ref();
      else socket?.unref();
    }
  }

  /** Ends the connection to the proxy with a TCP RST. */
  reset(): void {
    this.#raw.resetAndDestroy();
  }

  /** Ends everything; what the proxy has not been sent yet is lost. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#server.close();
    for (const socket of this.#waiting) socket.destroy();
    this.#own?.destroy();
    this.#raw.destroy();
  }
}
