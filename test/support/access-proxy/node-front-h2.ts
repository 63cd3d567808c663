import http2 from "node:http2";
import type net from "node:net";
import type { Duplex } from "node:stream";
import type { Answer } from "./answers.ts";
import { commonHeaders, decide, decidePage, newRequestId, udpAuthority } from "./front-decide.ts";
import type { FrontConnection, FrontContext } from "./front-connection.ts";
import { relayUdp } from "./udp-relay.ts";

const {
  NGHTTP2_NO_ERROR,
  NGHTTP2_CONNECT_ERROR,
  NGHTTP2_PROTOCOL_ERROR,
  NGHTTP2_HTTP_1_1_REQUIRED,
  NGHTTP2_REFUSED_STREAM,
} = http2.constants;

/** "Every stream so far counts": what a draining proxy puts into its GOAWAY. */
const lastStream = 2 ** 31 - 1;

const single = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

/** What the front wants to know about streams. */
export interface StreamWatcher {
  opened(stream: http2.ServerHttp2Stream): void;
}

/** Speaks HTTP/2 on a connection. */
export function serveH2(
  context: FrontContext,
  connection: FrontConnection,
  socket: Duplex,
  watcher: StreamWatcher,
): http2.ServerHttp2Session {
  const { current } = context.panel.faults;
  const session = http2.performServerHandshake(socket, {
    settings: {
      maxConcurrentStreams: current.maxConcurrentStreams,
      initialWindowSize: current.windowBytes,
      enableConnectProtocol: current.extendedConnect,
    },
    // Node's own guards would trip before the client under test does.
    maxSessionMemory: 4096,
    maxSessionRejectedStreams: 1_000_000,
    streamResetBurst: 1_000_000,
    streamResetRate: 1_000_000,
  });
  connection.session = session;
  if (current.windowBytes > 65_535) session.setLocalWindowSize(Math.floor(current.windowBytes * 1.5));
  session.on("error", () => {
    // The client broke the connection: 'close' follows and does the tidying.
  });
  session.on("close", () => {
    connection.session = null;
  });
  session.on("stream", (stream, headers) => {
    stream.on("error", () => {
      // A reset by either side: 'close' follows and does the tidying.
    });
    connection.streams.add(stream);
    stream.once("close", () => connection.streams.delete(stream));
    if (headers[":method"] !== "CONNECT") {
      page(context, stream, headers);
      return;
    }
    watcher.opened(stream);
    void connect(context, connection, stream, headers);
  });
  if (current.h2 === "close-after-preface") {
    session.once("remoteSettings", () => {
      session.destroy();
    });
  }
  return session;
}

function respond(stream: http2.ServerHttp2Stream, answer: Answer, headers: Record<string, string>): void {
  if (stream.destroyed || stream.closed) return;
  const length = { "content-length": String(Buffer.byteLength(answer.body)) };
  stream.respond({ ":status": answer.status, ...answer.headers, ...length, ...headers });
  stream.end(answer.body);
  // What the client still sends goes nowhere, but must not hold the connection's window.
  stream.resume();
}

/** Envoy does not wait for the client's end of a refused CONNECT: END_STREAM, and at once an RST_STREAM. */
function refuse(stream: http2.ServerHttp2Stream, answer: Answer, headers: Record<string, string>): void {
  respond(stream, answer, headers);
  stream.once("finish", () => {
    stream.close(answer.status === 503 ? NGHTTP2_CONNECT_ERROR : NGHTTP2_NO_ERROR);
  });
}

function page(context: FrontContext, stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): void {
  const requestId = newRequestId();
  const answer = decidePage(context, {
    method: headers[":method"] ?? "GET",
    target: headers[":path"] ?? "/",
    host: headers[":authority"] ?? headers.host ?? "",
    authorization: headers.authorization,
    accept: headers.accept,
    cookie: headers.cookie,
    requestId,
  });
  stream.resume();
  if (answer === "hang") return;
  respond(stream, answer, { ...commonHeaders(requestId), "x-envoy-upstream-service-time": "0" });
}

async function connect(
  context: FrontContext,
  connection: FrontConnection,
  stream: http2.ServerHttp2Stream,
  headers: http2.IncomingHttpHeaders,
): Promise<void> {
  const { panel } = context;
  if (panel.takeRefusal()) {
    stream.close(NGHTTP2_REFUSED_STREAM);
    return;
  }
  const { h2 } = panel.faults.current;
  if (h2 === "reset-protocol-error" || h2 === "reset-http-1-1-required") {
    stream.close(h2 === "reset-protocol-error" ? NGHTTP2_PROTOCOL_ERROR : NGHTTP2_HTTP_1_1_REQUIRED);
    return;
  }
  const gone = new AbortController();
  stream.once("close", () => {
    gone.abort();
  });
  const requestId = newRequestId();
  const protocol = single(headers[":protocol"]);
  const authority = protocol === "connect-udp" ? udpAuthority(headers[":path"] ?? "") : (headers[":authority"] ?? null);
  const decision = await decide(
    context,
    connection,
    {
      authority: authority ?? "",
      kind: protocol === "connect-udp" ? "udp" : "tcp",
      authorization: headers.authorization,
      accept: headers.accept,
      requestId,
    },
    gone.signal,
  );
  switch (decision.kind) {
    case "gone":
      return;
    case "junk":
      connection.raw.destroy();
      return;
    case "answer":
      refuse(stream, decision.answer, commonHeaders(requestId));
      // Seen: Envoy refuses the wrong kind of tunnel and then drains the connection; its other streams live on.
      if (decision.drain === true) connection.session?.goaway(NGHTTP2_NO_ERROR, lastStream);
      return;
    case "udp":
      stream.respond({ ":status": 200, "capsule-protocol": "?1", ...commonHeaders(requestId) });
      relayUdp(stream, { write: (bytes) => stream.write(bytes), end: () => stream.end() }, decision.target);
      return;
    case "tcp":
      stream.respond({ ":status": 200, ...commonHeaders(requestId) });
      splice(context, stream, decision.upstream);
  }
}

/** Both directions with backpressure; each ends by itself, and an abort on one side is an abort on the other. */
function splice(context: FrontContext, stream: http2.ServerHttp2Stream, upstream: net.Socket): void {
  stream.pipe(upstream, { end: false });
  // Node emits 'end' on a stream that was reset, too.
  stream.once("end", () => {
    if (stream.rstCode === NGHTTP2_NO_ERROR) upstream.end();
  });
  upstream.pipe(stream);
  let resetByUs = false;
  upstream.once("end", () => {
    if (!context.panel.faults.current.resetAfterEnd) return;
    resetByUs = true;
    stream.once("finish", () => {
      stream.close(NGHTTP2_NO_ERROR);
      upstream.destroySoon();
    });
  });
  upstream.once("close", (hadError) => {
    if (hadError && !stream.destroyed) stream.destroy(new Error("upstream reset"));
  });
  stream.once("close", () => {
    if (upstream.destroyed) return;
    const clean = stream.rstCode === NGHTTP2_NO_ERROR && !stream.aborted;
    if (!clean && !resetByUs) upstream.resetAndDestroy();
    else if (!upstream.writableEnded || !upstream.readableEnded) upstream.destroySoon();
  });
}
