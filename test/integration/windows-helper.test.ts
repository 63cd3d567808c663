import { spawn } from "node:child_process";
import net from "node:net";
import { createInterface } from "node:readline";
import type tls from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CertificateFolder, derOf, type Issued } from "../support/certificates.ts";
import { closedAfterEach } from "../support/closers.ts";
import {
  expectBothWays,
  expectCutOff,
  expectExport,
  expectNoExport,
  expectNoTls,
  expectReadsOn,
  expectRefusedCertificate,
  expectRefusedLines,
  expectSendsOn,
  expectShown,
  expectVersionAndUsage,
  helperPki,
  listen,
  proxyHost as host,
  refusal,
  serveProxy,
  type Connecting,
  type HelperPki,
  type Serving,
} from "../support/helper-contract.ts";
import type { ConnectLine, HelperConnection } from "../support/native-helper.ts";
import { openssl } from "../support/pkcs12.ts";
import { RsaAuthority } from "../support/rsa-authority.ts";
import { lacks } from "../support/services/programs.ts";
import { receiveAll } from "../support/streams.ts";
import { mono, WindowsHelper } from "../support/windows-helper.ts";

// What Mono can do of it: TLS 1.2, its own certificate stores, keys that cannot be asked whether they may leave.
describe.skipIf(lacks(mono, openssl))("the helper for Windows, run by Mono", () => {
  const closers = closedAfterEach();
  let helper: WindowsHelper;
  let pki: HelperPki;
  let client: Issued;
  let clientId: string;

  beforeAll(async () => {
    [helper, pki] = await Promise.all([WindowsHelper.build(), helperPki("Corp", ["*.wild.example.com"])]);
    client = await pki.below.issue({ subject: "CN=ada, O=Corp", usage: "client" });
    await helper.addIdentity(client);
    await helper.addCertificate("CA", pki.below.pem);
    clientId = (await helper.program.list())[0]?.id ?? "";
  });
  afterAll(() => helper.remove());

  const serve = (options: tls.TlsOptions = {}): Promise<Serving> =>
    serveProxy(pki, { ca: [pki.ca.pem, pki.below.pem], maxVersion: "TLSv1.2", ...options }, closers);

  /** `openssl s_server`, which refuses client certificates with an alert: for their CA, or for their age (it believes to be in 2100). */
  async function strictServer(late: boolean): Promise<number> {
    const { ca, below, proxy } = pki;
    const files = new CertificateFolder();
    const child = spawn("openssl", [
      ...["s_server", "-accept", "127.0.0.1:0", "-tls1_2", "-Verify", "2", "-verify_return_error"],
      ...["-cert", files.write("cert.pem", proxy.cert), "-key", files.write("key.pem", proxy.key)],
      ...["-CAfile", files.write("ca.pem", late ? ca.pem + below.pem : proxy.cert)],
      ...(late ? ["-attime", "4102444800"] : []),
    ]);
    closers.push(() => {
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
    const connection = helper.closing.connect({ id: clientId, host, roots: [derOf(pki.ca.pem)], ...line });
    closers.push(() => connection.child.kill("SIGKILL"));
    return connection;
  }

  async function open(options?: tls.TlsOptions): Promise<Connecting> {
    const { port, accepted } = await serve(options);
    return { connection: connect({ via: port }), accepted };
  }

  test("says its version, and how it is used", () => expectVersionAndUsage(helper.program, "windows"));

  test("lists the certificates of the stores, those of people before those of CAs", async () => {
    const found = await helper.program.list();
    expect(found).toEqual([
      { id: clientId, der: derOf(client.cert).toString("base64"), key: "stays", where: "CurrentUser\\My" },
      {
        id: expect.stringMatching(/^CurrentUser\/CA\/[0-9a-f]{64}$/) as string,
        der: derOf(pki.below.pem).toString("base64"),
        key: "none",
        where: "CurrentUser\\CA",
      },
    ]);
    expect(await helper.program.list()).toEqual(found);
  });

  test("exports certificate and key as PKCS#12 that the engine opens", () =>
    expectExport(helper.program, clientId, client));

  test("exports nothing that is not there", async () => {
    for (const id of ["CurrentUser/My/00", clientId.replace("/My/", "/CA/"), ""])
      await expectNoExport(helper.program, id, "CULVERT_NO_SUCH_CERTIFICATE");
    expect(await refusal(connect({ via: 9, id: "CurrentUser/My/00" }))).toEqual({
      code: "CULVERT_NO_SUCH_CERTIFICATE",
      status: 1,
    });
  });

  test("shows the certificate, and carries bytes both ways at once", async () => {
    const opened = await open({ rejectUnauthorized: true });
    const server = await expectShown(opened, client, { alpn: null, protocol: "TLSv1.2" });
    await expectBothWays(opened.connection, server);
  });

  test("goes on reading after stdin has ended", async () => expectReadsOn(await open(), 1024 * 1024));

  test("goes on sending after the other end has ended", async () => expectSendsOn(await open(), 1024 * 1024));

  test("tells what was cut off from what has ended", async () => expectCutOff(await open()));

  test("ends when nobody reads what arrives", async () => {
    const { connection, accepted } = await open();
    const server = await accepted;
    await connection.event("ready");
    connection.child.stdout.destroy();
    const more = setInterval(() => server.write("x".repeat(1000)), 20);
    closers.push(() => clearInterval(more));
    expect(await connection.closed).toBe(1);
  });

  describe("a server that it does not trust", () => {
    const cases: [what: string, code: string, request: { toDays?: number; fromDays?: number; names?: string[] }][] = [
      ["is for another host", "ERR_TLS_CERT_ALTNAME_INVALID", { names: ["other.example.com"] }],
      ["has no name", "ERR_TLS_CERT_ALTNAME_INVALID", { names: [] }],
      ["has ended", "CERT_HAS_EXPIRED", { fromDays: -3, toDays: -1 }],
      ["is of tomorrow", "CERT_NOT_YET_VALID", { fromDays: 1 }],
    ];
    test.each(cases)("because its certificate %s: %s", (_what, code, request) =>
      expectRefusedCertificate(pki, request, open, code),
    );

    test("because nobody knows its issuer, which it sends or not", async () => {
      const { ca, proxy } = pki;
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
      const twin = await RsaAuthority.root("CN=Corp CA", pki.ca);
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
    const middle = await pki.ca.intermediate("CN=Corp Servers CA");
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
    await expectNoTls((via) => connect({ via }), closers);
    const hangsUp = await listen(
      net.createServer((socket) => socket.resume().end()),
      closers,
    );
    expect((await refusal(connect({ via: hangsUp }))).code).toBe("ECONNRESET");
  });

  test("refuses a first line that it does not understand, and repeats nothing of it", () =>
    expectRefusedLines(helper.program, clientId, (secret, good) => [
      `{"passphrase":"${secret}"}`,
      ...[{ id: { a: secret } }, { via: 1e99 }, { verify: undefined }, { sni: "x".repeat(1024 * 1024) }].map((change) =>
        JSON.stringify({ ...good, ...change }),
      ),
    ]));
});
