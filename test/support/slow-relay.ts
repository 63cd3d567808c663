import { once } from "node:events";
import net from "node:net";
import type { Socket } from "node:net";

/** A TCP relay that passes on at most `rate` bytes a second from the server to the client: a slow network. */
export class SlowRelay {
  readonly #server: net.Server;
  readonly #sockets = new Set<Socket>();

  private constructor(port: number, rate: number) {
    this.#server = net.createServer((client) => {
      const server = net.connect(port, "127.0.0.1");
      for (const socket of [client, server]) {
        this.#sockets.add(socket);
        socket.on("error", () => undefined).on("close", () => this.#sockets.delete(socket));
      }
      client.pipe(server);
      server.on("data", (chunk: Buffer) => {
        client.write(chunk);
        server.pause();
        setTimeout(() => server.resume(), (chunk.length / rate) * 1000);
      });
      server.on("end", () => client.end());
      client.on("close", () => server.destroy());
      server.on("close", () => client.destroy());
    });
  }

  static async start(port: number, rate: number): Promise<SlowRelay> {
    const relay = new SlowRelay(port, rate);
    relay.#server.listen(0, "127.0.0.1");
    await once(relay.#server, "listening");
    return relay;
  }

  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === "object" ? address.port : 0;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}
