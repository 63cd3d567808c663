import type net from "node:net";
import { AppError } from "../../../shared/errors.ts";
import { cancelled } from "../../aborts.ts";
import type { ProgramEvent } from "./messages.ts";
import { Program, programFailed } from "./program.ts";
import { Relay } from "./relay.ts";
import type { RemoteKeyLimits, RemoteTlsRequest } from "./remote-key.ts";
import { RemoteSocket } from "./remote-socket.ts";

export interface ConnectOptions {
  /** Path of the program. */
  readonly path: string;
  /** The first line of its standard input; `via` is the port that it is to connect to. */
  readonly input: (via: number) => string;
  readonly limits: RemoteKeyLimits;
  /** See RemoteTlsRequest. */
  readonly silent: RemoteTlsRequest["silent"];
  /** What asks a person, for the error of one who does not answer. */
  readonly where: string;
  /** Called once the program has begun to speak TLS: the store has let it in. */
  readonly onTls?: () => void;
}

export interface Connected {
  readonly socket: RemoteSocket;
  readonly alpn: string | null;
}

/**
 * Does TLS with a key that stays where it is, on an open connection, which it takes over.
 * @throws RemoteTlsError of TLS or of the program; AppError of a limit, of too long a line, or `cancelled`.
 */
export async function connectRemote(raw: net.Socket, options: ConnectOptions, signal: AbortSignal): Promise<Connected> {
  const { limits } = options;
  if (signal.aborted) {
    raw.destroy();
    throw cancelled(signal);
  }
  const relay = await Relay.open({ raw, drainMs: limits.drainMs }, signal);
  let program: Program | null = null;
  try {
    const line = options.input(relay.port);
    if (Buffer.byteLength(line) > limits.keyProgramLineBytes) {
      throw new AppError(
        "setting-invalid",
        "The certificates that are trusted are too many for a key that stays in its store.",
        {
          userAction: "Trust fewer CA certificates for this connection.",
        },
      );
    }
    program = new Program(options.path, ["connect"]);
    const alpn = await ready(program, relay, line, options, signal);
    return { socket: new RemoteSocket(program, relay, limits), alpn };
  } catch (thrown) {
    program?.kill();
    relay.reset();
    relay.close();
    throw thrown;
  }
}

/** Waits for the end of the handshake. Resolves to what ALPN chose. */
function ready(
  program: Program,
  relay: Relay,
  line: string,
  { limits, silent, where, onTls }: ConnectOptions,
  signal: AbortSignal,
): Promise<string | null> {
  return new Promise<string | null>((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    let over = false;
    const finish = (settle: () => void): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      clearTimeout(all);
      signal.removeEventListener("abort", onAbort);
      relay.onBytes = () => undefined;
      program.onEvent = () => undefined;
      settle();
    };
    const fail = (error: Error): void => finish(() => reject(error));
    const within = (ms: number, error: () => Error): void => {
      clearTimeout(timer);
      if (over) return;
      timer = setTimeout(() => fail(error()), ms);
    };
    const noConsent = (): AppError =>
      new AppError(
        "storage-failed",
        `The key in ${where} was not released within ${Math.round(limits.keyUseMs / 1000)} s.`,
        {
          retryable: true,
          userAction: "Allow its use when you are asked, or enter the PIN at the reader.",
        },
      );
    const onAbort = (): void => fail(cancelled(signal));
    const all = setTimeout(() => fail(noConsent()), limits.keyUseMs + limits.tlsMs);
    program.onEvent = (event: ProgramEvent) => {
      if (event.event === "connected") {
        // Where a person is asked for a PIN or a touch, that takes the time that it takes.
        within(limits.keyUseMs, noConsent);
        void relay.accept(event.port);
      } else if (event.event === "ready") finish(() => resolve(event.alpn));
    };
    relay.onBytes = (from) => {
      if (from === "proxy") return within(limits.keyUseMs, noConsent);
      onTls?.();
      within(limits.tlsMs, silent);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    within(limits.keyProgramStartMs, () => programFailed("it does not start"));
    void program.gone.then((error) => fail(error ?? relay.failure ?? programFailed("it ended before TLS began")));
    program.stdin.write(`${line}\n`);
  });
}
