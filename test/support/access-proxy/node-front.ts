import { once } from "node:events";
import http2 from "node:http2";
import net from "node:net";
import { addAbortSignal } from "node:stream";
import tls from "node:tls";
import type { ControlCore } from "./control-core.ts";
import type { Counters } from "./counters.ts";
import { createFaultPanel, type FaultActions, type FaultSwitch } from "./faults.ts";
import { filterFrames } from "./frame-filter.ts";
import { createTraffic, type FrontConnection, type FrontContext } from "./front-connection.ts";
import { createH1Front } from "./node-front-h1.ts";
import { serveH2 } from "./node-front-h2.ts";
import type { Pki } from "./pki.ts";
import type { AccessProxyOptions } from "./types.ts";

/** The Node front: what Envoy does in a Pomerium, with faults to order. */
export interface NodeFront {
  readonly port: number;
  readonly faults: FaultSwitch;
  readonly counters: Counters;
  close(): Promise<void>;
}

/** Stops reading at the lowest level there is: neither TLS nor HTTP/2 sees another byte, so no PING is answered. */
function stopReading(raw: net.Socket): void {
  const { _handle: handle } = raw as unknown as { _handle: { readStop(): number } | null };
  handle?.readStop();
}

function silenceConnection(connection: FrontConnection): void {
  connection.silenced = true;
  stopReading(connection.raw);
  for (const upstream of connection.upstreams) {
    upstream.unpipe();
    upstream.pause();
  }
}

/** Node derives the code of an RST_STREAM without END_STREAM from the error: CANCEL for an abort, else INTERNAL_ERROR. */
function resetStream(stream: http2.ServerHttp2Stream, code: "internal-error" | "cancel"): void {
  if (code === "internal-error") {
    stream.destroy(new Error("reset by a fault"));
    return;
  }
  const abort = new AbortController();
  addAbortSignal(abort.signal, stream);
  abort.abort();
}

function faultActions(connections: Set<FrontConnection>): FaultActions {
  const each = (act: (connection: FrontConnection) => void): number => {
    const all = [...connections];
    all.forEach(act);
    return all.length;
  };
  return {
    resetStreams(code = "internal-error") {
      const streams = [...connections].flatMap((connection) => [...connection.streams]);
      for (const stream of streams) resetStream(stream, code);
      return streams.length;
    },
    resetConnections: () => each((connection) => connection.raw.resetAndDestroy()),
    dropConnections: () => each((connection) => connection.raw.destroy()),
    goaway(code = http2.constants.NGHTTP2_NO_ERROR) {
      const sessions = [...connections].flatMap(({ session }) => (session === null ? [] : [session]));
      for (const session of sessions) session.goaway(code);
      return sessions.length;
    },
    silence: () => each(silenceConnection),
  };
}

function tlsServer(options: AccessProxyOptions, pki: Pki, h2Offered: () => boolean): tls.Server {
  const wanted = options.alpn ?? ["h2", "http/1.1"];
  const mode = options.clientCertificates ?? "off";
  const asks = mode !== "off" || options.routes.some((route) => route.policy === "client-certificate");
  return tls.createServer({
    key: pki.server.keyPem,
    cert: pki.server.certPem,
    ...(options.tlsVersion ? { minVersion: options.tlsVersion, maxVersion: options.tlsVersion } : {}),
    ...(wanted.length === 0
      ? {}
      : {
          ALPNCallback: ({ protocols }: { protocols: readonly string[] }) =>
            wanted.find((protocol) => protocols.includes(protocol) && (protocol !== "h2" || h2Offered())),
        }),
    ...(asks
      ? {
          requestCert: true,
          rejectUnauthorized: mode === "reject-connection",
          ca: options.clientCas ?? pki.clientCaPem,
        }
      : {}),
  });
}

