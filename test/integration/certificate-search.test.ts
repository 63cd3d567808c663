import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemCertificateStore, type CertificateStore, type TlsSettings } from "../../src/engine/index.ts";
import { Authority } from "../support/certificates.ts";
import { closedAfterEach } from "../support/closers.ts";
import { lacks } from "../support/services/programs.ts";
import { NssDatabase, nssTools } from "../support/nss-database.ts";
import { fronts } from "../support/fronts.ts";
import { Rig, type RigOptions } from "../support/rig.ts";
import { culvert, startCulvert } from "../support/run-culvert.ts";
import { Upstream } from "../support/streams.ts";
import { endAll, liveClient, refusedClient } from "./connector-clients.ts";

const closers = closedAfterEach();

/** The CAs of an organisation; the proxy accepts the first two. */
let corp: Authority;
let partner: Authority;
let stranger: Authority;
let issuing: Authority;
beforeAll(async () => {
  [corp, partner, stranger] = await Promise.all([
    Authority.root("CN=Corp CA, O=Corp"),
    Authority.root("CN=Partner CA, O=Partner"),
    Authority.root("CN=Stranger CA, O=Elsewhere"),
  ]);
  issuing = await corp.intermediate("CN=Corp Issuing CA, O=Corp");
});

const databases: NssDatabase[] = [];
afterAll(() => {
  for (const database of databases) database.remove();
});

async function database(options?: { place?: string; password?: string }): Promise<NssDatabase> {
  const made = await NssDatabase.create(options);
  databases.push(made);
  return made;
}

const storeIn = ({ home }: NssDatabase, password?: string): CertificateStore =>
  systemCertificateStore({
    platform: "linux",
    home,
    password: () => password,
    passwordHint: "Give the password.",
    helper: null,
  });

async function start(store: CertificateStore | null, options: Partial<RigOptions> = {}): Promise<Rig> {
  const upstream = await Upstream.start();
  const rig = await Rig.start({
    routes: [{ host: "echo.corp.test", port: 7000, upstream: upstream.address, policy: "public" }],
    clientCertificates: "reject-connection",
    clientCas: corp.pem + partner.pem,
    ...(store ? { certificates: store } : {}),
    ...options,
  });
  closers.push(
    () => upstream.close(),
    () => rig.close(),
  );
  return rig;
}

const searching = (rig: Rig, filters: { issuer?: string; subject?: string } = {}): TlsSettings => ({
  ...rig.tls,
  clientCertificateSearch: filters,
});

async function passes(rig: Rig, filters?: { issuer?: string; subject?: string }): Promise<void> {
  const tunnel = await rig.open("echo.corp.test:7000", { tls: searching(rig, filters) });
  await endAll(rig, [await liveClient(tunnel)]);
  await tunnel.close({ graceMs: 0 });
}

async function fails(rig: Rig, filters?: { issuer?: string; subject?: string }) {
  const tunnel = await rig.open("echo.corp.test:7000", { tls: searching(rig, filters) });
  const { error } = await refusedClient(rig, tunnel);
  await tunnel.close({ graceMs: 0 });
  return error;
}

