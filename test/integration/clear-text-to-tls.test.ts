import net from "node:net";
import tls from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parsePomeriumUrl } from "../../src/shared/address.ts";
import { AppError, asAppError, type AppErrorData } from "../../src/shared/errors.ts";
import { Authority, type Issued } from "../support/certificates.ts";
import { closedAfterEach } from "../support/closers.ts";
import { fronts } from "../support/fronts.ts";
import { Rig } from "../support/rig.ts";
import { listenUntilClosed } from "../support/server-until-closed.ts";
import { UdpClient } from "../support/udp.ts";
import { refusedClient } from "./connector-clients.ts";

let rig: Rig;
let server: Issued;
const closers = closedAfterEach();
const never = new AbortController().signal;

beforeAll(async () => {
  rig = await Rig.start({ routes: [] });
  const corp = await Authority.root("CN=Corp CA");
  server = await corp.issue({ subject: "CN=proxy", usage: "server", names: ["localhost"] });
});
afterAll(() => rig.close());

const listen = (made: net.Server): Promise<number> => listenUntilClosed(made, closers);

/** What a client of a tunnel to this port is told, where the Pomerium URL starts with http://. */
async function told(port: number): Promise<AppErrorData> {
  const tunnel = await rig.open("echo.corp.test:7000", { pomeriumUrl: `http://localhost:${port}` });
  closers.push(() => tunnel.close({ graceMs: 0 }));
  return (await refusedClient(rig, tunnel)).error;
}

/** Speaks TLS with who begins with it, and treats all others as `plain` does. */
async function either(plain: (socket: net.Socket) => unknown): Promise<number> {
  const secure = tls.createServer({ cert: server.cert, key: server.key });
  secure.on("tlsClientError", () => undefined);
  return await listen(
    net.createServer((socket) => {
      socket.once("data", (first) => {
        if (first[0] !== 0x16) return void plain(socket);
        socket.pause().unshift(first);
        secure.emit("connection", socket);
      });
    }),
  );
}

const answer = (status: string, body: string) => (socket: net.Socket) =>
  socket.end(`HTTP/1.1 ${status}\r\ncontent-type: text/html\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
const nginx = answer("400 Bad Request", "<h1>400</h1><center>The plain HTTP request was sent to HTTPS port</center>");

const hint = (port: number): object => ({
  code: "tls-failed",
  message: `localhost speaks TLS on port ${port}, but the Pomerium URL starts with http://.`,
  userAction: "Start the Pomerium URL with https://.",
  retryable: false,
});

describe("http:// for a port that speaks TLS", () => {
  it.each(fronts())("of a proxy, %s front", async (front) => {
    const proxy = await Rig.start({ front, routes: [] });
    closers.push(() => proxy.close());
    expect(await told(proxy.proxy.port)).toEqual(hint(proxy.proxy.port));
  });

  it.each([
    ["an alert", (socket: net.Socket) => socket.end(Buffer.from("15030100020250", "hex"))],
    ["nginx's answer to CONNECT", answer("405 Not Allowed", "<html></html>")],
    ["nginx's answer", nginx],
    ["Go's answer", answer("400 Bad Request", "Client sent an HTTP request to an HTTPS server.\n")],
  ])("that answers with %s", async (_what, plain) => {
    const port = await either(plain);
    expect(await told(port)).toEqual(hint(port));
  });

  it("that has no version of TLS in common: its alert shows that it speaks TLS", async () => {
    const old = { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT:@SECLEVEL=0" } as const;
    const port = await listen(tls.createServer({ cert: server.cert, key: server.key, ...old }));
    expect(await told(port)).toEqual(hint(port));
  });

  it("is told to UDP clients and to a sign-in as well", async () => {
    for (const plain of [nginx, (socket: net.Socket) => socket.destroy()]) {
      const port = await either(plain);
      const tunnel = await rig.open("udp+https://dns.corp.test:53", { pomeriumUrl: `http://localhost:${port}` });
      closers.push(() => tunnel.close({ graceMs: 0 }));
      const failures = rig.seen("peer-failed").length;
      const client = await UdpClient.open(tunnel.address);
      client.send("hello");
      expect((await rig.event("peer-failed", failures + 1)).error).toEqual(hint(port));
      client.close();

      const login = rig.engine.login(parsePomeriumUrl(`http://localhost:${port}`), rig.tls, never);
      const thrown = await login.then(() => null, asAppError);
      expect(thrown).toBeInstanceOf(AppError);
      expect(thrown?.toData()).toEqual(hint(port));
    }
  });

  it.each([
    ["hangs up", (socket: net.Socket) => socket.end(), "connection-lost"],
    ["answers 400", nginx, "not-pomerium"],
    ["sends what begins as TLS", (socket: net.Socket) => socket.end(Buffer.from("1603", "hex")), "not-pomerium"],
  ])("is not claimed of a server that %s whatever comes", async (_what, plain, code) => {
    const port = await listen(net.createServer((socket) => void socket.once("data", () => void plain(socket))));
    const error = await told(port);
    expect(error.code).toBe(code);
    expect(`${error.message} ${error.userAction ?? ""}`).not.toMatch(/TLS|https/);
  });
});
