import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import type { Duplex } from "node:stream";
import tls from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { listedLine, type Listed } from "../../src/engine/tls/remote-key/messages.ts";
import { openPkcs12 } from "../../src/engine/tls/pkcs12/open-pkcs12.ts";
import { macosStore } from "../../src/engine/certstore/macos-store.ts";
import { limits } from "../../src/shared/limits.ts";
import { derOf, type Issued } from "../support/certificates.ts";
import { MacKeychain, noKeychain } from "../support/macos-keychain.ts";
import type { ConnectLine, HelperConnection } from "../support/native-helper.ts";
import { RsaAuthority } from "../support/rsa-authority.ts";
import { receiveAll, sendRandom } from "../support/streams.ts";

const missing = noKeychain();
if (missing !== null) console.warn(`macOS keychain skipped: needs ${missing}`);

const host = "proxy.example.com";
const idOf = (pem: string): string => createHash("sha256").update(derOf(pem)).digest("hex");

describe.skipIf(missing !== null)("the program for macOS with a keychain of its own", () => {
  let keychain: MacKeychain;
  let ca: RsaAuthority;
  let below: RsaAuthority;
  let proxy: Issued;
  /** Keys that may leave the keychain, and keys that may not. */
  let ada: Issued;
  let bob: Issued;
  const closing: (() => void)[] = [];

  beforeAll(async () => {
    [keychain, ca] = await Promise.all([MacKeychain.create(), RsaAuthority.root("CN=Corp CA")]);
    below = await ca.intermediate("CN=Corp People CA");
    [ada, bob, proxy] = await Promise.all([
      below.issue({ subject: "CN=ada", usage: "client" }),
      below.issue({ subject: "CN=bob", usage: "client" }),
      ca.issue({ subject: `CN=${host}`, usage: "server", names: [host], addresses: ["127.0.0.1"] }),
    ]);
    await keychain.addIdentity(ada, { mayLeave: true });
    await keychain.addIdentity(bob, { mayLeave: false });
    await keychain.addCertificate(below.pem);
  });
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });
  afterAll(() => keychain.remove());

  async function listed(): Promise<Listed[]> {
    const { status, stdout, stderr } = await keychain.program.run(["list"], '{"database":null,"password":null}\n');
    expect([status, stderr]).toEqual([0, ""]);
    const lines = stdout.toString().trimEnd().split("\n").map(listedLine);
    expect(lines.pop()).toBe("end");
    return lines.filter((line) => line !== null && line !== "end");
  }

  /** A server that wants a client certificate, and the first connection that it accepts. */
  async function serve(options: tls.TlsOptions = {}): Promise<{ port: number; accepted: Promise<tls.TLSSocket> }> {
    const server = tls.createServer({
      ...{ key: proxy.key, cert: proxy.cert, ca: [ca.pem, below.pem], requestCert: true, allowHalfOpen: true },
      ...options,
    });
    const sockets = new Set<net.Socket>();
    server.on("connection", (socket: net.Socket) => sockets.add(socket.on("error", () => undefined)));
    const accepted = once(server, "secureConnection").then(([socket]) => {
      const connected = socket as tls.TLSSocket;
      return connected.on("error", () => undefined);
    });
    closing.push(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return { port: (server.address() as net.AddressInfo).port, accepted };
  }

  const connect = (
    line: Partial<ConnectLine> & { readonly via: number; readonly alpn?: readonly string[] },
    who = bob,
  ): HelperConnection =>
    keychain.connect({
      ...{ id: idOf(who.cert), host, roots: [derOf(ca.pem)], chain: [derOf(who.cert), derOf(below.pem)] },
      ...line,
    });

  test("says its version, and how it is used", async () => {
    expect(await keychain.program.run(["version"])).toMatchObject({
      status: 0,
      stdout: Buffer.from("culvert-tls 1 mac\n"),
    });
    for (const args of [[], ["lists"], ["export"], ["list", "more"]]) {
      expect(await keychain.program.run(args)).toMatchObject({
        status: 2,
        stderr: expect.stringContaining("usage") as string,
      });
    }
  });

  test("lists certificates with and without keys, and asks nobody", async () => {
    const found = await listed();
    const ours = new Map(found.map((one) => [one.id, one]));
    for (const { cert } of [ada, bob]) {
      const id = idOf(cert);
      expect(ours.get(id)).toEqual({ id, der: derOf(cert), key: "stays", where: "the macOS keychain", locked: false });
    }
    expect(ours.get(idOf(below.pem))).toMatchObject({ der: derOf(below.pem), key: "none" });
    expect(ours.size).toBe(found.length);
    expect((await listed()).map(({ id }) => id)).toEqual(found.map(({ id }) => id));
  });

  test("exports a key that may leave, and says that another may not", async () => {
    const passphrase = randomBytes(24).toString("base64");
    const input = `${JSON.stringify({ passphrase })}\n`;
    const { status, stdout } = await keychain.program.run(["export", idOf(ada.cert)], input);
    expect(status).toBe(0);
    const { cert, key } = await openPkcs12(stdout, passphrase, "the export");
    expect([derOf(cert), key.replaceAll(/\s/g, "")]).toEqual([derOf(ada.cert), ada.key.replaceAll(/\s/g, "")]);
    for (const [id, code] of [
      [idOf(bob.cert), "CULVERT_KEY_REFUSED"],
      [idOf(below.pem), "CULVERT_NO_SUCH_CERTIFICATE"],
      ["none", "CULVERT_NO_SUCH_CERTIFICATE"],
    ] as const) {
      const refused = await keychain.program.run(["export", id], input);
      expect([refused.status, refused.stdout.length]).toEqual([1, 0]);
      expect(JSON.parse(refused.stderr)).toMatchObject({ event: "error", code });
    }
  });

  describe.each(["TLSv1.2", "TLSv1.3"] as const)("over %s", (version) => {
    const only = { minVersion: version, maxVersion: version };

    test.each([
      ["ada", ["h2", "http/1.1"], ["h2"], "h2"],
      ["bob", ["h2", "http/1.1"], ["http/1.1"], "http/1.1"],
      ["bob", [], ["h2"], null],
    ] as const)("shows the certificate of %s, ALPN %j and %j", async (who, alpn, ALPNProtocols, chosen) => {
      const own = who === "ada" ? ada : bob;
      const { port, accepted } = await serve({ ...only, ALPNProtocols: [...ALPNProtocols] });
      const connection = connect({ via: port, alpn }, own);
      const server = await accepted;
      expect([server.authorized, server.servername]).toEqual([true, host]);
      expect(server.getPeerX509Certificate()?.raw).toEqual(derOf(own.cert));
      expect((await connection.event("connected")).port).toBe(server.remotePort);
      expect(await connection.event("ready")).toEqual({ event: "ready", alpn: chosen, protocol: version });
      const total = 8 * 1024 * 1024;
      const { stdin, stdout } = connection.child;
      const [up, down, atServer, atClient] = await Promise.all([
        sendRandom(stdin as unknown as Duplex, total, 1).then((hash) => (stdin.end(), hash)),
        sendRandom(server, total, 2).then((hash) => (server.end(), hash)),
        receiveAll(server),
        receiveAll(stdout),
      ]);
      expect(atServer).toEqual({ bytes: total, sha256: up });
      expect(atClient).toEqual({ bytes: total, sha256: down });
      expect(await connection.closed).toBe(0);
      expect(connection.events.map(({ event }) => event)).toEqual(["connected", "ready", "end"]);
    });

    test("each direction ends alone", async () => {
      const first = await serve(only);
      const asks = connect({ via: first.port });
      const answer = receiveAll(asks.child.stdout);
      asks.child.stdin.end("question");
      const server = await first.accepted;
      expect((await receiveAll(server)).bytes).toBe(8);
      server.end("answer");
      expect((await answer).bytes).toBe(6);
      expect(await asks.closed).toBe(0);

      const second = await serve(only);
      const tells = connect({ via: second.port });
      const other = await second.accepted;
      other.end("farewell");
      expect((await receiveAll(tells.child.stdout)).bytes).toBe(8);
      tells.child.stdin.end("to the last");
      expect((await receiveAll(other)).bytes).toBe(11);
      expect(await tells.closed).toBe(0);
    });

    test("tells what was cut off from what has ended", async () => {
      const { port, accepted } = await serve(only);
      const connection = connect({ via: port });
      connection.child.stdout.resume();
      const server = await accepted;
      await connection.event("ready");
      server.destroy();
      expect(await connection.event("error")).toMatchObject({ code: "ECONNRESET" });
      expect(await connection.closed).toBe(1);
    });

    test("does not get through with a certificate of another CA", async () => {
      const other = await RsaAuthority.root("CN=Other CA");
      const { port } = await serve({ ...only, ca: [other.pem], rejectUnauthorized: true });
      const connection = connect({ via: port });
      connection.child.stdout.resume();
      // Node's server hangs up without an alert, others send one of several.
      expect((await connection.event("error")).code).toMatch(/^(ECONNRESET|ERR_SSL_\w+_ALERT_\w+)$/);
      expect(await connection.closed).toBe(1);
    });
  });

  test.each([
    ["is for another host", "ERR_TLS_CERT_ALTNAME_INVALID", { names: ["other.example.com"] }],
    ["has ended", "CERT_HAS_EXPIRED", { fromDays: -3, toDays: -1 }],
    ["is of tomorrow", "CERT_NOT_YET_VALID", { fromDays: 1 }],
  ])("a server whose certificate %s is refused with %s", async (_what, code, request) => {
    const bad = await ca.issue({ subject: `CN=${host}`, usage: "server", names: [host], ...request });
    const { port } = await serve({ key: bad.key, cert: bad.cert });
    const connection = connect({ via: port });
    const error = await connection.event("error");
    expect([error.code, error.chain?.[0]]).toEqual([code, derOf(bad.cert).toString("base64")]);
    expect(await connection.closed).toBe(1);
    expect(connection.events.map(({ event }) => event)).not.toContain("ready");
  });

  test("an unknown CA is refused, unless certificates are not checked", async () => {
    const refused = connect({ via: (await serve()).port, roots: [] });
    expect((await refused.event("error")).code).toBe("UNABLE_TO_GET_ISSUER_CERT_LOCALLY");
    expect(await refused.closed).toBe(1);
    const { port, accepted } = await serve();
    const taken = connect({ via: port, roots: [], host: "other.example.com", verify: false });
    (await accepted).end("x");
    expect((await receiveAll(taken.child.stdout)).bytes).toBe(1);
  });

  test("an address is checked as a name is, and not sent as one", async () => {
    const { port, accepted } = await serve();
    await connect({ via: port, host: "127.0.0.1", sni: null }).event("ready");
    expect((await accepted).servername).toBe(false);
    const other = connect({ via: (await serve()).port, host: "127.0.0.2", sni: null });
    expect((await other.event("error")).code).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
  });

  test("tells that there is no TLS, or nobody", async () => {
    const plain = net.createServer((socket) =>
      socket.on("error", () => undefined).end("HTTP/1.1 400 Bad Request\r\n\r\n"),
    );
    closing.push(() => plain.close());
    plain.listen(0, "127.0.0.1");
    await once(plain, "listening");
    const { port } = plain.address() as net.AddressInfo;
    expect((await connect({ via: port }).event("error")).code).toBe("ERR_SSL_WRONG_VERSION_NUMBER");
    plain.close();
    await once(plain, "close");
    expect((await connect({ via: port }).event("error")).code).toBe("CULVERT_TLS");
  });

  test("refuses a first line that it does not understand, and repeats nothing of it", async () => {
    const secret = randomBytes(16).toString("hex");
    const good = { id: idOf(bob.cert), chain: [], host, sni: secret, alpn: ["h2"], verify: true, roots: [], via: 9 };
    const lines = [
      ...[secret, `{"passphrase":"${secret}`, `["${secret}"]`, "", "null", `${JSON.stringify(good)} {}`],
      ...[{ verify: null }, { roots: [secret] }, { roots: [null] }, { via: 0 }, { via: 65_536 }, { host: "" }].map(
        (bad) => JSON.stringify({ ...good, ...bad }),
      ),
      JSON.stringify({ ...good, sni: "x".repeat(1024) }),
      Buffer.from([0xff, 0xfe, 0x00, 0x0a]),
    ];
    for (const line of lines) {
      const { status, stderr } = await keychain.program.run(
        ["connect"],
        Buffer.concat([Buffer.from(line), Buffer.from("\n")]),
      );
      expect([String(line).slice(0, 80), status]).toEqual([String(line).slice(0, 80), 2]);
      expect(stderr).not.toContain(secret);
    }
  });

  test("the engine finds it, and has it do TLS", async () => {
    const store = macosStore({ path: keychain.path, passwordHint: "" });
    const found = (await store.certificates()).find(({ der }) => der.equals(derOf(bob.cert)));
    const key = await found?.key();
    if (key?.kind !== "stays") throw new Error(`the key is ${key?.kind ?? "not there"}`);
    const { port, accepted } = await serve({ ALPNProtocols: ["h2"] });
    const raw = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    await once(raw, "connect");
    const request = { host, alpn: ["h2"], verify: true, ca: [ca.pem], chain: [derOf(bob.cert), derOf(below.pem)] };
    const silent = (): never => {
      throw new Error("silent");
    };
    const { socket, alpn } = await key.remote.connect(raw, { ...request, limits, silent }, AbortSignal.timeout(60_000));
    closing.push(() => socket.destroy());
    expect(alpn).toBe("h2");
    const server = await accepted;
    server.pipe(server);
    socket.end("there and back");
    expect((await receiveAll(socket)).bytes).toBe(14);
  });
});
