import { spawn } from "node:child_process";
import { createHash, randomBytes, X509Certificate } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import { createInterface } from "node:readline";
import tls from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openPkcs12 } from "../../src/engine/tls/pkcs12/open-pkcs12.ts";
import { CertificateFolder, derOf, type Issued } from "../support/certificates.ts";
import type { ConnectLine, HelperConnection } from "../support/native-helper.ts";
import { openssl } from "../support/pkcs12.ts";
import { RsaAuthority } from "../support/rsa-authority.ts";
import { lacks } from "../support/services/programs.ts";
import { receiveAll, sendRandom } from "../support/streams.ts";
import { mono, WindowsHelper } from "../support/windows-helper.ts";

// What Mono can do of it: TLS 1.2, its own certificate stores, keys that cannot be asked whether they may leave.
describe.skipIf(lacks(mono, openssl))("the helper for Windows, run by Mono", () => {
  const host = "proxy.example.com";
  let helper: WindowsHelper;
  let ca: RsaAuthority;
  let below: RsaAuthority;
  let client: Issued;
  let proxy: Issued;
  let clientId: string;
  const closing: (() => void)[] = [];

  beforeAll(async () => {
    [helper, ca] = await Promise.all([WindowsHelper.build(), RsaAuthority.root("CN=Corp CA")]);
    below = await ca.intermediate("CN=Corp People CA");
    [client, proxy] = await Promise.all([
      below.issue({ subject: "CN=ada, O=Corp", usage: "client" }),
      ca.issue({
        subject: `CN=${host}`,
        usage: "server",
        names: [host, "*.wild.example.com"],
        addresses: ["127.0.0.1"],
      }),
    ]);
    await helper.addIdentity(client);
    await helper.addCertificate("CA", below.pem);
    clientId = (await helper.program.list())[0]?.id ?? "";
  });
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });
  afterAll(() => helper.remove());

  async function listen(server: net.Server): Promise<number> {
    const sockets = new Set<net.Socket>();
    server.on("connection", (socket: net.Socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => sockets.delete(socket));
    });
    closing.push(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as net.AddressInfo).port;
  }

  /** A server that asks for a client certificate, and the connections that it accepts. */
  async function serve(options: tls.TlsOptions = {}): Promise<{ port: number; accepted: Promise<tls.TLSSocket> }> {
    const server = tls.createServer({
      ...{ key: proxy.key, cert: proxy.cert, ca: [ca.pem, below.pem], requestCert: true, maxVersion: "TLSv1.2" },
      allowHalfOpen: true,
      ...options,
    });
    const accepted = once(server, "secureConnection").then(([socket]) => {
      const connected = socket as tls.TLSSocket;
      connected.on("error", () => undefined);
      return connected;
    });
    return { port: await listen(server), accepted };
  }

  /** `openssl s_server`, which refuses client certificates with an alert: for their CA, or for their age (it believes to be in 2100). */
  async function strictServer(late: boolean): Promise<number> {
    const files = new CertificateFolder();
    const child = spawn("openssl", [
      ...["s_server", "-accept", "127.0.0.1:0", "-tls1_2", "-Verify", "2", "-verify_return_error"],
      ...["-cert", files.write("cert.pem", proxy.cert), "-key", files.write("key.pem", proxy.key)],
      ...["-CAfile", files.write("ca.pem", late ? ca.pem + below.pem : proxy.cert)],
      ...(late ? ["-attime", "4102444800"] : []),
    ]);
    closing.push(() => {
      child.kill("SIGKILL");
      files.remove();
    });
    for await (const line of createInterface(child.stdout)) {
      const port = /^ACCEPT 127\.0\.0\.1:(\d+)$/.exec(line)?.[1];
      if (port !== undefined) return Number(port);
    }
    throw new Error("openssl s_server does not listen");
  }

  function connect(line: Partial<ConnectLine> & { via: number }): HelperConnection {
    const connection = helper.closing.connect({ id: clientId, host, roots: [derOf(ca.pem)], ...line });
    closing.push(() => connection.child.kill("SIGKILL"));
    return connection;
  }

  /** What it says of a server that it does not get through to. */
  async function refusal(connection: HelperConnection): Promise<{ code: string | undefined; status: number | null }> {
    connection.child.stdout.resume();
    const error = await connection.event("error");
    expect(connection.events.filter(({ event }) => event === "ready")).toEqual([]);
    return { code: error.code, status: await connection.closed };
  }

  test("says its version, and how it is used", async () => {
    expect(await helper.program.run(["version"])).toMatchObject({
      status: 0,
      stdout: Buffer.from("culvert-tls 1 windows\n"),
    });
    for (const args of [[], ["lists"], ["export"], ["list", "more"]]) {
      expect(await helper.program.run(args)).toMatchObject({
        status: 2,
        stderr: expect.stringContaining("Usage") as string,
      });
    }
  });

  test("lists the certificates of the stores, those of people before those of CAs", async () => {
    const found = await helper.program.list();
    expect(found).toEqual([
      { id: clientId, der: derOf(client.cert).toString("base64"), key: "stays", where: "CurrentUser\\My" },
      {
        id: expect.stringMatching(/^CurrentUser\/CA\/[0-9a-f]{64}$/) as string,
        der: derOf(below.pem).toString("base64"),
        key: "none",
        where: "CurrentUser\\CA",
      },
    ]);
    expect(await helper.program.list()).toEqual(found);
  });

  test("exports certificate and key as PKCS#12 that the engine opens", async () => {
    const passphrase = randomBytes(24).toString("base64");
    const { status, stdout } = await helper.program.run(["export", clientId], `${JSON.stringify({ passphrase })}\n`);
    expect(status).toBe(0);
    const { cert, key } = await openPkcs12(stdout, passphrase, "the export");
    expect(derOf(cert)).toEqual(derOf(client.cert));
    expect(key.replaceAll(/\s/g, "")).toBe(client.key.replaceAll(/\s/g, ""));
    await expect(openPkcs12(stdout, "another", "the export")).rejects.toThrow();
  });

  test("exports nothing that is not there", async () => {
    for (const id of ["CurrentUser/My/00", clientId.replace("/My/", "/CA/"), ""]) {
      const { status, stdout, stderr } = await helper.program.run(["export", id], '{"passphrase":"x"}\n');
      expect([status, stdout.length]).toEqual([1, 0]);
      expect(JSON.parse(stderr)).toMatchObject({ event: "error", code: "CULVERT_NO_SUCH_CERTIFICATE" });
    }
    const { via, ...line } = { via: 9, id: "CurrentUser/My/00" };
    expect(await refusal(connect({ via, ...line }))).toEqual({ code: "CULVERT_NO_SUCH_CERTIFICATE", status: 1 });
  });

  test("shows the certificate, and carries bytes both ways at once", async () => {
    const { port, accepted } = await serve({ rejectUnauthorized: true });
    const connection = connect({ via: port });
    const server = await accepted;
    expect(server.getPeerX509Certificate()?.raw).toEqual(derOf(client.cert));
    expect(server.servername).toBe(host);
    expect((await connection.event("connected")).port).toBe(server.remotePort);
    expect(await connection.event("ready")).toEqual({ event: "ready", alpn: null, protocol: "TLSv1.2" });
    const total = 8 * 1024 * 1024;
    const { stdin, stdout } = connection.child;
    const [up, down, atServer, atClient] = await Promise.all([
      sendRandom(stdin as unknown as tls.TLSSocket, total, 1).then((hash) => (stdin.end(), hash)),
      sendRandom(server, total, 2).then((hash) => (server.end(), hash)),
      receiveAll(server),
      receiveAll(stdout),
    ]);
    expect(atServer).toEqual({ bytes: total, sha256: up });
    expect(atClient).toEqual({ bytes: total, sha256: down });
    expect(await connection.closed).toBe(0);
    expect(connection.events.map(({ event }) => event)).toEqual(["connected", "ready", "end"]);
  });

  test("goes on reading after stdin has ended", async () => {
    const { port, accepted } = await serve();
    const connection = connect({ via: port });
    const received = receiveAll(connection.child.stdout);
    connection.child.stdin.end("question");
    const server = await accepted;
    expect((await receiveAll(server)).bytes).toBe(8);
    const answer = await sendRandom(server, 1024 * 1024, 3);
    server.end();
    expect(await received).toEqual({ bytes: 1024 * 1024, sha256: answer });
    expect(await connection.closed).toBe(0);
  });

  test("goes on sending after the other end has ended", async () => {
    const { port, accepted } = await serve();
    const connection = connect({ via: port });
    const server = await accepted;
    server.end("farewell");
    expect((await receiveAll(connection.child.stdout)).bytes).toBe(8);
    const sent = await sendRandom(connection.child.stdin as unknown as tls.TLSSocket, 1024 * 1024, 4);
    connection.child.stdin.end();
    expect(await receiveAll(server)).toEqual({ bytes: 1024 * 1024, sha256: sent });
    expect(await connection.closed).toBe(0);
  });

  test("tells what was cut off from what has ended", async () => {
    const { port, accepted } = await serve();
    const connection = connect({ via: port });
    connection.child.stdout.resume();
    const server = await accepted;
    await connection.event("ready");
    server.destroy();
    expect(await connection.event("error")).toMatchObject({ code: "ECONNRESET" });
    expect(await connection.closed).toBe(1);
  });

  test("ends when nobody reads what arrives", async () => {
    const { port, accepted } = await serve();
    const connection = connect({ via: port });
    const server = await accepted;
    await connection.event("ready");
    connection.child.stdout.destroy();
    const more = setInterval(() => server.write("x".repeat(1000)), 20);
    closing.push(() => clearInterval(more));
    expect(await connection.closed).toBe(1);
  });

  describe("a server that it does not trust", () => {
    const cases: [what: string, code: string, request: { toDays?: number; fromDays?: number; names?: string[] }][] = [
      ["is for another host", "ERR_TLS_CERT_ALTNAME_INVALID", { names: ["other.example.com"] }],
      ["has no name", "ERR_TLS_CERT_ALTNAME_INVALID", { names: [] }],
      ["has ended", "CERT_HAS_EXPIRED", { fromDays: -3, toDays: -1 }],
      ["is of tomorrow", "CERT_NOT_YET_VALID", { fromDays: 1 }],
    ];
    test.each(cases)("because its certificate %s: %s", async (_what, code, request) => {
      const bad = await ca.issue({ subject: `CN=${host}`, usage: "server", names: [host], ...request });
      const { port } = await serve({ key: bad.key, cert: bad.cert });
      const connection = connect({ via: port });
      expect(await refusal(connection)).toEqual({ code, status: 1 });
      const [shown = ""] = (await connection.event("error")).chain ?? [];
      expect(new X509Certificate(Buffer.from(shown, "base64")).raw).toEqual(derOf(bad.cert));
    });

    test("because nobody knows its issuer, which it sends or not", async () => {
      const self = await RsaAuthority.root(`CN=${host}`);
      const single = await self.issue({ subject: "CN=leaf", usage: "server", names: [host] });
      const cases: [code: string, options: tls.TlsOptions, roots: string[]][] = [
        ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", { ca: [] }, []],
        ["SELF_SIGNED_CERT_IN_CHAIN", { cert: proxy.cert + ca.pem, ca: [] }, []],
        ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", { ca: [] }, [self.pem]],
        ["SELF_SIGNED_CERT_IN_CHAIN", { cert: single.cert + self.pem, key: single.key, ca: [] }, [ca.pem]],
        ["DEPTH_ZERO_SELF_SIGNED_CERT", { cert: self.pem, key: self.key, ca: [] }, [ca.pem]],
      ];
      for (const [code, options, roots] of cases) {
        const { port } = await serve(options);
        expect(await refusal(connect({ via: port, roots: roots.map(derOf) }))).toEqual({ code, status: 1 });
      }
    });

    test("because a CA of the same name has not signed it", async () => {
      const namesake = await RsaAuthority.root("CN=Corp CA");
      const { port } = await serve({ ca: [] });
      expect(await refusal(connect({ via: port, roots: [derOf(namesake.pem)] }))).toEqual({
        code: "CERT_SIGNATURE_FAILURE",
        status: 1,
      });
    });

    test("because a CA of the same name, number and key identifier has signed it", async () => {
      const twin = await RsaAuthority.root("CN=Corp CA", ca);
      const { cert, key } = await twin.issue({ subject: "CN=leaf", usage: "server", names: [host] });
      const { port } = await serve({ key, cert: cert + twin.pem, ca: [] });
      const { code } = await refusal(connect({ via: port }));
      expect(code).toMatch(/^(SELF_SIGNED_CERT_IN_CHAIN|CERT_SIGNATURE_FAILURE)$/);
    });

    test("is accepted when its CA is in the system's store", async () => {
      const installed = await RsaAuthority.root("CN=Installed CA");
      const { cert, key } = await installed.issue({ subject: "CN=leaf", usage: "server", names: [host] });
      const { port } = await serve({ key, cert, ca: [], rejectUnauthorized: false });
      expect((await refusal(connect({ via: port }))).code).toBe("UNABLE_TO_GET_ISSUER_CERT_LOCALLY");
      await helper.addCertificate("Root", installed.pem);
      await connect({ via: port }).event("ready");
    });

    test("is accepted when the user says so", async () => {
      const { port, accepted } = await serve();
      const connection = connect({ via: port, roots: [], host: "other.example.com", verify: false });
      (await accepted).end("x");
      connection.child.stdin.end();
      expect((await receiveAll(connection.child.stdout)).bytes).toBe(1);
    });
  });

  test.each([
    ["a.wild.example.com", true],
    ["wild.example.com", false],
    ["a.b.wild.example.com", false],
    ["PROXY.example.com", true],
    ["127.0.0.1", true],
    ["127.0.0.2", false],
    ["::1", false],
  ])("the certificate is for %s: %s", async (name, right) => {
    const { port } = await serve();
    const connection = connect({ via: port, host: name, sni: host });
    connection.child.stdout.resume();
    if (right) await connection.event("ready");
    else expect((await connection.event("error")).code).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
  });

  test("takes an intermediate that the server sends", async () => {
    const middle = await ca.intermediate("CN=Corp Servers CA");
    const { key, cert } = await middle.issue({ subject: "CN=x", usage: "server", names: [host] });
    const { port } = await serve({ key, cert: cert + middle.pem });
    await connect({ via: port }).event("ready");
    const { port: other } = await serve({ key, cert });
    const alone = connect({ via: other });
    expect(await refusal(alone)).toEqual({ code: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", status: 1 });
  });

  test.each([
    ["unknown CA", "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA"],
    ["expired", "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED"],
  ])("tells that the client certificate is refused: %s", async (why, code) => {
    const port = await strictServer(why === "expired");
    expect(await refusal(connect({ via: port }))).toEqual({ code, status: 1 });
  });

  test("tells the alert that ended a handshake", async () => {
    const { port } = await serve({ maxVersion: "TLSv1.3", minVersion: "TLSv1.3" });
    expect(await refusal(connect({ via: port }))).toEqual({
      code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
      status: 1,
    });
  });

  test("tells that there is no TLS, or nobody", async () => {
    const answer = "HTTP/1.1 400 Bad Request\r\n\r\n";
    const port = await listen(net.createServer((socket) => socket.end(answer)));
    expect((await refusal(connect({ via: port }))).code).toBe("ERR_SSL_WRONG_VERSION_NUMBER");
    const hangsUp = await listen(net.createServer((socket) => socket.resume().end()));
    expect((await refusal(connect({ via: hangsUp }))).code).toBe("ECONNRESET");
    const closed = net.createServer();
    const nobody = await listen(closed);
    closed.close();
    expect((await refusal(connect({ via: nobody }))).code).toBe("CULVERT_TLS");
  });

  test("refuses a first line that it does not understand, and repeats nothing of it", async () => {
    const secret = createHash("sha256").update("secret").digest("hex");
    const good = { id: clientId, host, verify: true, roots: [], via: 9, sni: secret };
    const lines = [
      secret,
      `{"passphrase":"${secret}`,
      `{"passphrase":"${secret}"}`,
      `["${secret}"]`,
      "",
      "null",
      JSON.stringify({ ...good, verify: null }),
      JSON.stringify({ ...good, roots: [secret] }),
      JSON.stringify({ ...good, roots: [null] }),
      JSON.stringify({ ...good, id: { a: secret } }),
      JSON.stringify({ ...good, via: 0 }),
      JSON.stringify({ ...good, via: 65_536 }),
      JSON.stringify({ ...good, via: 1e99 }),
      JSON.stringify({ ...good, host: "" }),
      JSON.stringify({ ...good, verify: undefined }),
      JSON.stringify({ ...good, sni: "x".repeat(1024 * 1024) }),
      Buffer.from([0xff, 0xfe, 0x00, 0x0a]),
    ];
    for (const line of lines) {
      const { status, stderr } = await helper.program.run(
        ["connect"],
        Buffer.concat([Buffer.from(line), Buffer.from("\n")]),
      );
      expect([String(line).slice(0, 80), status]).toEqual([String(line).slice(0, 80), 2]);
      expect(stderr).not.toContain(secret);
      expect(JSON.parse(stderr)).toMatchObject({ event: "error", code: "CULVERT_TLS" });
    }
  });
});
