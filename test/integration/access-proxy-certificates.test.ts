import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { envoyBinary, startAccessProxy, type AccessProxy, type Identity } from "../support/access-proxy/index.ts";
import { dialProxy, exchange } from "../support/access-proxy/raw-client.ts";

const fronts: ("node" | "envoy")[] = envoyBinary() === null ? ["node"] : ["node", "envoy"];

/** The code of the error that ends a connection after its TLS handshake, or null when it just ends. */
async function endOf(socket: net.Socket): Promise<string | null> {
  return await new Promise((resolve) => {
    socket.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? error.message);
    });
    socket.once("close", () => {
      resolve(null);
    });
    socket.resume();
  });
}

describe.each(fronts)("client certificates, %s front", (front) => {
  let echo: net.Server;
  const connect = ["CONNECT echo.corp.test:7000 HTTP/1.1", "Host: echo.corp.test:7000", "Accept: application/json"];
  const routes = () => [
    {
      host: "echo.corp.test",
      port: 7000,
      upstream: { host: "127.0.0.1", port: (echo.address() as net.AddressInfo).port },
      policy: "public" as const,
    },
  ];

  beforeAll(async () => {
    echo = net.createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
    echo.on("connection", (socket) => socket.on("error", () => socket.destroy()));
    await once(echo, "listening");
  });

  afterAll(() => {
    echo.close();
  });

  async function withProxy(
    clientCertificates: "policy" | "reject-connection",
    work: (proxy: AccessProxy) => Promise<void>,
  ): Promise<void> {
    const proxy = await startAccessProxy({ front, routes: routes(), clientCertificates });
    try {
      await work(proxy);
    } finally {
      await proxy.close();
    }
  }

  test("policy mode answers 495 unless the certificate is good; the pages answer without one", async () => {
    await withProxy("policy", async (proxy) => {
      const ask = async (client?: Identity) => await exchange(proxy, connect, client === undefined ? {} : { client });
      const missing = await ask();
      expect(missing).toMatchObject({ status: 495, reason: "Unknown" });
      expect(missing.body).toContain("a valid client certificate is required to access this page");
      expect((await ask(proxy.pki.strangerClient)).status).toBe(495);
      expect((await ask(proxy.pki.expiredClient)).status).toBe(495);
      expect((await ask(proxy.pki.client)).status).toBe(200);
      expect((await ask(proxy.pki.secondClient)).status).toBe(200);
      const page = ["GET /.well-known/pomerium HTTP/1.1", "Host: echo.corp.test"];
      expect((await exchange(proxy, page)).status).toBe(200);
    });
  });

  test("reject-connection mode lets the client finish TLS 1.3 and then sends the alert", async () => {
    await withProxy("reject-connection", async (proxy) => {
      const { socket } = await dialProxy(proxy);
      expect(await endOf(socket)).toBe("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED");
      expect((await exchange(proxy, connect, { client: proxy.pki.client })).status).toBe(200);
    });
  });

  test("bad server certificates are bad in one way each", async () => {
    const codes = {
      expired: "CERT_HAS_EXPIRED",
      "not-yet-valid": "CERT_NOT_YET_VALID",
      "wrong-name": "ERR_TLS_CERT_ALTNAME_INVALID",
    } as const;
    for (const [certificate, code] of Object.entries(codes) as [keyof typeof codes, string][]) {
      const proxy = await startAccessProxy({ front, routes: routes(), certificate });
      const socket = tls.connect({ host: "127.0.0.1", port: proxy.port, servername: "localhost", ca: proxy.caPem });
      expect(await endOf(socket)).toBe(code);
      await proxy.close();
    }
  });

  test("the certificate is good for every domain asked for", async () => {
    const proxy = await startAccessProxy({ front, routes: routes(), otherDomains: ["other.test"] });
    for (const servername of ["localhost", "corp.test", "a.corp.test", "authenticate.corp.test", "a.other.test"]) {
      const { raw } = await dialProxy(proxy, { servername });
      raw.destroy();
    }
    await proxy.close();
  });

  test("without TLS only HTTP/1.1 is spoken", async () => {
    const proxy = await startAccessProxy({ front, routes: routes(), plain: true });
    expect(proxy.origin).toBe(`http://localhost:${proxy.port}`);
    expect((await exchange(proxy, connect)).status).toBe(200);
    await proxy.close();
  });
});
