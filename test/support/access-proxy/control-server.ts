import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Answer } from "./answers.ts";
import type { CertificateState, ControlCore } from "./control-core.ts";
import { answerPage } from "./control-pages.ts";

/** The control plane as a plain HTTP server on loopback: Envoy asks it, and a browser may sign in at it. */
export interface ControlServer {
  readonly port: number;
  readonly origin: string;
  close(): Promise<void>;
}

const single = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

function certificateState(value: string | undefined): CertificateState {
  return value === "valid" || value === "invalid" ? value : "none";
}

function send(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, { ...answer.headers, "content-length": Buffer.byteLength(answer.body) });
  response.end(answer.body);
}

function authorize(core: ControlCore, request: IncomingMessage, response: ServerResponse): void {
  const { headers } = request;
  const answer = core.authorize({
    authority: single(headers["x-target"]) ?? "",
    authorization: headers.authorization,
    accept: headers.accept,
    requestId: single(headers["x-request-id"]) ?? randomUUID(),
    certificate: certificateState(single(headers["x-client-certificate"])),
    alpn: single(headers["x-alpn"]),
  });
  send(response, answer ?? { status: 200, headers: {}, body: "" });
}

/** Starts the control server. */
export async function startControlServer(core: ControlCore): Promise<ControlServer> {
  const server = createServer((request, response) => {
    request.resume();
    const target = request.url ?? "/";
    if (target === "/authorize") {
      authorize(core, request, response);
      return;
    }
    const host = request.headers.host ?? "";
    const answer = answerPage(core, {
      method: request.method ?? "GET",
      target,
      host,
      authorization: request.headers.authorization,
      accept: request.headers.accept,
      cookie: request.headers.cookie,
      requestId: single(request.headers["x-request-id"]) ?? randomUUID(),
      // Envoy passes the client's Host on, so only a browser that came here by itself has ours.
      loopback: `http://${host}` === core.place.controlOrigin,
    });
    if (answer !== "hang") send(response, answer);
  });
  // Envoy keeps connections to us open; without this a kept connection closing at the wrong moment would be a 503.
  server.keepAliveTimeout = 0;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  core.place.controlOrigin = origin;
  let closed: Promise<void> | undefined;
  return {
    port,
    origin,
    close: () =>
      (closed ??= new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      })),
  };
}
