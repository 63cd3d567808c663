import dgram, { type Socket } from "node:dgram";
import { once } from "node:events";

/** What the system is asked to keep of datagrams that come in while a process is busy. */
const bufferBytes = 4 * 1024 * 1024;

/** A UDP socket of loopback with much room. */
export async function bindUdp(): Promise<Socket> {
  const socket = dgram.createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  try {
    socket.setRecvBufferSize(bufferBytes);
  } catch {
    // A system that gives less leaves it as it was.
  }
  return socket;
}

/** The same for one peer. */
export async function connectUdp(port: number): Promise<Socket> {
  const socket = await bindUdp();
  socket.connect(port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

/**
 * A local UDP port that leads to another, with one socket for each client: what a NAT does, and the least that carries
 * datagrams both ways. `pass` says when each goes on.
 */
export async function openUdpRelay(
  port: number,
  pass: (act: () => void) => void = (act) => {
    act();
  },
): Promise<number> {
  const listener = await bindUdp();
  const targets = new Map<number, Promise<Socket> | Socket>();
  const open = async (clientPort: number): Promise<Socket> => {
    const target = await connectUdp(port);
    target.on("message", (payload) => pass(() => listener.send(payload, clientPort, "127.0.0.1")));
    targets.set(clientPort, target);
    return target;
  };
  listener.on("message", (payload, from) => {
    let target = targets.get(from.port);
    if (target === undefined) targets.set(from.port, (target = open(from.port)));
    pass(() => {
      if (target instanceof Promise) void target.then((socket) => socket.send(payload));
      else target.send(payload);
    });
  });
  return listener.address().port;
}
