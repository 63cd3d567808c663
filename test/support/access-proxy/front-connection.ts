import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import net from "node:net";
import type { TLSSocket } from "node:tls";
import type { CertificateState, ControlCore } from "./control-core.ts";
import type { FaultPanel } from "./faults.ts";

/** One accepted connection of the Node front, whatever it speaks. */
export interface FrontConnection {
  readonly raw: net.Socket;
  tls: TLSSocket | null;
  session: ServerHttp2Session | null;
  readonly streams: Set<ServerHttp2Stream>;
  readonly upstreams: Set<net.Socket>;
  silenced: boolean;
}

/** What the protocol parts of the Node front share. */
export interface FrontContext {
  readonly core: ControlCore;
  readonly panel: FaultPanel;
  readonly traffic: Traffic;
  /** Ends waiting things when the front closes. */
  readonly closing: AbortSignal;
}

/** Tunnel bytes, read off the upstream sockets so that counting costs the data path nothing. */
export interface Traffic {
  watch(upstream: net.Socket): void;
  readonly up: () => number;
  readonly down: () => number;
}

/** Makes the byte counter. */
export function createTraffic(): Traffic {
  const live = new Set<net.Socket>();
  let up = 0;
  let down = 0;
  return {
    watch(upstream) {
      live.add(upstream);
      upstream.once("close", () => {
        live.delete(upstream);
        up += upstream.bytesWritten;
        down += upstream.bytesRead;
      });
    },
    up: () => [...live].reduce((sum, socket) => sum + socket.bytesWritten, up),
    down: () => [...live].reduce((sum, socket) => sum + socket.bytesRead, down),
  };
}

/** How the client certificate of a connection fared. */
export function certificateOf(connection: FrontConnection): CertificateState {
  const { tls } = connection;
  if (tls === null) return "none";
  if (tls.authorized) return "valid";
  return tls.getPeerCertificate().raw === undefined ? "none" : "invalid";
}

/** Dials an upstream; null when it refuses, as a route without an upstream does. */
export async function dialUpstream(
  context: FrontContext,
  connection: FrontConnection,
  target: { host: string; port: number } | null,
  gone: AbortSignal,
): Promise<net.Socket | null> {
  if (target === null || gone.aborted) return null;
  const socket = net.connect({ ...target, allowHalfOpen: true, noDelay: true });
  connection.upstreams.add(socket);
  context.traffic.watch(socket);
  socket.once("close", () => connection.upstreams.delete(socket));
  const abort = (): void => {
    socket.destroy();
  };
  gone.addEventListener("abort", abort, { once: true });
  socket.on("error", () => {
    // The splice listens for 'close'; the listener only keeps an unhandled error from ending the process.
  });
  const connected = await new Promise<boolean>((resolve) => {
    socket.once("connect", () => {
      resolve(true);
    });
    socket.once("close", () => {
      resolve(false);
    });
  });
  gone.removeEventListener("abort", abort);
  return connected ? socket : null;
}
