import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { announcedCas, type Announced } from "../../src/engine/certstore/announced-cas.ts";
import { attributesOf } from "../../src/engine/certstore/names.ts";
import { AppError } from "../../src/shared/errors.ts";
import { openssl } from "../support/pkcs12.ts";
import { lacks } from "../support/services/programs.ts";
import { Authority, CertificateFolder } from "../support/certificates.ts";
import { closedAfterEach } from "../support/closers.ts";

const closers = closedAfterEach();

let folder: CertificateFolder;
let server: { cert: string; key: string };
let cas: Authority[];
beforeAll(async () => {
  folder = new CertificateFolder();
  cas = await Promise.all(
    ["First CA", "Zweite Prüfstelle", "Third CA"].map((name) => Authority.root(`CN=${name}, O=Corp`)),
  );
  server = await (cas[0] as Authority).issue({ subject: "CN=proxy.test", usage: "server", names: ["localhost"] });
});
afterAll(() => folder.remove());

async function probe(
  port: number,
  over: { ms?: number; signal?: AbortSignal; bytes?: number } = {},
): Promise<Announced> {
  const raw = net.connect({ port, host: "127.0.0.1" });
  return announcedCas(
    raw,
    {
      host: "localhost",
      ms: over.ms ?? 10_000,
      bytes: over.bytes ?? 256 * 1024,
      late: () => new AppError("no-answer", "late"),
      explain: (error) => new AppError("tls-failed", error instanceof Error ? error.message : "closed"),
    },
    over.signal ?? new AbortController().signal,
  );
}

const commonNames = ({ caNames }: Announced): (string | undefined)[] =>
  caNames.map((name) => attributesOf(name).find(({ oid }) => oid === "2.5.4.3")?.value);

async function listen(server: net.Server | tls.Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as net.AddressInfo).port;
}

async function nodeServer(options: tls.TlsOptions): Promise<{ port: number; sockets: tls.TLSSocket[] }> {
  const sockets: tls.TLSSocket[] = [];
  const listening = tls.createServer({ ...server, ...options }, (socket) => sockets.push(socket));
  listening.on("tlsClientError", () => undefined);
  return { port: await listen(listening), sockets };
}

const versions = ["TLSv1.2", "TLSv1.3"] as const;
const pems = (): string[] => cas.map(({ pem }) => pem);

describe.each(versions)("a Node server, %s", (version) => {
  const only = { minVersion: version, maxVersion: version } as const;

  it.each([true, false])("names its CAs (certificate required: %s)", async (rejectUnauthorized) => {
    const { port } = await nodeServer({ ...only, ca: pems(), requestCert: true, rejectUnauthorized });
    const announced = await probe(port);
    expect(announced.requested).toBe(true);
    expect(commonNames(announced).sort()).toEqual(["First CA", "Third CA", "Zweite Prüfstelle"]);
  });

  it("asks for none", async () => {
    const { port } = await nodeServer({ ...only, ca: pems() });
    expect(await probe(port)).toEqual({ requested: false, caNames: [] });
  });

  it("names hundreds, over several records", async () => {
    const [first] = cas as [Authority];
    const many = await Promise.all(
      Array.from({ length: 120 }, (_, index) => first.again(`CN=CA ${index}, O=${"long name ".repeat(16)}`)),
    );
    const { port } = await nodeServer({ ...only, ca: many, requestCert: true });
    const announced = await probe(port);
    expect(commonNames(announced)).toHaveLength(120);
    expect(announced.caNames.reduce((sum, name) => sum + name.length, 0)).toBeGreaterThan(16_384);
    // A reader that takes in less lets TLS finish, and then any CA may do.
    if (version === "TLSv1.3") expect(await probe(port, { bytes: 8_192 })).toEqual({ requested: true, caNames: [] });
  });

  it.each(["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"])(
    "speaks %s",
    async (suite) => {
      const { port } = await nodeServer({
        ...only,
        ca: pems(),
        requestCert: true,
        ...(version === "TLSv1.3" ? { ciphers: suite } : {}),
      });
      expect(commonNames(await probe(port))).toHaveLength(3);
    },
  );

  it("wants another key share first", async () => {
    const { port } = await nodeServer({ ...only, ca: pems(), requestCert: true, ecdhCurve: "P-521" });
    expect(commonNames(await probe(port))).toHaveLength(3);
  });

  it("sends single bytes", async () => {
    const { port } = await nodeServer({ ...only, ca: pems(), requestCert: true });
    const relay = net.createServer((client) => {
      const upstream = net.connect({ port, host: "127.0.0.1" });
      client.setNoDelay(true);
      client.pipe(upstream);
      upstream.on("data", (chunk) => {
        upstream.pause();
        const send = (at: number): void => {
          if (at === chunk.length || client.destroyed) return void upstream.resume();
          client.write(chunk.subarray(at, at + 1), () => send(at + 1));
        };
        send(0);
      });
      for (const socket of [client, upstream]) socket.on("error", () => undefined);
      client.on("close", () => upstream.destroy());
      upstream.on("close", () => client.destroy());
    });
    expect(commonNames(await probe(await listen(relay)))).toHaveLength(3);
  });

  it("is never shown a certificate", async () => {
    const { port, sockets } = await nodeServer({ ...only, ca: pems(), requestCert: true, rejectUnauthorized: false });
    await probe(port);
    for (const socket of sockets) expect(socket.getPeerCertificate()).toEqual({});
  });
});

