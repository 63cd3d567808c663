import { randomBytes } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import { expect } from "vitest";
import { openPkcs12 } from "../../src/engine/tls/pkcs12/open-pkcs12.ts";
import { derOf, type Issued } from "./certificates.ts";
import type { Closers } from "./closers.ts";
import type { HelperConnection, HelperEvent, HelperProgram } from "./native-helper.ts";
import { RsaAuthority, type RsaRequest } from "./rsa-authority.ts";
import { receiveAll, sendRandom } from "./streams.ts";

// What native/README.md asks of every helper, for the tests of each of them.

/** Whom the proxy's certificate is for, besides 127.0.0.1. */
export const proxyHost = "proxy.example.com";

/** A CA, one of people below it, and the certificate of a proxy. */
export interface HelperPki {
  readonly ca: RsaAuthority;
  readonly below: RsaAuthority;
  readonly proxy: Issued;
}

/** @param company in the names of its CAs; @param names of the proxy, besides `proxyHost`. */
export async function helperPki(company: string, names: readonly string[] = []): Promise<HelperPki> {
  const ca = await RsaAuthority.root(`CN=${company} CA`);
  const [below, proxy] = await Promise.all([
    ca.intermediate(`CN=${company} People CA`),
    ca.issue({
      subject: `CN=${proxyHost}`,
      usage: "server",
      names: [proxyHost, ...names],
      addresses: ["127.0.0.1"],
    }),
  ]);
  return { ca, below, proxy };
}

/** A server, and the first TLS connection that it accepts. */
export interface Serving {
  readonly port: number;
  readonly accepted: Promise<tls.TLSSocket>;
}

/** Lets a server listen on a port of 127.0.0.1, until the test ends. */
export async function listen(server: net.Server, closers: Closers): Promise<number> {
  const sockets = new Set<net.Socket>();
  server.on("connection", (socket: net.Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => sockets.delete(socket));
  });
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as net.AddressInfo).port;
}

/** A proxy that asks for a client certificate, and stays when the other end has ended. */
export async function serveProxy({ proxy }: HelperPki, options: tls.TlsOptions, closers: Closers): Promise<Serving> {
  const server = tls.createServer({
    ...{ key: proxy.key, cert: proxy.cert, requestCert: true, allowHalfOpen: true },
    ...options,
  });
  const accepted = once(server, "secureConnection").then(([socket]) =>
    (socket as tls.TLSSocket).on("error", () => undefined),
  );
  return { port: await listen(server, closers), accepted };
}

/** A running `connect`, and what the proxy has of it. */
export interface Connecting {
  readonly connection: HelperConnection;
  readonly accepted: Promise<tls.TLSSocket>;
}

export async function expectVersionAndUsage(program: HelperProgram, platform: "mac" | "windows"): Promise<void> {
  expect(await program.run(["version"])).toMatchObject({
    status: 0,
    stdout: Buffer.from(`culvert-tls 1 ${platform}\n`),
  });
  for (const args of [[], ["lists"], ["export"], ["list", "more"]]) {
    expect(await program.run(args)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/usage/i) as string,
    });
  }
}

/** A key that may leave: as PKCS#12 that the engine opens, and with its passphrase alone. */
export async function expectExport(program: HelperProgram, id: string, issued: Issued): Promise<void> {
  const passphrase = randomBytes(24).toString("base64");
  const { status, stdout } = await program.run(["export", id], `${JSON.stringify({ passphrase })}\n`);
  expect(status).toBe(0);
  const { cert, key } = await openPkcs12(stdout, passphrase, "the export");
  expect(derOf(cert)).toEqual(derOf(issued.cert));
  expect(key.replaceAll(/\s/g, "")).toBe(issued.key.replaceAll(/\s/g, ""));
  await expect(openPkcs12(stdout, "another", "the export")).rejects.toThrow();
}

/** Nothing leaves, and the event says why. */
export async function expectNoExport(program: HelperProgram, id: string, code: string): Promise<void> {
  const { status, stdout, stderr } = await program.run(["export", id], '{"passphrase":"x"}\n');
  expect([status, stdout.length]).toEqual([1, 0]);
  expect(JSON.parse(stderr)).toMatchObject({ event: "error", code });
}

/** The proxy sees the certificate, and Culvert learns what it has to know of the connection. */
export async function expectShown(
  { connection, accepted }: Connecting,
  { cert }: Issued,
  ready: Pick<HelperEvent, "alpn" | "protocol">,
): Promise<tls.TLSSocket> {
  const server = await accepted;
  expect(server.getPeerX509Certificate()?.raw).toEqual(derOf(cert));
  expect(server.servername).toBe(proxyHost);
  expect((await connection.event("connected")).port).toBe(server.remotePort);
  expect(await connection.event("ready")).toEqual({ event: "ready", ...ready });
  return server;
}

