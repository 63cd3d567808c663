import { once } from "node:events";
import net from "node:net";
import { onTestFinished } from "vitest";

/** A way to a port of this computer that can be shut, as when the server behind it is down, and opened again. */
export class ClosableRelay {
  readonly #to: number;
  readonly #sockets = new Set<net.Socket>();
  #server: net.Server | null = null;
  /** The same after every opening. */
  port = 0;

  private constructor(to: number) {
    this.#to = to;
  }

  /** Opens one on a free port; ends with the test. */
  static async start(to: number): Promise<ClosableRelay> {
    const relay = new ClosableRelay(to);
    await relay.open();
    onTestFinished(() => relay.shut());
    return relay;
  }

  async open(): Promise<void> {
    const server = net.createServer((client) => {
      const target = net.connect(this.#to, "127.0.0.1");
      for (const [one, other] of [
        [client, target],
        [target, client],
      ] as const) {
        this.#sockets.add(one);
        one
          .on("error", () => undefined)
          .on("close", () => {
            this.#sockets.delete(one);
            other.destroy();
          });
        one.pipe(other);
      }
    });
    server.listen(this.port, "127.0.0.1");
    await once(server, "listening");
    this.port = (server.address() as net.AddressInfo).port;
    this.#server = server;
  }

  /** Cuts every connection; new ones are refused. */
  async shut(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    this.#server = null;
    for (const socket of this.#sockets) socket.destroy();
    server.close();
    await once(server, "close");
  }
}
