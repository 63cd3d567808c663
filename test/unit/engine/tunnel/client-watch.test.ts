import { once } from "node:events";
import net from "node:net";
import type { Readable } from "node:stream";
import { afterEach, describe, expect, test } from "vitest";
import { ClientWatch } from "../../../../src/engine/tunnel/client-watch.ts";

const servers: net.Server[] = [];
const sockets: net.Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

interface Bench {
  readonly client: net.Socket;
  readonly accepted: net.Socket;
  readonly watch: ClientWatch;
  readonly gone: Promise<void>;
  readonly isGone: () => boolean;
}

/** A client and its accepted socket, made as a tunnel makes them. */
async function start(): Promise<Bench> {
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, highWaterMark: 64 * 1024 });
  servers.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  const client = net.connect({ port: (server.address() as net.AddressInfo).port, allowHalfOpen: true });
  client.on("error", () => undefined);
  const [accepted] = (await once(server, "connection")) as [net.Socket];
  sockets.push(client, accepted);
  let isGone = false;
  let leave: () => void = () => undefined;
  const gone = new Promise<void>((resolve) => (leave = resolve));
  const watch = new ClientWatch(
    { readable: accepted, writable: accepted, reset: () => accepted.resetAndDestroy() },
    () => {
      isGone = true;
      leave();
    },
  );
  return { client, accepted, watch, gone, isGone: () => isGone };
}
/** A time that no test reaches. */
const longMs = 3_600_000;
const readToEnd = async (socket: Readable): Promise<string> => {
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1"))).resume();
  await once(socket, "end");
  return text;
};
const ended = async (socket: net.Socket): Promise<void> => {
  if (!socket.readableEnded) await once(socket, "end");
};
const arrived = async (socket: net.Socket, bytes: number): Promise<void> => {
  while (socket.bytesRead < bytes) await new Promise(setImmediate);
};

describe("a client that is watched", () => {
  test("may end its side, and nothing it has sent is lost", async () => {
    const { client, accepted, watch, isGone } = await start();
    client.end("question");
    await arrived(accepted, 8);
    watch.release();
    expect([await readToEnd(accepted), isGone()]).toEqual(["question", false]);
  });

  test("is gone when it resets", async () => {
    const { client, gone } = await start();
    client.resetAndDestroy();
    await gone;
  });
});

describe("a client that is held", () => {
  test("gets all of its early bytes back, in order", async () => {
    const { client, accepted, watch, isGone } = await start();
    client.write("one ");
    await arrived(accepted, 4);
    watch.hold(1024, longMs);
    watch.hold(1024, longMs);
    client.write("two ");
    await arrived(accepted, 8);
    client.write("three ");
    await arrived(accepted, 14);
    watch.release();
    client.end("four");
    expect([await readToEnd(accepted), isGone()]).toEqual(["one two three four", false]);
  });

  test("may end its side, before or while it is held, and nothing it has sent is lost", async () => {
    for (const endsFirst of [true, false]) {
      const { client, accepted, watch, isGone } = await start();
      if (!endsFirst) watch.hold(1024, longMs);
      client.end("question");
      await arrived(accepted, 8);
      watch.hold(1024, longMs);
      await ended(accepted);
      const { readable, writable } = watch.release();
      expect([await readToEnd(readable), isGone()]).toEqual(["question", false]);
      writable.end("answer");
      expect(await readToEnd(client)).toBe("answer");
    }
  });

  test("loses nothing at whatever moment around its end the watch is over", async () => {
    for (let turns = 0; turns < 12; turns += 1) {
      const { client, accepted, watch } = await start();
      watch.hold(1024, longMs);
      client.end("question");
      await arrived(accepted, 8);
      for (let turn = 0; turn < turns; turn += 1)
        await (turns % 2 === 0 ? Promise.resolve() : new Promise(setImmediate));
      expect(await readToEnd(watch.release().readable)).toBe("question");
    }
  });

  test("is gone some time after it has ended its side, but not while a person is at work", async () => {
    const one = await start();
    one.client.end("question");
    await arrived(one.accepted, 8);
    one.watch.hold(1024, 20);
    await one.gone;
    const two = await start();
    two.watch.hold(1024, 20);
    two.watch.unhold();
    two.client.end("question");
    await ended(two.accepted);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(two.isGone()).toBe(false);
    two.watch.hold(1024, 20);
    await two.gone;
  });

  test("is read no further than its bound, and loses nothing", async () => {
    const { client, accepted, watch } = await start();
    watch.hold(100_000, longMs);
    client.write(Buffer.alloc(1_000_000, "x"));
    await arrived(accepted, 100_000);
    for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
    expect(accepted.bytesRead).toBeLessThan(500_000);
    watch.release();
    client.end();
    expect((await readToEnd(accepted)).length).toBe(1_000_000);
  });
});