describe.skipIf(lacks(nssTools)).each(fronts())("a certificate of a real NSS database, %s front", (front) => {
  describe.each(["TLSv1.2", "TLSv1.3"] as const)("%s", (tlsVersion) => {
    it("is chosen by the CAs that the proxy accepts, and the log says why the others fell out", async () => {
      const nss = await database();
      await nss.add(await corp.issue({ subject: "CN=ada, O=Corp", toDays: 20 }));
      await nss.add(await stranger.issue({ subject: "CN=ada elsewhere", toDays: 90 }));
      await nss.add(await corp.issue({ subject: "CN=last year", fromDays: -300, toDays: -1 }));
      await nss.add(await corp.issue({ subject: "CN=next year", fromDays: 10, toDays: 300 }));
      await nss.add(await corp.issue({ subject: "CN=a server", usage: "server", toDays: 80 }));
      await nss.add(await partner.issue({ subject: "CN=sooner", toDays: 10, kind: "rsa" }));
      await nss.addCertificate((await corp.issue({ subject: "CN=no key" })).cert);
      await nss.addCertificate(corp.pem, "TC,C,T");
      const rig = await start(storeIn(nss), { front, tlsVersion });
      await passes(rig);
      const [searched, ...more] = rig.seen("client-certificate-searched");
      expect(more).toEqual([]);
      expect(searched).toMatchObject({ asked: true, chosen: { subject: "ada", issuer: "Corp CA" }, more: 0 });
      const reasons = [...(searched?.passedOver ?? [])].sort();
      expect(reasons).toEqual([
        expect.stringMatching(/^"a server" signed by "Corp CA": it is not for client authentication\.$/),
        expect.stringMatching(/^"ada elsewhere" signed by "Stranger CA": none of the CAs/),
        expect.stringMatching(/^"last year" signed by "Corp CA": it ended on \d+ \w+ \d{4}\.$/),
        expect.stringMatching(/^"next year" signed by "Corp CA": it is not valid before \d+ \w+ \d{4}\.$/),
        expect.stringMatching(/^"no key" signed by "Corp CA": its private key is not in the store\.$/),
        expect.stringMatching(/^"sooner" signed by "Partner CA": it ends sooner, on \d+ \w+ \d{4}\.$/),
      ]);
    });

    it("may be of RSA, and is narrowed down by issuer and subject", async () => {
      const nss = await database();
      await nss.add(await corp.issue({ subject: "CN=ada, O=Corp, OU=Sales, OU=Everyone", toDays: 90 }));
      await nss.add(await partner.issue({ subject: "CN=ada, O=Partner", kind: "rsa" }));
      const rig = await start(storeIn(nss), { front, tlsVersion });
      await passes(rig, { issuer: "CN=Partner CA" });
      await passes(rig, { subject: "organizationalUnitName=Everyone" });
      expect(rig.seen("client-certificate-searched").map(({ chosen }) => chosen?.issuer)).toEqual([
        "Partner CA",
        "Corp CA",
      ]);
      const error = await fails(rig, { subject: "OU=everyone" });
      expect(error).toMatchObject({ code: "no-certificate-matches", retryable: false });
      expect(error.message).toBe("No certificate in ~/.pki/nssdb has subject OU=everyone. 2 others could be used.");
      expect(rig.seen("client-certificate-searched").at(-1)).toMatchObject({
        chosen: null,
        passedOver: [expect.stringContaining("its subject is not OU=everyone"), expect.anything()],
      });
    });

    it("brings the intermediate chain along that the database holds", async () => {
      const nss = await database();
      await nss.add(await issuing.issue({ subject: "CN=ada" }));
      const rig = await start(storeIn(nss), { front, tlsVersion, clientCas: corp.pem });
      const error = await fails(rig);
      expect(error.code).toBe("no-certificate-matches");
      expect(error.message).toMatch(
        /^No client certificate in ~\/\.pki\/nssdb fits .*: "ada" signed by "Corp Issuing CA": none of the CAs/,
      );
      await nss.addCertificate(issuing.pem, "c,c,");
      await passes(rig);
    });

    it("is none where the proxy asks for none", async () => {
      const nss = await database();
      await nss.add(await corp.issue({ subject: "CN=ada" }));
      const rig = await start(storeIn(nss), { front, tlsVersion, clientCertificates: "off" });
      await passes(rig);
      expect(rig.seen("client-certificate-searched")).toMatchObject([{ asked: false, chosen: null, passedOver: [] }]);
    });

    it("opens what the policy guards, sign-in included", async () => {
      const nss = await database();
      await nss.add(await corp.issue({ subject: "CN=ada" }));
      const upstream = await Upstream.start();
      closers.push(() => upstream.close());
      const rig = await start(storeIn(nss), {
        front,
        tlsVersion,
        clientCertificates: "policy",
        routes: [{ host: "echo.corp.test", port: 7000, upstream: upstream.address }],
      });
      await passes(rig);
      expect(rig.browser.pages).toHaveLength(1);
    });
  });
});

