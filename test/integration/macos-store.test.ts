import { createHash } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import type tls from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { listedLine, type Listed } from "../../src/engine/tls/remote-key/messages.ts";
import { macosStore } from "../../src/engine/certstore/macos-store.ts";
import { limits } from "../../src/shared/limits.ts";
import { derOf, type Issued } from "../support/certificates.ts";
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
  proxyHost as host,
  refusal,
  serveProxy,
  type Connecting,
  type HelperPki,
  type Serving,
} from "../support/helper-contract.ts";
import { MacKeychain, noKeychain } from "../support/macos-keychain.ts";
import type { ConnectLine, HelperConnection } from "../support/native-helper.ts";
import { RsaAuthority } from "../support/rsa-authority.ts";
import { receiveAll } from "../support/streams.ts";

const missing = noKeychain();
if (missing !== null) console.warn(`macOS keychain skipped: needs ${missing}`);

const idOf = (pem: string): string => createHash("sha256").update(derOf(pem)).digest("hex");

describe.skipIf(missing !== null)("the program for macOS with a keychain of its own", () => {
  const closers = closedAfterEach();
  let keychain: MacKeychain;
  let pki: HelperPki;
  /** Keys that may leave the keychain, and keys that may not. */
  let ada: Issued;
  let bob: Issued;

  beforeAll(async () => {
    [keychain, pki] = await Promise.all([MacKeychain.create(), helperPki("Corp")]);
    [ada, bob] = await Promise.all([
      pki.below.issue({ subject: "CN=ada", usage: "client" }),
      pki.below.issue({ subject: "CN=bob", usage: "client" }),
    ]);
    await keychain.addIdentity(ada, { mayLeave: true });
    await keychain.addIdentity(bob, { mayLeave: false });
    await keychain.addCertificate(pki.below.pem);
  });
  afterAll(() => keychain.remove());

  async function listed(): Promise<Listed[]> {
    const { status, stdout, stderr } = await keychain.program.run(["list"], '{"database":null,"password":null}\n');
    expect([status, stderr]).toEqual([0, ""]);
    const lines = stdout.toString().trimEnd().split("\n").map(listedLine);
    expect(lines.pop()).toBe("end");
    return lines.filter((line) => line !== null && line !== "end");
  }

  const serve = (options: tls.TlsOptions = {}): Promise<Serving> =>
    serveProxy(pki, { ca: [pki.ca.pem, pki.below.pem], ...options }, closers);

  const connect = (
    line: Partial<ConnectLine> & { readonly via: number; readonly alpn?: readonly string[] },
    who = bob,
  ): HelperConnection =>
    keychain.connect({
      id: idOf(who.cert),
      host,
      roots: [derOf(pki.ca.pem)],
      chain: [derOf(who.cert), derOf(pki.below.pem)],
      ...line,
    });

  async function open(options: tls.TlsOptions, alpn?: readonly string[], who = bob): Promise<Connecting> {
    const { port, accepted } = await serve(options);
    return { connection: connect({ via: port, ...(alpn ? { alpn } : {}) }, who), accepted };
  }

  test("says its version, and how it is used", () => expectVersionAndUsage(keychain.program, "mac"));

  test("lists certificates with and without keys, and asks nobody", async () => {
    const found = await listed();
    const ours = new Map(found.map((one) => [one.id, one]));
    for (const { cert } of [ada, bob]) {
      const id = idOf(cert);
      expect(ours.get(id)).toEqual({ id, der: derOf(cert), key: "stays", where: "the macOS keychain", locked: false });
    }
    const { pem } = pki.below;
    expect(ours.get(idOf(pem))).toMatchObject({ der: derOf(pem), key: "none" });
    expect(ours.size).toBe(found.length);
    expect((await listed()).map(({ id }) => id)).toEqual(found.map(({ id }) => id));
  });

  test("exports a key that may leave, and says that another may not", async () => {
    const { program } = keychain;
    await expectExport(program, idOf(ada.cert), ada);
    await expectNoExport(program, idOf(bob.cert), "CULVERT_KEY_REFUSED");
    for (const id of [idOf(pki.below.pem), "none"]) await expectNoExport(program, id, "CULVERT_NO_SUCH_CERTIFICATE");
  });

  describe.each(["TLSv1.2", "TLSv1.3"] as const)("over %s", (version) => {
    const only = { minVersion: version, maxVersion: version };

    test.each([
      ["ada", ["h2", "http/1.1"], ["h2"], "h2"],
      ["bob", ["h2", "http/1.1"], ["http/1.1"], "http/1.1"],
      ["bob", [], ["h2"], null],
    ] as const)("shows the certificate of %s, ALPN %j and %j", async (who, alpn, ALPNProtocols, chosen) => {
      const own = who === "ada" ? ada : bob;
      const opened = await open({ ...only, ALPNProtocols: [...ALPNProtocols] }, alpn, own);
      const server = await expectShown(opened, own, { alpn: chosen, protocol: version });
      expect(server.authorized).toBe(true);
      await expectBothWays(opened.connection, server);
    });

    test("each direction ends alone", async () => {
      await expectReadsOn(await open(only), 6);
      await expectSendsOn(await open(only), 11);
    });

    test("tells what was cut off from what has ended", async () => expectCutOff(await open(only)));

    test("does not get through with a certificate of another CA", async () => {
      const other = await RsaAuthority.root("CN=Other CA");
      const { connection } = await open({ ...only, ca: [other.pem], rejectUnauthorized: true });
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
  ])("a server whose certificate %s is refused with %s", (_what, code, request) =>
    expectRefusedCertificate(pki, request, open, code),
  );

  test("an unknown CA is refused, unless certificates are not checked", async () => {
    const refused = connect({ via: (await serve()).port, roots: [] });
    expect(await refusal(refused)).toEqual({ code: "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", status: 1 });
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

  test("tells that there is no TLS, or nobody", () => expectNoTls((via) => connect({ via }), closers));

  test("refuses a first line that it does not understand, and repeats nothing of it", () =>
    expectRefusedLines(keychain.program, idOf(bob.cert), (_secret, good) => [
      `${JSON.stringify(good)} {}`,
      JSON.stringify({ ...good, sni: "x".repeat(1024) }),
    ]));

  test("the engine finds it, and has it do TLS", async () => {
    const store = macosStore({ path: keychain.path, passwordHint: "" });
    const found = (await store.certificates()).find(({ der }) => der.equals(derOf(bob.cert)));
    const key = await found?.key();
    if (key?.kind !== "stays") throw new Error(`the key is ${key?.kind ?? "not there"}`);
    const { port, accepted } = await serve({ ALPNProtocols: ["h2"] });
    const raw = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    await once(raw, "connect");
    const chain = [derOf(bob.cert), derOf(pki.below.pem)];
    const request = { host, alpn: ["h2"], verify: true, ca: [pki.ca.pem], chain };
    const silent = (): never => {
      throw new Error("silent");
    };
    const { socket, alpn } = await key.remote.connect(raw, { ...request, limits, silent }, AbortSignal.timeout(60_000));
    closers.push(() => socket.destroy());
    expect(alpn).toBe("h2");
    const server = await accepted;
    server.pipe(server);
    socket.end("there and back");
    expect((await receiveAll(socket)).bytes).toBe(14);
  });
});
