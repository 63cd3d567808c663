import { once } from "node:events";
import net from "node:net";
import { bindUdp } from "../udp-relay.ts";

/** Ports of an upstream process. */
export interface UpstreamPorts {
  /** Sends everything back. */
  readonly echo: number;
  /** Sends the first bytes back and ends. */
  readonly once: number;
  /** Sends or swallows as many bytes as the client's nine-byte request says. */
  readonly bulk: number;
}

/** Nine bytes: the direction, and the count as a big-endian 64-bit number. */
export function bulkRequest(direction: "down" | "up", bytes: number): Buffer {
  const request = Buffer.alloc(9);
  request.write(direction === "down" ? "D" : "U", 0, "latin1");
  request.writeBigUInt64BE(BigInt(bytes), 1);
  return request;
}

const chunk = Buffer.alloc(64 * 1024, "culvert ");

async function listen(handler: (socket: net.Socket) => void): Promise<number> {
  const server = net.createServer({ noDelay: true }, (socket) => {
    // A client that breaks off is the usual end of an open-ended transfer.
    socket.on("error", () => socket.destroy());
    handler(socket);
  });
  server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 });
  await once(server, "listening");
  return (server.address() as net.AddressInfo).port;
}

function send(socket: net.Socket, bytes: number): void {
  let left = bytes;
  const more = (): void => {
    while (left > 0 && !socket.destroyed) {
      const next = left < chunk.length ? chunk.subarray(0, left) : chunk;
      left -= next.length;
      if (!socket.write(next)) return;
    }
  };
  socket.on("drain", more).resume();
  more();
}

function swallow(socket: net.Socket, bytes: number, already: number): void {
  let received = already;
  const count = (size: number): void => {
    received += size;
    if (received >= bytes) socket.write("!");
  };
  socket.on("data", (data: Buffer) => count(data.length));
  socket.resume();
  count(0);
}

function bulk(socket: net.Socket): void {
  let head = Buffer.alloc(0);
  const onData = (data: Buffer): void => {
    head = Buffer.concat([head, data]);
    if (head.length < 9) return;
    socket.off("data", onData).pause();
    const bytes = Number(head.readBigUInt64BE(1));
    if (head.toString("latin1", 0, 1) === "D") send(socket, bytes);
    else swallow(socket, bytes, head.length - 9);
  };
  socket.on("data", onData);
}

/** The service behind the routes. */
export const upstreamCalls = {
  start: async (_: null): Promise<UpstreamPorts> => ({
    echo: await listen((socket) => socket.on("data", (data: Buffer) => socket.write(data))),
    once: await listen((socket) => socket.once("data", (data: Buffer) => socket.end(data))),
    bulk: await listen(bulk),
  }),
  /** Sends every datagram back; its port. */
  startUdp: async (_: null): Promise<number> => {
    const socket = await bindUdp();
    socket.on("message", (payload, from) => socket.send(payload, from.port, from.address));
    return socket.address().port;
  },
};
