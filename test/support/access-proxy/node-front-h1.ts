import http from "node:http";
import type net from "node:net";
import type { Duplex } from "node:stream";
import { reasonOf, type Answer } from "./answers.ts";
import { commonHeaders, decide, decidePage, newRequestId, udpAuthority, type Decision } from "./front-decide.ts";
import type { FrontConnection, FrontContext } from "./front-connection.ts";
import { relayUdp } from "./udp-relay.ts";

/** Speaks HTTP/1.1 on a connection. */
export interface H1Front {
  serve(connection: FrontConnection, socket: Duplex): void;
}

function head(status: number, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${reasonOf(status)}\r\n${lines.join("")}\r\n`;
}

function refuse(socket: Duplex, answer: Answer, requestId: string): void {
  const headers = {
    ...answer.headers,
    "content-length": String(Buffer.byteLength(answer.body)),
    ...commonHeaders(requestId),
    connection: "close",
  };
  socket.end(head(answer.status, headers) + answer.body);
  // Reads the client's end, so that the answer is not lost to a reset over unread bytes.
  socket.resume();
}

/**
 * As Envoy was seen to do: what the client sent reaches the upstream with its end, but the connection to the client
 * is then closed, and what the upstream still answers is thrown away.
 */
function splice(connection: FrontConnection, socket: Duplex, upstream: net.Socket, early: Buffer): void {
  if (early.length > 0) upstream.write(early);
  socket.pipe(upstream);
  upstream.pipe(socket);
  socket.once("end", () => {
    upstream.unpipe(socket);
    upstream.resume();
    socket.end();
  });
  upstream.once("close", (hadError) => {
    if (hadError && !socket.destroyed) connection.raw.resetAndDestroy();
  });
  socket.once("close", () => {
    if (!upstream.destroyed && !socket.readableEnded) upstream.resetAndDestroy();
  });
}

/** Makes the HTTP/1.1 side of the Node front. */
export function createH1Front(context: FrontContext): H1Front {
  const connections = new WeakMap<Duplex, FrontConnection>();
  const server = http.createServer({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 });

  const tunnel = async (
    request: http.IncomingMessage,
    socket: Duplex,
    early: Buffer,
    authority: string,
    kind: "tcp" | "udp",
  ): Promise<void> => {
    const connection = connections.get(socket);
    if (connection === undefined) return;
    socket.on("error", () => {
      // The client broke the connection: 'close' follows and does the tidying.
    });
    const gone = new AbortController();
    socket.once("close", () => {
      gone.abort();
    });
    const requestId = newRequestId();
    const decision = await decide(
      context,
      connection,
      {
        authority,
        kind,
        authorization: request.headers.authorization,
        accept: request.headers.accept,
        requestId,
      },
      gone.signal,
    );
    carry(decision, connection, socket, early, requestId);
  };

  const carry = (
    decision: Decision,
    connection: FrontConnection,
    socket: Duplex,
    early: Buffer,
    requestId: string,
  ): void => {
    switch (decision.kind) {
      case "gone":
        return;
      case "junk":
        connection.raw.destroy();
        return;
      case "answer":
        refuse(socket, decision.answer, requestId);
        return;
      case "udp": {
        if (early.length > 0) socket.unshift(early);
        openUdp(context, socket, decision.target, requestId);
        return;
      }
      case "tcp":
        socket.write(head(200, commonHeaders(requestId)));
        splice(connection, socket, decision.upstream, early);
    }
  };

  server.on("connect", (request, socket, early) => {
    void tunnel(request, socket, early, request.url ?? "", "tcp");
  });
  server.on("upgrade", (request, socket, early) => {
    const authority = udpAuthority(request.url ?? "");
    if (request.headers.upgrade?.toLowerCase() === "connect-udp" && authority !== null) {
      void tunnel(request, socket, early, authority, "udp");
      return;
    }
    refuse(socket, { status: 403, headers: {}, body: "" }, newRequestId());
  });
  server.on("request", (request, response) => {
    page(context, request, response);
  });
  server.on("clientError", (_error, socket) => {
    const answer = { status: 400, headers: { "content-type": "text/plain" }, body: "Bad Request" };
    if (socket.writable) refuse(socket, answer, newRequestId());
    else socket.destroy();
  });
  return {
    serve(connection, socket) {
      connections.set(socket, connection);
      server.emit("connection", socket);
    },
  };
}

function openUdp(
  context: FrontContext,
  socket: Duplex,
  target: { host: string; port: number },
  requestId: string,
): void {
  if (context.panel.faults.current.udpSwitchingProtocols) {
    const upgrade = { connection: "Upgrade", upgrade: "connect-udp", "capsule-protocol": "?1" };
    socket.write(head(101, { ...upgrade, ...commonHeaders(requestId) }));
    relayUdp(socket, { write: (bytes) => socket.write(bytes), end: () => socket.end() }, target);
    return;
  }
  const chunked = { connection: "close", "transfer-encoding": "chunked" };
  socket.write(head(200, { "capsule-protocol": "?1", ...commonHeaders(requestId), ...chunked }));
  const write = (bytes: Buffer): void => {
    socket.write(Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]));
  };
  relayUdp(socket, { write, end: () => socket.end("0\r\n\r\n") }, target);
}

function page(context: FrontContext, request: http.IncomingMessage, response: http.ServerResponse): void {
  request.resume();
  const requestId = newRequestId();
  const answer = decidePage(context, {
    method: request.method ?? "GET",
    target: request.url ?? "/",
    host: request.headers.host ?? "",
    authorization: request.headers.authorization,
    accept: request.headers.accept,
    cookie: request.headers.cookie,
    requestId,
  });
  if (answer === "hang") return;
  response.sendDate = false;
  const wantsClose = request.headers.connection?.toLowerCase() === "close";
  // Without this Node would add "Connection: keep-alive", which the real one does not.
  if (!wantsClose) response.removeHeader("connection");
  response.writeHead(answer.status, reasonOf(answer.status), {
    ...answer.headers,
    "content-length": Buffer.byteLength(answer.body),
    "x-envoy-upstream-service-time": "0",
    ...commonHeaders(requestId),
    ...(wantsClose ? { connection: "close" } : {}),
  });
  response.end(answer.body);
}
