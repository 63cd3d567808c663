import { Duplex } from "node:stream";
import type { Program } from "./program.ts";
import type { Relay } from "./relay.ts";
import { RemoteTlsError, type RemoteKeyLimits, type RemoteTlsSocket } from "./remote-key.ts";

type Done = (error?: Error | null) => void;

/**
 * What goes through TLS in the program, as a stream: its standard input and output. Each direction ends alone. An error comes
 * behind the bytes that came before it. Owner of the program and of the connection beneath.
 */
export class RemoteSocket extends Duplex implements RemoteTlsSocket {
  readonly localAddress: string | undefined;
  readonly #program: Program;
  readonly #relay: Relay;
  #outputEnded = false;
  #isSilent = false;
  /** What is to be called once it is known why standard input takes no more. */
  #broken: Done | null = null;
  #gone: { readonly error: RemoteTlsError | null } | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(program: Program, relay: Relay, limits: Pick<RemoteKeyLimits, "pipeBuffer" | "keyProgramSilentMs">) {
    super({ allowHalfOpen: true, highWaterMark: limits.pipeBuffer });
    this.#program = program;
    this.#relay = relay;
    this.localAddress = relay.raw.localAddress;
    const { stdin, stdout } = program;
    program.onEvent = () => this.#settle();
    stdout.on("data", (bytes: Buffer) => {
      if (!this.push(bytes)) stdout.pause();
    });
    const ended = (): void => {
      if (this.#outputEnded) return;
      this.#outputEnded = true;
      this.#timer = setTimeout(() => {
        this.#isSilent = true;
        this.#settle();
      }, limits.keyProgramSilentMs);
      this.#settle();
    };
    stdout.once("end", ended).once("close", ended);
    stdin.on("error", () => this.#settle());
    void program.gone.then((error) => {
      this.#gone = { error };
      this.#settle();
    });
    stdout.pause();
  }

  get bytesRead(): number {
    return this.#relay.raw.bytesRead;
  }

  ref(): this {
    this.#keepAlive(true);
    return this;
  }

  unref(): this {
    this.#keepAlive(false);
    return this;
  }

  #keepAlive(does: boolean): void {
    this.#program.keepsAlive(does);
    this.#relay.keepsAlive(does);
  }

  /** Ends the connection to the proxy with a TCP RST. */
  reset(): void {
    this.#relay.reset();
    this.destroy();
  }

  override _read(): void {
    this.#program.stdout.resume();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#program.stdin.write(bytes, (error) => this.#written(error, done));
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: Done): void {
    const { stdin } = this.#program;
    stdin.cork();
    chunks.forEach(({ chunk }, index) =>
      stdin.write(chunk, index === chunks.length - 1 ? (error) => this.#written(error, done) : undefined),
    );
    stdin.uncork();
  }

  #written(error: Error | null | undefined, done: Done): void {
    if (!error) return done();
    // A pipe that is broken does not say why; the program does, or how it has ended.
    this.#broken = done;
    this.#settle();
  }

  /** Finishes once the system has taken all of it for the proxy: the program ends its connection when it has sent it. */
  override _final(done: Done): void {
    const { raw } = this.#relay;
    this.#program.stdin.end();
    if (raw.writableFinished) return done();
    raw.once("finish", done);
  }

  override _destroy(error: Error | null, done: Done): void {
    clearTimeout(this.#timer);
    this.#program.kill();
    this.#relay.close();
    done(error);
  }

  /** Acts on what is known of the end. Called whenever more is. */
  #settle(): void {
    if (this.destroyed) return;
    const error = this.#program.error ?? this.#gone?.error;
    // Bytes that came before the error are the reader's.
    if (!this.#outputEnded) return;
    if (error) return void this.destroy(error);
    if (this.#broken && this.#gone) return void this.destroy(new RemoteTlsError("ECONNRESET", "it takes no more"));
    if (!this.#program.endSaid && !this.#gone && !this.#isSilent) return;
    clearTimeout(this.#timer);
    this.push(null);
  }
}
