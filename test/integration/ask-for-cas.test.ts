import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { afterEach, expect, test } from "vitest";
import { askForCas } from "../../src/engine/connect/ask-for-cas.ts";
import { codeOf } from "../../src/engine/connect/network-errors.ts";
import { limits } from "../../src/shared/limits.ts";
import { Authority } from "../support/certificates.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function serve(options: tls.TlsOptions): Promise<net.AddressInfo> {
  const ca = await Authority.root("CN=Corp CA");
  const server = tls.createServer({ ...(await ca.issue({ subject: "CN=proxy", usage: "server" })), ...options });
  server.on("tlsClientError", () => undefined);
  closing.push(() => server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server.address() as net.AddressInfo;
}

const ask = ({ port }: net.AddressInfo): Promise<unknown> =>
  askForCas({ tls: true, host: "127.0.0.1", port }, { limits }, AbortSignal.timeout(20_000));

test("a proxy without a common cipher is not said to want a certificate: nobody has asked yet", async () => {
  const address = await serve({ ciphers: "ECDHE-RSA-AES128-GCM-SHA256", maxVersion: "TLSv1.2" });
  const error: unknown = await ask(address).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: "tls-failed",
    message: "127.0.0.1 ended the TLS handshake before it asked for a client certificate.",
  });
  // Whoever looks twice tells the alert by its code.
  expect(codeOf((error as Error).cause)).toMatch(/ALERT_HANDSHAKE_FAILURE/);
});

test("a proxy that speaks no TLS is told as it is anywhere", async () => {
  const plain = net.createServer((socket) =>
    socket.on("error", () => undefined).end("HTTP/1.1 400 Bad Request\r\n\r\n"),
  );
  closing.push(() => plain.close());
  plain.listen(0, "127.0.0.1");
  await once(plain, "listening");
  await expect(ask(plain.address() as net.AddressInfo)).rejects.toMatchObject({
    code: "tls-failed",
    message: expect.stringContaining("does not speak TLS on port") as string,
  });
});