/** 8 MB each way at once, to the end. */
export async function expectBothWays({ child, closed, events }: HelperConnection, server: Duplex): Promise<void> {
  const total = 8 * 1024 * 1024;
  const stdin = inputOf(child);
  const [up, down, atServer, atClient] = await Promise.all([
    sendRandom(stdin, total, 1).then((hash) => (stdin.end(), hash)),
    sendRandom(server, total, 2).then((hash) => (server.end(), hash)),
    receiveAll(server),
    receiveAll(child.stdout),
  ]);
  expect(atServer).toEqual({ bytes: total, sha256: up });
  expect(atClient).toEqual({ bytes: total, sha256: down });
  expect(await closed).toBe(0);
  expect(events.map(({ event }) => event)).toEqual(["connected", "ready", "end"]);
}

/** stdin ends, and the answer comes after. @param size of the answer, in bytes. */
export async function expectReadsOn({ connection, accepted }: Connecting, size: number): Promise<void> {
  const received = receiveAll(connection.child.stdout);
  connection.child.stdin.end("question");
  const server = await accepted;
  expect((await receiveAll(server)).bytes).toBe(8);
  const answer = await sendRandom(server, size, 3);
  server.end();
  expect(await received).toEqual({ bytes: size, sha256: answer });
  expect(await connection.closed).toBe(0);
}

/** The proxy ends, and the rest of stdin is sent after. @param size of the rest, in bytes. */
export async function expectSendsOn({ connection, accepted }: Connecting, size: number): Promise<void> {
  const server = await accepted;
  server.end("farewell");
  expect((await receiveAll(connection.child.stdout)).bytes).toBe(8);
  const stdin = inputOf(connection.child);
  const sent = await sendRandom(stdin, size, 4);
  stdin.end();
  expect(await receiveAll(server)).toEqual({ bytes: size, sha256: sent });
  expect(await connection.closed).toBe(0);
}

/** A connection without a close_notify is an error. */
export async function expectCutOff({ connection, accepted }: Connecting): Promise<void> {
  connection.child.stdout.resume();
  const server = await accepted;
  await connection.event("ready");
  server.destroy();
  expect(await connection.event("error")).toMatchObject({ code: "ECONNRESET" });
  expect(await connection.closed).toBe(1);
}

/** What it says of a server that it does not get through to. */
export async function refusal(
  connection: HelperConnection,
): Promise<{ code: string | undefined; status: number | null }> {
  connection.child.stdout.resume();
  const error = await connection.event("error");
  expect(connection.events.filter(({ event }) => event === "ready")).toEqual([]);
  return { code: error.code, status: await connection.closed };
}

/** It says what is wrong with the certificate that the proxy has been issued, and hands it over. */
export async function expectRefusedCertificate(
  { ca }: HelperPki,
  request: Partial<RsaRequest>,
  open: (identity: Issued) => Promise<Connecting>,
  code: string,
): Promise<void> {
  const { cert, key } = await ca.issue({
    ...{ subject: `CN=${proxyHost}`, usage: "server", names: [proxyHost] },
    ...request,
  });
  const { connection } = await open({ cert, key });
  expect(await refusal(connection)).toEqual({ code, status: 1 });
  const [shown = ""] = (await connection.event("error")).chain ?? [];
  expect(Buffer.from(shown, "base64")).toEqual(derOf(cert));
}

/** A server that speaks HTTP, and a port that nobody listens on. */
export async function expectNoTls(connect: (port: number) => HelperConnection, closers: Closers): Promise<void> {
  const plain = net.createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  expect((await refusal(connect(await listen(plain, closers)))).code).toBe("ERR_SSL_WRONG_VERSION_NUMBER");
  const nobody = net.createServer();
  const port = await listen(nobody, closers);
  nobody.close();
  await once(nobody, "close");
  expect((await refusal(connect(port))).code).toBe("CULVERT_TLS");
}

/**
 * First lines of `connect` that mean nothing, with a secret in them that must not come back.
 * @param id of a certificate, so that nothing else is wrong; @param more such lines, given the secret and a line that is right.
 */
export async function expectRefusedLines(
  program: HelperProgram,
  id: string,
  more: (secret: string, good: object) => readonly string[],
): Promise<void> {
  const secret = randomBytes(16).toString("hex");
  const common = { database: null, password: null, chain: [], alpn: ["h2"], host: proxyHost, verify: true, roots: [] };
  const good = { ...common, id, sni: secret, via: 9 };
  const changes = [
    ...[{ verify: null }, { roots: [secret] }, { roots: [null] }],
    ...[{ via: 0 }, { via: 65_536 }, { host: "" }],
  ];
  const lines = [
    ...[secret, `{"passphrase":"${secret}`, `["${secret}"]`, "", "null"],
    ...changes.map((change) => JSON.stringify({ ...good, ...change })),
    ...more(secret, good),
    Buffer.from([0xff, 0xfe, 0x00, 0x0a]),
  ];
  for (const line of lines) {
    const { status, stderr } = await program.run(["connect"], Buffer.concat([Buffer.from(line), Buffer.from("\n")]));
    expect([String(line).slice(0, 80), status]).toEqual([String(line).slice(0, 80), 2]);
    expect(stderr).not.toContain(secret);
    expect(JSON.parse(stderr)).toMatchObject({ event: "error", code: "CULVERT_TLS" });
  }
}

/** Node gives a pipe of a child as a Writable; it is a socket underneath. */
const inputOf = (child: HelperConnection["child"]): Duplex => child.stdin as unknown as Duplex;
