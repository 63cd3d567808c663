import { once } from "node:events";
import net from "node:net";
import { openUdpRelay } from "../udp-relay.ts";

/** The yardstick: a local port that leads to another by `pipe`, without TLS and without a proxy. */
export const relayCalls = {
  open: async ({ port }: { readonly port: number }): Promise<number> => {
    const server = net.createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
      const target = net.connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
      const end = (): void => {
        client.destroy();
        target.destroy();
      };
      client.on("error", end).pipe(target);
      target.on("error", end).pipe(client);
    });
    server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 });
    await once(server, "listening");
    return (server.address() as net.AddressInfo).port;
  },
  openUdp: ({ port }: { readonly port: number }): Promise<number> => openUdpRelay(port),
};
