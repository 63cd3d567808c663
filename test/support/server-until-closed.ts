import { once } from "node:events";
import type net from "node:net";
import type { Closers } from "./closers.ts";

/** Has a server listen on loopback until the closers run, which take its connections along. @returns its port. */
export async function listenUntilClosed(made: net.Server, closers: Closers): Promise<number> {
  const sockets = new Set<net.Socket>();
  made.on("connection", (socket: net.Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
  });
  made.on("tlsClientError", () => undefined);
  made.listen(0, "127.0.0.1");
  await once(made, "listening");
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    made.close();
  });
  return (made.address() as net.AddressInfo).port;
}
