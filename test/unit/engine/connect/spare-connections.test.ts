import net from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Dialed } from "../../../../src/engine/connect/dial.ts";
import { SpareConnections } from "../../../../src/engine/connect/spare-connections.ts";
import { AppError } from "../../../../src/shared/errors.ts";

const eventually = <T>(get: () => T): ReturnType<typeof expect.poll<T>> => expect.poll(get, { timeout: 10_000 });

const limits = { udpSpares: 8, udpSpareMs: 60_000, udpDemandMs: 60_000 };

let server: net.Server;
const accepted: net.Socket[] = [];
/** Ends of dials that the test holds back. */
const held: (() => void)[] = [];
let holds = false;
let spares: SpareConnections;

async function dial(): Promise<Dialed> {
  const socket = net.connect((server.address() as net.AddressInfo).port, "127.0.0.1");
  await new Promise((resolve) => socket.once("connect", resolve));
  if (holds) await new Promise<void>((resolve) => held.push(resolve));
  socket.on("error", () => socket.destroy());
  return {
    socket,
    alpn: "http/1.1",
    reset: () => socket.resetAndDestroy(),
    explain: () => new AppError("connection-lost", "Lost."),
  };
}

beforeEach(async () => {
  holds = false;
  server = net.createServer((socket) => {
    accepted.push(socket);
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  spares = new SpareConnections(dial, limits);
});
afterEach(async () => {
  spares.close();
  for (const socket of accepted.splice(0)) socket.destroy();
  held.splice(0);
  await new Promise((resolve) => server.close(resolve));
});

const open = (): number => accepted.filter(({ destroyed }) => !destroyed).length;

describe("connections opened ahead", () => {
  it("follow the demand, and are bounded", async () => {
    spares.fill();
    await eventually(() => spares.size).toBe(1);
    for (let client = 0; client < 20; client += 1) spares.take()?.socket.destroy();
    spares.fill();
    spares.fill();
    await eventually(() => spares.size).toBe(8);
    await eventually(open).toBe(8);
    expect(accepted).toHaveLength(9);
  });

  it.each([
    ["bytes", (socket: net.Socket) => socket.write("HTTP/1.1 408 Request Timeout\r\n\r\n")],
    ["an end", (socket: net.Socket) => socket.end()],
    ["a reset", (socket: net.Socket) => socket.resetAndDestroy()],
  ] as const)("one on which %s come is taken by nobody", async (_, act) => {
    spares.fill();
    await eventually(() => spares.size).toBe(1);
    act(accepted[0] as net.Socket);
    await eventually(() => spares.size).toBe(0);
    expect(spares.take()).toBeNull();
    await eventually(open).toBe(0);
  });

  it.each(["close", "clear"] as const)("%s is for those under way as well", async (how) => {
    holds = true;
    spares.fill();
    await eventually(() => held.length).toBe(1);
    held[0]?.();
    spares[how]();
    await eventually(open).toBe(0);
    expect(spares.size).toBe(0);
    expect(spares.take()).toBeNull();
  });
});