/** Starts the Node front on a random loopback port. */
export async function startNodeFront(options: AccessProxyOptions, core: ControlCore, pki: Pki): Promise<NodeFront> {
  const connections = new Set<FrontConnection>();
  const byPort = new Map<number, FrontConnection>();
  const panel = createFaultPanel(faultActions(connections));
  const { faults } = panel;
  const closing = new AbortController();
  const context: FrontContext = { core, panel, traffic: createTraffic(), closing: closing.signal };
  const h1 = createH1Front(context);
  const count = { accepted: 0, handshakes: 0, resumed: 0, sessions: 0, streams: 0 };

  const secure = tlsServer(options, pki, () => faults.current.h2 !== "off");
  secure.on("tlsClientError", () => {
    // A client that does not like the certificate: the connection closes by itself.
  });
  secure.on("secureConnection", (socket) => {
    const connection = byPort.get(socket.remotePort ?? -1);
    if (connection === undefined) {
      socket.destroy();
      return;
    }
    connection.tls = socket;
    count.handshakes += 1;
    if (socket.isSessionReused()) count.resumed += 1;
    socket.on("error", () => {
      // The client broke the connection: 'close' follows.
    });
    if (faults.current.answer?.kind === "junk") speakJunk(socket);
    else if (socket.alpnProtocol === "h2") {
      const filtered = faults.current.filterFrames || faults.current.ignorePings;
      const transport = filterFrames(socket, filtered ? () => faults.current.ignorePings : null);
      count.sessions += 1;
      serveH2(context, connection, transport, {
        opened: () => {
          count.streams += 1;
        },
      });
    } else h1.serve(connection, socket);
  });

  const accept = (raw: net.Socket): void => {
    count.accepted += 1;
    const connection: FrontConnection = {
      raw,
      tls: null,
      session: null,
      streams: new Set(),
      upstreams: new Set(),
      silenced: false,
    };
    const { remotePort } = raw;
    connections.add(connection);
    if (remotePort !== undefined) byPort.set(remotePort, connection);
    raw.on("error", () => {
      // 'close' follows.
    });
    raw.once("close", () => {
      connections.delete(connection);
      if (remotePort !== undefined && byPort.get(remotePort) === connection) byPort.delete(remotePort);
    });
    const { tcp, tls: tlsFault, answer } = faults.current;
    if (tcp === "reset") raw.resetAndDestroy();
    else if (tcp === "close") raw.destroy();
    else if (tcp === "silent" || tlsFault === "silent") raw.resume();
    else if (tlsFault === "drop") raw.once("data", () => raw.destroy());
    else if (options.plain !== true) secure.emit("connection", raw);
    else if (answer?.kind === "junk") speakJunk(raw);
    else h1.serve(connection, raw);
  };

  const listener = net.createServer({ allowHalfOpen: true, noDelay: true }, accept);
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    closing.abort();
    const done = once(listener, "close");
    listener.close();
    for (const connection of connections) {
      for (const upstream of connection.upstreams) upstream.destroy();
      // The session ends with its socket; destroying it first would write a GOAWAY, maybe in the middle of a write.
      connection.raw.destroy();
    }
    await done;
  };
  return {
    port: (listener.address() as net.AddressInfo).port,
    faults,
    counters: {
      accepted: () => count.accepted,
      open: () => connections.size,
      handshakes: () => count.handshakes,
      resumed: () => count.resumed,
      h2Sessions: () => [...connections].filter(({ session }) => session !== null).length,
      h2SessionsTotal: () => count.sessions,
      streamsPerSession: () =>
        [...connections].filter(({ session }) => session !== null).map(({ streams }) => streams.size),
      streamsTotal: () => count.streams,
      bytesUp: context.traffic.up,
      bytesDown: context.traffic.down,
    },
    close: () => (closed ??= close()),
  };
}

function speakJunk(socket: net.Socket): void {
  socket.once("data", () => {
    socket.end(Buffer.from("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\u0000\u0001\u0002"));
  });
}
