import { once } from "node:events";
import net from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Tunnel } from "../../src/engine/index.ts";
import { fronts } from "../support/fronts.ts";
import { Rig } from "../support/rig.ts";
import { connectTo, echo, endOf, random, receiveAll, sendRandom, Upstream } from "../support/streams.ts";

const MB = 1_000_000;

describe.each(fronts())("bytes through a tunnel, %s front", (front) => {
  describe.each(["h2", "http/1.1"] as const)("over %s", (via) => {
    // Envoy closes an upstream that has ended first altogether, whatever the client still sends (decisions/002).
    const serverMayEndFirst = front === "node";
    let upstream: Upstream;
    let rig: Rig;
    let tunnel: Tunnel;

    beforeAll(async () => {
      upstream = await Upstream.start(echo);
      rig = await Rig.start({
        front,
        alpn: via === "h2" ? ["h2", "http/1.1"] : ["http/1.1"],
        routes: [{ host: "echo.corp.test", port: 7000, upstream: upstream.address, policy: "public" }],
      });
      tunnel = await rig.open("echo.corp.test:7000");
    });
    afterAll(async () => {
      await rig.close();
      await upstream.close();
    });

    it("says how it was carried, and how much", async () => {
      const client = await connectTo(tunnel.address);
      const { localPort = 0 } = client;
      client.end("hello");
      expect(await receiveAll(client)).toMatchObject({ bytes: 5 });
      expect(await rig.endOfPeer(localPort)).toMatchObject({ how: "ended", sent: 5, received: 5 });
      expect(rig.seen("peer-connected").at(-1)).toMatchObject({ via, destination: "echo.corp.test:7000" });
    });

    it("carries 100 MB each way at once, in random chunks and with the ends in random order", async () => {
      for (const seed of [1, 2, 3]) {
        const size = 100 * MB;
        const clientFirst = random(seed)() < 0.5;
        const accepted = upstream.next();
        const client = await connectTo(tunnel.address);
        const server = await accepted;
        const atServer = receiveAll(server);
        const allAtServer = bytesAt(server, size);
        const atClient = receiveAll(client);
        const clientSide = async (): Promise<string> => {
          const sum = await sendRandom(client, size, seed * 10);
          if (!clientFirst && serverMayEndFirst) await atClient;
          client.end();
          return sum;
        };
        const serverSide = async (): Promise<string> => {
          const sum = await sendRandom(server, size, seed * 10 + 5);
          if (!serverMayEndFirst) await (via === "h2" ? atServer : allAtServer);
          else if (clientFirst && via === "h2") await atServer;
          server.end();
          return sum;
        };
        const [up, down, gotUp, gotDown] = await Promise.all([clientSide(), serverSide(), atServer, atClient]);
        expect(gotUp).toEqual({ bytes: size, sha256: up });
        expect(gotDown).toEqual({ bytes: size, sha256: down });
      }
    });

    it("delivers the whole answer to a client that has ended its request", async () => {
      const accepted = upstream.next();
      const client = await connectTo(tunnel.address);
      const server = await accepted;
      client.end("give me 3 MB");
      if (via === "h2") {
        // The upstream answers only once it has seen the end of the request.
        expect(await receiveAll(server)).toMatchObject({ bytes: 12 });
      } else {
        await once(server, "data");
      }
      const got = receiveAll(client);
      const sum = await sendRandom(server, 3 * MB, 77);
      server.end();
      expect(await got).toEqual({ bytes: 3 * MB, sha256: sum });
    });

    it.runIf(serverMayEndFirst)("lets the client go on sending after the upstream has ended", async () => {
      const accepted = upstream.next();
      const client = await connectTo(tunnel.address);
      const server = await accepted;
      server.end("goodbye");
      expect(await receiveAll(client)).toMatchObject({ bytes: 7 });
      const atServer = receiveAll(server);
      const sum = await sendRandom(client, 3 * MB, 78);
      client.end();
      expect(await atServer).toEqual({ bytes: 3 * MB, sha256: sum });
    });

    it.runIf(!serverMayEndFirst && via === "h2")(
      "tells the client by a reset when what it sends can no longer be delivered",
      async () => {
        const accepted = upstream.next();
        const client = await connectTo(tunnel.address);
        const server = await accepted;
        server.end("goodbye");
        const { localPort = 0 } = client;
        expect(await receiveAll(client)).toMatchObject({ bytes: 7 });
        client.on("error", () => undefined);
        client.write("too late");
        expect(await rig.endOfPeer(localPort)).toMatchObject({ how: "reset-by-proxy", received: 7 });
      },
    );

    it("sends what the client wrote before the way was open, first and in order", async () => {
      const accepted = upstream.next();
      const client = net.connect({ ...tunnel.address, allowHalfOpen: true });
      const sum = sendRandom(client, 2 * MB, 79).then((s) => {
        client.end();
        return s;
      });
      const server = await accepted;
      expect(await receiveAll(server)).toEqual({ bytes: 2 * MB, sha256: await sum });
      server.end();
      await receiveAll(client);
    });

    // Envoy passes an upstream's reset on over HTTP/2 alone, and makes an end of every reset of a client.
    it("passes a reset of the upstream on to the client", async () => {
      const accepted = upstream.next();
      const client = await connectTo(tunnel.address);
      const server = await accepted;
      client.write("x");
      await once(server, "data");
      const end = endOf(client);
      server.resetAndDestroy();
      expect(await end).toBe(front === "envoy" && via === "http/1.1" ? "end" : "ECONNRESET");
      client.destroy();
    });

    it("passes a reset of the client on to the upstream", async () => {
      const accepted = upstream.next();
      const client = await connectTo(tunnel.address);
      const server = await accepted;
      client.write("x");
      await once(server, "data");
      const end = endOf(server);
      const { localPort = 0 } = client;
      client.resetAndDestroy();
      expect(await end).toBe(front === "envoy" ? "end" : "ECONNRESET");
      expect(await rig.endOfPeer(localPort)).toMatchObject({ how: "reset-by-client" });
    });

    it("slows the upstream down when the client does not read", async () => {
      const accepted = upstream.next();
      const client = await connectTo(tunnel.address);
      client.pause();
      const server = await accepted;
      server.write(Buffer.alloc(200 * MB));
      // It is stalled when nothing has moved for a while.
      let before = -1;
      for (
        let taken = server.bytesWritten - server.writableLength;
        taken !== before;
        taken = server.bytesWritten - server.writableLength
      ) {
        before = taken;
        await new Promise((resolve) => setTimeout(resolve, 700));
      }
      expect(process.memoryUsage().external).toBeLessThan(700 * MB);
      expect(server.writableLength).toBeGreaterThan(0);
      const all = bytesAt(client, 200 * MB);
      client.resume();
      await all;
      client.destroy();
    });
  });
});

/** Resolves once the socket has received `size` bytes. */
function bytesAt(socket: net.Socket, size: number): Promise<void> {
  return new Promise((resolve) => {
    let bytes = 0;
    socket.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes >= size) resolve();
    });
  });
}