describe.skipIf(lacks(openssl)).each([
  ["-tls1_2", "-Verify"],
  ["-tls1_3", "-Verify"],
  ["-tls1_3", "-verify"],
  ["-tls1_3", null],
] as const)("openssl s_server %s %s", (version, verify) => {
  it("names its CAs", async () => {
    const free = net.createServer();
    free.listen(0, "127.0.0.1");
    await once(free, "listening");
    const { port } = free.address() as net.AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const child = spawn("openssl", [
      ...["s_server", "-accept", `127.0.0.1:${port}`, version],
      ...["-cert", folder.write("server.crt", server.cert), "-key", folder.write("server.key", server.key)],
      ...(verify === null ? [] : [verify, "3", "-CAfile", folder.write("cas.pem", pems().join(""))]),
    ]);
    const ended = once(child, "close");
    closers.push(() => {
      child.kill("SIGKILL");
      return ended;
    });
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString("latin1")));
    child.stderr.resume();
    await expect.poll(() => said, { timeout: 10_000 }).toContain("ACCEPT");
    const announced = await probe(port);
    expect(announced.requested).toBe(verify !== null);
    expect(commonNames(announced).sort()).toEqual(verify === null ? [] : ["First CA", "Third CA", "Zweite Prüfstelle"]);
  });
});

describe("what is no such handshake", () => {
  it("is reported as TLS reports it", async () => {
    const port = await listen(
      net.createServer((socket) =>
        socket
          .on("error", () => undefined)
          .resume()
          .end("HTTP/1.1 400 Bad Request\r\n\r\n"),
      ),
    );
    await expect(probe(port)).rejects.toMatchObject({ code: "tls-failed" });
  });

  it("ends at the limit, or when it is cancelled, and lets the connection go", async () => {
    const closed: Promise<unknown>[] = [];
    const port = await listen(
      net.createServer((socket) => {
        socket.on("error", () => undefined).resume();
        closed.push(once(socket, "close"));
      }),
    );
    await expect(probe(port, { ms: 50 })).rejects.toMatchObject({ code: "no-answer" });
    const stop = new AbortController();
    const waiting = probe(port, { signal: stop.signal });
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: "cancelled" });
    await expect(probe(port, { signal: stop.signal })).rejects.toMatchObject({ code: "cancelled" });
    await Promise.all(closed);
  });
});
