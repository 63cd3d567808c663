import { once } from "node:events";
import net from "node:net";
import { expect } from "vitest";
import type { Tunnel } from "../../src/engine/index.ts";
import type { EngineEvent } from "../../src/shared/events.ts";
import type { Rig } from "../support/rig.ts";
import { connectTo } from "../support/streams.ts";

/** Sends bytes through an echoing tunnel and waits for all of them to come back. */
export async function roundTrip(socket: net.Socket, text = "hello"): Promise<void> {
  let got = "";
  const done = new Promise<void>((resolve, reject) => {
    const onData = (chunk: Buffer): void => {
      got += chunk.toString("latin1");
      if (got.length < text.length) return;
      socket.off("data", onData);
      resolve();
    };
    socket.on("data", onData);
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("closed before the answer")));
  });
  socket.write(text, "latin1");
  await done;
  expect(got).toBe(text);
}

/** A client whose bytes have been there and back. */
export async function liveClient(tunnel: Tunnel, text?: string): Promise<net.Socket> {
  const socket = await connectTo(tunnel.address);
  await roundTrip(socket, text);
  return socket;
}

/** A client that will not get through; what was said about it. */
export async function refusedClient(rig: Rig, tunnel: Tunnel): Promise<Extract<EngineEvent, { type: "peer-failed" }>> {
  const before = rig.seen("peer-failed").length;
  // Its reset may come before it has noticed that it was connected.
  const socket = net.connect({ ...tunnel.address, allowHalfOpen: true });
  const closed = new Promise((resolve) => socket.on("error", () => undefined).once("close", resolve));
  socket.resume();
  const failed = await rig.event("peer-failed", before + 1);
  await closed;
  return failed;
}

/** Ends clients and waits until the engine has forgotten them. */
export async function endAll(rig: Rig, clients: net.Socket[]): Promise<void> {
  const ports = clients.map(({ localPort }) => localPort ?? 0);
  for (const client of clients) client.end();
  await Promise.all(ports.map((port) => rig.endOfPeer(port)));
}

/** Waits until something without an event of its own holds, such as a counter of the stand-in. */
export async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A loopback port on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
