import { once } from "node:events";
import net from "node:net";
import type { Socket } from "node:net";

/** A TCP relay that passes on at most `rate` bytes a second in one direction: a slow network. */
export class SlowRelay {
  readonly #server: net.Server;
  readonly #sockets = new Set<Socket>();

  private constructor(port: number, rate: number, slow: "download" | "upload") {
    this.#server = net.createServer((client) => {
      const server = net.connect(port, "127.0.0.1");
      for (const socket of [client, server]) {
        this.#sockets.add(socket);
        socket.on("error", () => undefined).on("close", () => this.#sockets.delete(socket));
      }
      const [from, to] = slow === "download" ? [server, client] : [client, server];
      to.pipe(from);
      from.on("data", (chunk: Buffer) => {
        to.write(chunk);
        from.pause();
        setTimeout(() => from.resume(), (chunk.length / rate) * 1000);
      });
      from.on("end", () => to.end());
      client.on("close", () => server.destroy());
      server.on("close", () => client.destroy());
    });
  }

  static async start(port: number, rate: number, slow: "download" | "upload" = "download"): Promise<SlowRelay> {
    const relay = new SlowRelay(port, rate, slow);
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
