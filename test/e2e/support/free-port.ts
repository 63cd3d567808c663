import { once } from "node:events";
import net from "node:net";
import { onTestFinished } from "vitest";

async function portOf(server: net.Server): Promise<number> {
  await once(server, "listening");
  return (server.address() as net.AddressInfo).port;
}

/** This port of 127.0.0.1 where it is free, else another one that is. */
export async function freePort(wanted = 0): Promise<number> {
  const server = net.createServer().listen(wanted, "127.0.0.1");
  try {
    return await portOf(server);
  } catch {
    return await freePort();
  } finally {
    server.close();
  }
}

/** A port that another program holds until the test ends. */
export async function heldPort(wanted = 0): Promise<number> {
  const server = net.createServer((socket) => socket.destroy()).listen(await freePort(wanted), "127.0.0.1");
  onTestFinished(() => void server.close());
  return await portOf(server);
}
