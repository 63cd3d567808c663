import { existsSync } from "node:fs";
import path from "node:path";
import type tls from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { derOf, type Issued } from "../support/certificates.ts";
import { closedAfterEach } from "../support/closers.ts";
import {
  expectBothWays,
  expectCutOff,
  expectExport,
  expectNoExport,
  expectReadsOn,
  expectSendsOn,
  expectShown,
  helperPki,
  proxyHost as host,
  serveProxy,
  type Connecting,
  type HelperPki,
  type Serving,
} from "../support/helper-contract.ts";
import {
  type ConnectLine,
  type HelperCertificate,
  type HelperConnection,
  HelperProgram,
} from "../support/native-helper.ts";
import { RsaAuthority } from "../support/rsa-authority.ts";
import { WindowsCertificates } from "../support/windows-certificates.ts";

const built = path.join(import.meta.dirname, `../../native/build/win-${process.arch}/culvert-tls.exe`);

// What Mono cannot show: Schannel, TLS 1.3, and keys of Windows that may leave their store or not.
describe.skipIf(process.platform !== "win32")("the helper for Windows with the stores of Windows", () => {
  const helper = new HelperProgram([built]);
  const store = new WindowsCertificates();
  const closers = closedAfterEach();
  let pki: HelperPki;
  let stays: Issued;
  let leaves: Issued;

  beforeAll(async () => {
    if (!existsSync(built)) throw new Error(`${built} is not there: build the helper first`);
    pki = await helperPki("Culvert Test");
    [stays, leaves] = await Promise.all([
      pki.below.issue({ subject: "CN=stays, O=Culvert Test", usage: "client" }),
      pki.below.issue({ subject: "CN=leaves, O=Culvert Test", usage: "client" }),
    ]);
    await store.addIdentity(stays, { exportable: false });
    await store.addIdentity(leaves, { exportable: true });
    await store.addAuthority(pki.below.pem);
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
  // It has the root alone: the intermediate must come from the client.
  const serve = (options: tls.TlsOptions): Promise<Serving> =>
    serveProxy(pki, { ca: [pki.ca.pem], rejectUnauthorized: true, ...options }, closers);

  function connect(line: Partial<ConnectLine> & { id: string; via: number }): HelperConnection {
    const connection = helper.connect({ host, roots: [derOf(pki.ca.pem)], ...line });
    closers.push(() => connection.child.kill());
    return connection;
  }

  test("says of each key whether it may leave the store", async () => {
    expect(await find(stays.cert)).toMatchObject({ key: "stays", where: "CurrentUser\\My" });
    expect(await find(leaves.cert)).toMatchObject({ key: "exportable", where: "CurrentUser\\My" });
    expect(await find(pki.below.pem)).toMatchObject({ key: "none", where: "CurrentUser\\CA" });
  });

  test("exports the key that may leave, and no other", async () => {
    await expectExport(helper, (await find(leaves.cert)).id, leaves);
    await expectNoExport(helper, (await find(stays.cert)).id, "CULVERT_KEY_REFUSED");
  });

  describe.each(["TLSv1.2", "TLSv1.3"] as const)("over %s", (version) => {
    const only = { minVersion: version, maxVersion: version };

    async function open(): Promise<Connecting> {
      const { id } = await find(stays.cert);
      const { port, accepted } = await serve(only);
      return { connection: connect({ id, via: port }), accepted };
    }

    test("a key that stays is used, and bytes go both ways at once", async () => {
      const opened = await open();
      const server = await expectShown(opened, stays, { alpn: null, protocol: version });
      await expectBothWays(opened.connection, server);
    });

    test("either side may end first", async () => {
      await expectReadsOn(await open(), 6);
      await expectSendsOn(await open(), 5);
    });

    test("what was cut off is told", async () => expectCutOff(await open()));

    test("a server of another CA or name is turned down", async () => {
      const { id } = await find(stays.cert);
      const { port } = await serve(only);
      const unknown = connect({ id, via: port, roots: [] });
      expect((await unknown.event("error")).code).toMatch(
        /^(UNABLE_TO_GET_ISSUER_CERT_LOCALLY|SELF_SIGNED_CERT_IN_CHAIN)$/,
      );
      const twin = await RsaAuthority.root("CN=Culvert Test CA", pki.ca);
      const forged = connect({ id, via: port, roots: [derOf(twin.pem)] });
      expect((await forged.event("error")).code).toMatch(/^(UNABLE_TO_GET_|SELF_SIGNED_|CERT_SIGNATURE_)/);
      const named = connect({ id, via: port, host: "other.example.com" });
      expect(await named.event("error")).toMatchObject({ code: "ERR_TLS_CERT_ALTNAME_INVALID" });
      await connect({ id, via: port, host: "127.0.0.1", sni: host }).event("ready");
    });
  });
});
