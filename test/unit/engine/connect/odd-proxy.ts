import { once } from "node:events";
import http2 from "node:http2";
import net from "node:net";
import tls from "node:tls";
import { Connector } from "../../../../src/engine/connect/connector.ts";
import { createTlsIdentity } from "../../../../src/engine/tls/identity.ts";
import { parseTarget, type Target } from "../../../../src/shared/address.ts";
import type { EngineEvent } from "../../../../src/shared/events.ts";
import { limits, type Limits } from "../../../../src/shared/limits.ts";
import { createPki, type Pki } from "../../../support/access-proxy/index.ts";
import { loopbackLookup } from "../../../support/rig.ts";

export interface OddProxyOptions {
  readonly alpn?: readonly ("h2" | "http/1.1")[];
  /** Without TLS. */
  readonly plain?: boolean;
  /** SETTINGS of its HTTP/2. */
  readonly settings?: http2.Settings;
}

/** Answers a CONNECT or GET on HTTP/2. @param connection the number of the connection, from 1. */
export type OnStream = (
  stream: http2.ServerHttp2Stream,
  headers: http2.IncomingHttpHeaders,
  connection: number,
) => void;

/** Answers a request on HTTP/1.1, whose head has been read. */
export type OnRequest = (socket: net.Socket, head: string, connection: number) => void;

/**
 * A server in the place of a proxy whose every answer the test writes itself: for what neither Pomerium nor the
 * stand-in's faults do.
 */
export class OddProxy {
  readonly pki: Pki;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  /** What each connection spoke, oldest first. */
  readonly spoken: ("h2" | "http/1.1")[] = [];
  /** Connections accepted so far. */
  accepted = 0;
  onStream: OnStream = (stream) => stream.respond({ ":status": 200 });
  onSession: (session: http2.ServerHttp2Session) => void = () => undefined;
  onRequest: OnRequest = (socket) => socket.write("HTTP/1.1 200 OK\r\n\r\n");

  private constructor(pki: Pki, options: OddProxyOptions) {
    this.pki = pki;
    this.#server = options.plain
      ? net.createServer({ allowHalfOpen: true })
      : tls.createServer({
          key: pki.server.keyPem,
          cert: pki.server.certPem,
          ALPNProtocols: [...(options.alpn ?? ["h2", "http/1.1"])],
          allowHalfOpen: true,
        });
    this.#server.on("tlsClientError", () => undefined);
    this.#server.on(options.plain ? "connection" : "secureConnection", (socket: net.Socket) => {
      this.#serve(socket, options);
    });
    this.#server.on("connection", (socket: net.Socket) => {
      this.accepted += 1;
      this.#sockets.add(socket);
      socket.on("error", () => undefined).once("close", () => this.#sockets.delete(socket));
    });
  }

  static async start(options: OddProxyOptions = {}): Promise<OddProxy> {
    const proxy = new OddProxy(await createPki({ names: ["odd.corp.test", "localhost"] }), options);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  #serve(socket: net.Socket, options: OddProxyOptions): void {
    socket.on("error", () => undefined);
    const number = this.spoken.length + 1;
    if (socket instanceof tls.TLSSocket && socket.alpnProtocol === "h2") {
      this.spoken.push("h2");
      const session = http2.performServerHandshake(socket, options.settings ? { settings: options.settings } : {});
      this.onSession(session);
      session.on("error", () => undefined);
      session.on("stream", (stream, headers) => {
        stream.on("error", () => undefined);
        this.onStream(stream, headers, number);
      });
      return;
    }
    this.spoken.push("http/1.1");
    let head = "";
    const onData = (chunk: Buffer): void => {
      head += chunk.toString("latin1");
      if (!head.includes("\r\n\r\n")) return;
      socket.off("data", onData);
      this.onRequest(socket, head, number);
    };
    socket.on("data", onData);
  }

  /** Connections open now. */
  get open(): number {
    return this.#sockets.size;
  }

  /** Ends every connection at once. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.drop();
    this.#server.close();
    await once(this.#server, "close");
    this.pki.remove();
  }
}

/** A connector before an odd proxy, and what it said. */
export interface OddClient {
  readonly connector: Connector;
  readonly events: EngineEvent[];
  readonly target: Target;
  /** One CONNECT without a session. */
  open(signal?: AbortSignal): ReturnType<Connector["open"]>;
}

/** Makes a connector that trusts the odd proxy. */
export function clientOf(proxy: OddProxy, options: { plain?: boolean; limits?: Partial<Limits> } = {}): OddClient {
  const events: EngineEvent[] = [];
  const connector = new Connector({
    limits: { ...limits, ...options.limits },
    events: (event) => events.push(event),
    lookup: loopbackLookup,
  });
  const identity = createTlsIdentity({ verify: true, ca: [proxy.pki.caPem] });
  const scheme = options.plain === true ? "http" : "https";
  const target = parseTarget("echo.corp.test:7000", `${scheme}://odd.corp.test:${proxy.port}`);
  return {
    connector,
    events,
    target,
    open: (signal = new AbortController().signal) => connector.open({ target, jwt: null }, identity, signal),
  };
}