describe.skipIf(lacks(nssTools))("the database", () => {
  it("that changes is looked at again: a renewed certificate needs no restart", async () => {
    const nss = await database();
    const old = await nss.add(await corp.issue({ subject: "CN=old", toDays: 5 }));
    const rig = await start(storeIn(nss));
    const tunnel = await rig.open("echo.corp.test:7000", { tls: searching(rig) });
    await endAll(rig, [await liveClient(tunnel), await liveClient(tunnel)]);
    await nss.add(await corp.issue({ subject: "CN=new", toDays: 50 }));
    await endAll(rig, [await liveClient(tunnel)]);
    await nss.delete(old);
    await endAll(rig, [await liveClient(tunnel)]);
    expect(rig.seen("client-certificate-searched")).toMatchObject([
      { chosen: { subject: "old" }, passedOver: [] },
      { chosen: { subject: "new" }, passedOver: [expect.stringContaining('"old"')] },
      { chosen: { subject: "new" }, passedOver: [] },
    ]);
  });

  it("with a password is opened by it, and by nothing else", async () => {
    const nss = await database({ password: "Pass wörd 1" });
    await nss.add(await corp.issue({ subject: "CN=ada", kind: "rsa" }));
    await passes(await start(storeIn(nss, "Pass wörd 1")));
    expect(await fails(await start(storeIn(nss)))).toMatchObject({
      code: "storage-failed",
      message: "The certificate store ~/.pki/nssdb is protected by a password.",
      userAction: "Give the password.",
    });
    expect((await fails(await start(storeIn(nss, "pass wörd 1")))).message).toBe(
      "The password does not open the certificate store ~/.pki/nssdb.",
    );
  });

  it("may be where newer browsers keep it", async () => {
    const nss = await database({ place: ".local/share/pki/nssdb" });
    await nss.add(await corp.issue({ subject: "CN=ada" }));
    await passes(await start(storeIn(nss)));
  });

  it("that holds nothing, or is not there, is told in one line", async () => {
    const nss = await database();
    const rig = await start(storeIn(nss));
    const host = new URL(rig.proxy.origin).hostname;
    expect(await fails(rig)).toMatchObject({
      code: "no-certificate-matches",
      message: `${host} asks for a client certificate, and ~/.pki/nssdb holds none with its key.`,
    });
    const nowhere = await start(storeIn({ home: "/nowhere" } as NssDatabase));
    expect(await fails(nowhere)).toMatchObject({
      code: "client-certificate-needed",
      message: "There is no certificate store of yours: nothing is in ~/.pki/nssdb or ~/.local/share/pki/nssdb.",
    });
  });

  it("is not searched where there is none that could be", async () => {
    const rig = await start(null);
    await expect(rig.open("echo.corp.test:7000", { tls: searching(rig) })).rejects.toMatchObject({
      code: "not-available-yet",
    });
    for (const [platform, name] of [
      ["darwin", "the macOS keychain"],
      ["win32", "the Windows certificate store"],
    ] as const) {
      const store = systemCertificateStore({ platform, home: "/", passwordHint: "", helper: null });
      const other = await start(store);
      await expect(other.open("echo.corp.test:7000", { tls: searching(other) })).rejects.toMatchObject({
        code: "not-available-yet",
        message: `Searching ${name} needs the program culvert-tls, which is missing from this installation.`,
      });
    }
  });
});

describe.skipIf(lacks(nssTools))("culvert --client-cert-from-store", () => {
  it("chooses, says so, and fails in one clear line", async () => {
    const nss = await database({ password: "secret of the store" });
    await nss.add(await corp.issue({ subject: "CN=ada, O=Corp", toDays: 20 }));
    await nss.add(await corp.issue({ subject: "CN=eve, O=Corp", toDays: 10 }));
    const rig = await start(null);
    const env = {
      HOME: nss.home,
      CULVERT_HOME: `${nss.home}/culvert`,
      CULVERT_CERT_STORE_PASSWORD: "secret of the store",
    };
    const flags = [
      "--pomerium-url",
      rig.urlOf("127.0.0.1"),
      "--ca-cert",
      Buffer.from(rig.proxy.caPem).toString("base64"),
    ];
    const command = ["tcp", "echo.corp.test:7000", ...flags, "--client-cert-from-store"];
    const running = startCulvert(command, env);
    closers.push(() => running.child.kill("SIGKILL"));
    const [, port] = await running.said(/listening on 127\.0\.0\.1:(\d+)/);
    const client = await liveClient({ address: { host: "127.0.0.1", port: Number(port) } } as never);
    expect(running.stderr()).toMatch(
      /INF client certificate for 127\.0\.0\.1:\d+: "ada" signed by "Corp CA", valid to .*; passed over: "eve" .*: it ends sooner/,
    );
    client.destroy();
    running.child.kill("SIGINT");
    expect((await running.ended).code).toBe(0);

    const stdio = await culvert([...command, "--listen", "-", "--client-cert-subject", "CN=Ada"], env, "x");
    expect(stdio.code).toBe(1);
    expect(stdio.stderr).toMatch(
      /ERR No certificate in ~\/\.pki\/nssdb has subject CN=Ada\. 2 others could be used\. /,
    );
    expect(stdio.stderr + running.stderr()).not.toMatch(/secret of the store|PRIVATE/);
  });
});
