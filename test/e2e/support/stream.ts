import { once } from "node:events";
import net from "node:net";
import { onTestFinished } from "vitest";

/** Bytes a second at the top of a wave, and how often they are written. */
export interface Wave {
  readonly bytes: number;
  readonly everyMs: number;
}

const stepMs = 100;
const silence: Wave = { bytes: 0, everyMs: 1 };

/** Writes in waves, as somebody does who reads one table after the other. Ends with the socket. */
function flow(socket: net.Socket, { bytes, everyMs }: Wave): void {
  if (bytes === 0) return;
  const began = performance.now();
  const timer = setInterval(() => {
    const turn = (2 * Math.PI * (performance.now() - began)) / everyMs;
    const size = Math.round((bytes * stepMs * (1.2 + Math.sin(turn) + Math.sin(turn * 2.7) / 3)) / 2_500);
    if (size > 0 && socket.writableLength < 4 * bytes) socket.write(Buffer.alloc(size));
  }, stepMs);
  socket.once("close", () => {
    clearInterval(timer);
  });
}

/** A server that sends in waves to whoever connects, and takes what comes; ends with the test. */
export async function startStream(wave: Wave = silence): Promise<number> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
    socket.resume();
    flow(socket, wave);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as net.AddressInfo).port;
}

/** A program that uses a local port: sends in waves and takes what comes. Ends with the test. */
export async function useTunnel(port: number, wave: Wave = silence): Promise<net.Socket> {
  const socket = net.connect({ host: "127.0.0.1", port });
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.resume();
  flow(socket, wave);
  return socket;
}
