import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type * as http from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { AppError } from "../../shared/errors.ts";
import type { Limits } from "../../shared/limits.ts";
import { waitFor } from "../aborts.ts";
import { refusalHeaders, signedInHeaders, signedInPage } from "./callback-page.ts";
import { jwtFromPasted, jwtFromQuery, sameSecret } from "./callback-url.ts";
import { deferred } from "./waiting.ts";

const address = "127.0.0.1";

/** Says what a request that is not the callback gets. */
type Refusal = { readonly status: number; readonly text: string };

const headerValues = (request: IncomingMessage, name: string): string[] =>
  request.rawHeaders.filter((_, at, all) => at % 2 === 1 && all[at - 1]?.toLowerCase() === name);

/**
 * Waits on 127.0.0.1 for the browser to bring the JWT of one sign-in. Every program and every web page of this
 * computer can reach the port, so only who knows the path is heard, and everybody else changes nothing.
 * The maker owns it and calls `close`.
 */
export class CallbackServer {
  readonly #server: Server;
  readonly #host: string;
  readonly #limits: Limits;
  readonly #path = `/${randomBytes(32).toString("base64url")}`;
  readonly #sockets = new Set<Duplex>();
  readonly #answering = new Set<Duplex>();
  readonly #jwt = deferred<string>();
  #authority = "";
  #taken = false;
  #closing: Promise<void> | null = null;

  private constructor(host: string, limits: Limits, { createServer }: Pick<typeof http, "createServer">) {
    this.#host = host;
    this.#limits = limits;
    this.#server = createServer({
      maxHeaderSize: limits.callbackHeadBytes,
      headersTimeout: limits.callbackHeadMs,
      requestTimeout: limits.callbackHeadMs,
      connectionsCheckingInterval: Math.min(limits.callbackHeadMs, 1_000),
      // A request without Host is refused like one with a wrong one, by our own answer.
      requireHostHeader: false,
    });
    this.#server.timeout = limits.callbackHeadMs;
    this.#server.on("connection", (socket) => this.#admit(socket));
    this.#server.on("request", (request, response) => this.#answer(request, response));
    this.#server.on("connect", (_request, socket) => this.#refuseRaw(socket, "405 Method Not Allowed"));
    this.#server.on("clientError", (_error, socket) => this.#refuseRaw(socket, "400 Bad Request"));
  }

  /**
   * Listens on a free port.
   * @param host of the proxy, for the page that the browser shows in the end.
   * @throws AppError `listen-failed`, or the signal's reason.
   */
  static async open(host: string, limits: Limits, signal: AbortSignal): Promise<CallbackServer> {
    // Loading node:http takes tens of milliseconds, which a start without a sign-in need not pay.
    const callback = new CallbackServer(host, limits, await import("node:http"));
    const server = callback.#server;
    try {
      server.listen({ host: address, port: 0, exclusive: true });
      await waitFor(once(server, "listening"), signal);
    } catch (thrown) {
      void callback.close();
      if (thrown instanceof AppError) throw thrown;
      throw new AppError("listen-failed", `Culvert could not open a port on ${address} for the sign-in at ${host}.`, {
        cause: thrown,
        retryable: true,
        userAction: "Close programs that hold many ports, or look at the firewall of this computer.",
      });
    }
    // An error after this concerns one connection that could not be accepted; the sign-in goes on.
    server.on("error", () => undefined);
    callback.#authority = `${address}:${(server.address() as AddressInfo).port}`;
    return callback;
  }

  /** Where the proxy sends the browser; a secret of this sign-in. */
  get redirectUri(): string {
    return `http://${this.#authority}${this.#path}`;
  }

  /** Resolves with the JWT, once; never rejects and may never settle. */
  get jwt(): Promise<string> {
    return this.#jwt.promise;
  }

  /** Takes the callback URL from a person's clipboard. False when it is not one of this sign-in, or it has ended. */
  submit(pastedUrl: string): boolean {
    if (this.#taken || this.#closing !== null) return false;
    const jwt = jwtFromPasted(pastedUrl, this.redirectUri, this.#limits.jwtBytes);
    if (jwt === null) return false;
    this.#take(jwt);
    return true;
  }

  /** Stops listening, lets the answer for the browser out (for `limits.callbackFlushMs` at most), then cuts. */
  close(): Promise<void> {
    this.#closing ??= this.#shut();
    return this.#closing;
  }

  async #shut(): Promise<void> {
    const { promise, resolve } = deferred<void>();
    this.#server.close(() => resolve());
    for (const socket of this.#sockets) if (!this.#answering.has(socket)) socket.destroy();
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, this.#limits.callbackFlushMs);
    await promise;
    clearTimeout(timer);
  }

  #take(jwt: string): void {
    this.#taken = true;
    this.#jwt.resolve(jwt);
  }

  #admit(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => {
      this.#sockets.delete(socket);
      this.#answering.delete(socket);
    });
    if (this.#sockets.size <= this.#limits.callbackConnections) return;
    for (const oldest of this.#sockets) {
      if (this.#answering.has(oldest)) continue;
      oldest.destroy();
      this.#sockets.delete(oldest);
      return;
    }
  }

  #refuseRaw(socket: Duplex, status: string): void {
    if (!socket.writable) {
      socket.destroy();
      return;
    }
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.#answering.add(request.socket);
    response.on("error", () => undefined);
    const result = this.#judge(request);
    if (typeof result !== "string") {
      response.writeHead(result.status, refusalHeaders);
      response.end(`${result.text}\n`);
      return;
    }
    response.writeHead(200, signedInHeaders);
    response.end(signedInPage(this.#host));
    this.#take(result);
  }

  #judge(request: IncomingMessage): string | Refusal {
    const hosts = headerValues(request, "host");
    // A name that resolves to 127.0.0.1 (DNS rebinding) and other origins have no business here.
    if (hosts.length !== 1 || hosts[0] !== this.#authority) return { status: 403, text: "Not for this host." };
    const foreign = headerValues(request, "origin").some((origin) => origin !== `http://${this.#authority}`);
    if (foreign) return { status: 403, text: "Not for other pages." };
    const target = request.url ?? "";
    const mark = target.indexOf("?");
    const path = mark < 0 ? target : target.slice(0, mark);
    if (!sameSecret(path, this.#path)) return { status: 404, text: "There is nothing here." };
    if (request.method !== "GET") return { status: 405, text: "Only GET." };
    if (this.#taken) return { status: 410, text: "This sign-in is done. You can close this tab." };
    const jwt = mark < 0 ? null : jwtFromQuery(target.slice(mark + 1), this.#limits.jwtBytes);
    return jwt ?? { status: 400, text: "This is not the end of a sign-in. Go back and try again." };
  }
}
