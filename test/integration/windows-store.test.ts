import { existsSync } from "node:fs";
import { once } from "node:events";
import type net from "node:net";
import path from "node:path";
import tls from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openPkcs12 } from "../../src/engine/tls/pkcs12/open-pkcs12.ts";
import { derOf, type Issued } from "../support/certificates.ts";
import {
  type ConnectLine,
  type HelperCertificate,
  type HelperConnection,
  HelperProgram,
} from "../support/native-helper.ts";
import { RsaAuthority } from "../support/rsa-authority.ts";
import { receiveAll, sendRandom } from "../support/streams.ts";
import { WindowsCertificates } from "../support/windows-certificates.ts";

const built = path.join(import.meta.dirname, `../../native/build/win-${process.arch}/culvert-tls.exe`);

// What Mono cannot show: Schannel, TLS 1.3, and keys of Windows that may leave their store or not.
describe.skipIf(process.platform !== "win32")("the helper for Windows with the stores of Windows", () => {
  const host = "proxy.example.com";
  const helper = new HelperProgram([built]);
  const store = new WindowsCertificates();
  const closing: (() => void)[] = [];
  let ca: RsaAuthority;
  let below: RsaAuthority;
  let stays: Issued;
  let leaves: Issued;
  let proxy: Issued;

  beforeAll(async () => {
    if (!existsSync(built)) throw new Error(`${built} is not there: build the helper first`);
    ca = await RsaAuthority.root("CN=Culvert Test Root CA");
    below = await ca.intermediate("CN=Culvert Test People CA");
    [stays, leaves, proxy] = await Promise.all([
      below.issue({ subject: "CN=stays, O=Culvert Test", usage: "client" }),
      below.issue({ subject: "CN=leaves, O=Culvert Test", usage: "client" }),
      ca.issue({ subject: `CN=${host}`, usage: "server", names: [host], addresses: ["127.0.0.1"] }),
    ]);
    await store.addIdentity(stays, { exportable: false });
    await store.addIdentity(leaves, { exportable: true });
    await store.addAuthority(below.pem);
  });
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });
  afterAll(async () => {
    helper.close();
    await store.remove();
  });

  async function find(pem: string): Promise<HelperCertificate> {
    const der = derOf(pem).toString("base64");
    const found = (await helper.list()).filter((certificate) => certificate.der === der);
    expect(found).toHaveLength(1);
    const [first] = found;
    if (!first) throw new Error("not listed");
    return first;
  }

  /** It has the root alone: the intermediate must come from the client. */
  async function serve(options: tls.TlsOptions = {}): Promise<{ port: number; accepted: Promise<tls.TLSSocket> }> {
    const server = tls.createServer({
      ...{ key: proxy.key, cert: proxy.cert, ca: [ca.pem], requestCert: true, rejectUnauthorized: true },
      allowHalfOpen: true,
      ...options,
    });
    const sockets = new Set<net.Socket>();
    server.on("connection", (socket: net.Socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
    });
    const accepted = once(server, "secureConnection").then(([socket]) => {
      (socket as tls.TLSSocket).on("error", () => undefined);
      return socket as tls.TLSSocket;
    });
    closing.push(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return { port: (server.address() as net.AddressInfo).port, accepted };
  }

  function connect(line: Partial<ConnectLine> & { id: string; via: number }): HelperConnection {
    const connection = helper.connect({ host, roots: [derOf(ca.pem)], ...line });
    closing.push(() => connection.child.kill());
    return connection;
  }

  test("says of each key whether it may leave the store", async () => {
    expect(await find(stays.cert)).toMatchObject({ key: "stays", where: "CurrentUser\\My" });
    expect(await find(leaves.cert)).toMatchObject({ key: "exportable", where: "CurrentUser\\My" });
    expect(await find(below.pem)).toMatchObject({ key: "none", where: "CurrentUser\\CA" });
  });

  test("exports the key that may leave, and no other", async () => {
    const given = await helper.run(["export", (await find(leaves.cert)).id], '{"passphrase":"fresh"}\n');
    const { cert, key } = await openPkcs12(given.stdout, "fresh", "the export");
    expect(derOf(cert)).toEqual(derOf(leaves.cert));
    expect(key.replaceAll(/\s/g, "")).toBe(leaves.key.replaceAll(/\s/g, ""));
    const kept = await helper.run(["export", (await find(stays.cert)).id], '{"passphrase":"fresh"}\n');
    expect([kept.status, kept.stdout.length]).toEqual([1, 0]);
    expect(JSON.parse(kept.stderr)).toMatchObject({ event: "error", code: "CULVERT_KEY_REFUSED" });
  });

  describe.each(["TLSv1.2", "TLSv1.3"] as const)("over %s", (version) => {
    const only = { minVersion: version, maxVersion: version };

    test("a key that stays is used, and bytes go both ways at once", async () => {
      const { port, accepted } = await serve(only);
      const connection = connect({ id: (await find(stays.cert)).id, via: port });
      const server = await accepted;
      expect(server.getPeerX509Certificate()?.raw).toEqual(derOf(stays.cert));
      expect(server.servername).toBe(host);
      expect(await connection.event("ready")).toEqual({ event: "ready", alpn: null, protocol: version });
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
    });

    test("either side may end first", async () => {
      const { id } = await find(stays.cert);
      const { port, accepted } = await serve(only);
      const asking = connect({ id, via: port });
      const received = receiveAll(asking.child.stdout);
      asking.child.stdin.end("question");
      const server = await accepted;
      expect((await receiveAll(server)).bytes).toBe(8);
      server.end("answer");
      expect((await received).bytes).toBe(6);
      expect(await asking.closed).toBe(0);

      const other = await serve(only);
      const told = connect({ id, via: other.port });
      const teller = await other.accepted;
      teller.end("farewell");
      expect((await receiveAll(told.child.stdout)).bytes).toBe(8);
      told.child.stdin.end("reply");
      expect((await receiveAll(teller)).bytes).toBe(5);
      expect(await told.closed).toBe(0);
    });

    test("what was cut off is told", async () => {
      const { port, accepted } = await serve(only);
      const connection = connect({ id: (await find(stays.cert)).id, via: port });
      connection.child.stdout.resume();
      await connection.event("ready");
      (await accepted).destroy();
      expect(await connection.event("error")).toMatchObject({ code: "ECONNRESET" });
      expect(await connection.closed).toBe(1);
    });

    test("a server of another CA or name is turned down", async () => {
      const { id } = await find(stays.cert);
      const { port } = await serve(only);
      const unknown = connect({ id, via: port, roots: [] });
      expect((await unknown.event("error")).code).toMatch(
        /^(UNABLE_TO_GET_ISSUER_CERT_LOCALLY|SELF_SIGNED_CERT_IN_CHAIN)$/,
      );
      const twin = await RsaAuthority.root("CN=Culvert Test Root CA", ca);
      const forged = connect({ id, via: port, roots: [derOf(twin.pem)] });
      expect((await forged.event("error")).code).toMatch(/^(UNABLE_TO_GET_|SELF_SIGNED_|CERT_SIGNATURE_)/);
      const named = connect({ id, via: port, host: "other.example.com" });
      expect(await named.event("error")).toMatchObject({ code: "ERR_TLS_CERT_ALTNAME_INVALID" });
      await connect({ id, via: port, host: "127.0.0.1", sni: host }).event("ready");
    });
  });
});
