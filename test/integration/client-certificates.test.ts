import { createPrivateKey } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPkcs12, type ClientCertificate } from "../../src/engine/index.ts";
import { Authority, CertificateFolder, derOf, type Issued } from "../support/certificates.ts";
import { closedAfterEach } from "../support/closers.ts";
import { fronts } from "../support/fronts.ts";
import { makePkcs12, openssl } from "../support/pkcs12.ts";
import { lacks } from "../support/services/programs.ts";
import { Rig, type RigOptions } from "../support/rig.ts";
import { culvert, startCulvert } from "../support/run-culvert.ts";
import { connectTo, receiveAll, Upstream } from "../support/streams.ts";
import { endAll, liveClient, refusedClient, roundTrip } from "./connector-clients.ts";

const passphrase = "öffne dich";

let corp: Authority;
let issuing: Authority;
let stranger: Authority;
let ada: Issued;
let mallory: Issued;
const folder = new CertificateFolder();
const closers = closedAfterEach();

beforeAll(async () => {
  [corp, stranger] = await Promise.all([
    Authority.root("CN=Corp CA, O=Corp"),
    Authority.root("CN=Stranger CA, O=Elsewhere"),
  ]);
  issuing = await corp.intermediate("CN=Corp Issuing CA, O=Corp");
  [ada, mallory] = await Promise.all([
    issuing.issue({ subject: "CN=ada, O=Corp" }),
    stranger.issue({ subject: "CN=mallory, O=Elsewhere" }),
  ]);
});
afterAll(() => folder.remove());

/** A proxy that lets in nobody without a certificate of Corp. It knows the root alone, so the chain has to be sent. */
async function start(options: Partial<RigOptions> = {}): Promise<Rig> {
  const upstream = await Upstream.start();
  const rig = await Rig.start({
    routes: [{ host: "echo.corp.test", port: 7000, upstream: upstream.address, policy: "public" }],
    clientCertificates: "reject-connection",
    clientCas: corp.pem,
    ...options,
  });
  closers.push(
    () => upstream.close(),
    () => rig.close(),
  );
  return rig;
}

const encrypted = (key: string, type: "pkcs8" | "sec1"): string =>
  createPrivateKey(key).export({ type, format: "pem", cipher: "aes-256-cbc", passphrase }).toString();

type Form = "PEM" | "encrypted PKCS#8" | "encrypted key of the old form" | "PKCS#12" | "old PKCS#12";

const pemForms = ["PEM", "encrypted PKCS#8", "encrypted key of the old form"] as const;
const forms: readonly Form[] = lacks(openssl) ? pemForms : [...pemForms, "PKCS#12", "old PKCS#12"];

/** The same certificate with its chain in one of the forms in which people have it. */
async function inForm(form: Form, { cert, key }: Issued, chain: string): Promise<ClientCertificate> {
  switch (form) {
    case "PEM":
      return { cert: cert + chain, key };
    case "encrypted PKCS#8":
      return { cert: cert + chain, key: encrypted(key, "pkcs8"), passphrase };
    case "encrypted key of the old form":
      return { cert: chain + cert, key: encrypted(key, "sec1"), passphrase };
    case "PKCS#12":
    case "old PKCS#12": {
      const file = await makePkcs12({ cert, key, chain, passphrase, legacy: form === "old PKCS#12" });
      return openPkcs12(file, passphrase, "ada.p12");
    }
  }
}

describe.each(fronts())("a client certificate that was given, %s front", (front) => {
  describe.each(["TLSv1.2", "TLSv1.3"] as const)("%s", (tlsVersion) => {
    it.each(forms)("as %s: the right one passes, one of another CA does not", async (form) => {
      const rig = await start({ front, tlsVersion });
      const right = await inForm(form, ada, issuing.pem);
      const tunnel = await rig.open("echo.corp.test:7000", { tls: { ...rig.tls, clientCertificate: right } });
      await endAll(rig, [await liveClient(tunnel)]);
      const wrong = await inForm(form, mallory, stranger.pem);
      const other = await rig.open("echo.corp.test:7000", { tls: { ...rig.tls, clientCertificate: wrong } });
      // A Node server closes the connection over a wrong certificate without an alert.
      const codes = front === "envoy" ? ["client-certificate-refused"] : ["connection-lost"];
      expect(codes).toContain((await refusedClient(rig, other)).error.code);
    });
  });
});

it.skipIf(lacks(openssl))("the CAs in a PKCS#12 file are not trusted for the proxy", async () => {
  const rig = await start();
  const chain = issuing.pem + rig.proxy.caPem;
  const file = await makePkcs12({ ...ada, chain, passphrase });
  const clientCertificate = await openPkcs12(file, passphrase, "ada.p12");
  expect(clientCertificate.cert).toContain(rig.proxy.caPem.trim());
  const tunnel = await rig.open("echo.corp.test:7000", { tls: { verify: true, ca: [], clientCertificate } });
  expect((await refusedClient(rig, tunnel)).error.code).toBe("certificate-not-trusted");
});

describe("on the command line", () => {
  const env = { HOME: folder.path, CULVERT_HOME: path.join(folder.path, "culvert") };
  const to = (rig: Rig, ...flags: string[]): string[] => [
    ...["tcp", "echo.corp.test:7000", "--pomerium-url", rig.proxy.origin, "--alternate-ca-path", rig.proxy.caFile],
    ...flags,
  ];
  const p12 = (name: string, bytes: Buffer): string => folder.write(name, bytes);
  const secretFile = (): string => folder.write("passphrase", `${passphrase}\n`);

  async function said(client: Promise<Awaited<ReturnType<typeof connectTo>>>, text = "hello"): Promise<number> {
    const socket = await client;
    socket.end(text);
    return (await receiveAll(socket)).bytes;
  }

  async function running(rig: Rig, ...flags: string[]) {
    const program = startCulvert(to(rig, ...flags), env);
    closers.push(async () => {
      program.child.kill("SIGKILL");
      await program.ended;
    });
    const [, port] = await program.said(/listening on 127\.0\.0\.1:(\d+)/);
    return { ...program, connect: () => connectTo({ host: "127.0.0.1", port: Number(port) }) };
  }

  it.skipIf(lacks(openssl))("a PKCS#12 file with its passphrase is all that is needed", async () => {
    const rig = await start();
    const file = await makePkcs12({ ...ada, chain: issuing.pem, passphrase, legacy: true });
    const flags = ["--client-cert", p12("ada.p12", file), "--client-key-passphrase-file", secretFile()];
    const { connect } = await running(rig, ...flags);
    expect(await said(connect())).toBe(5);
  });

  it("a PEM file may hold the key as well, encrypted or not", async () => {
    const rig = await start();
    const both = folder.write("both.pem", encrypted(ada.key, "pkcs8") + ada.cert + issuing.pem);
    // As programs of Windows write a text.
    const secret = folder.write("passphrase-windows", `\uFEFF${passphrase}\r\n`);
    const { connect } = await running(rig, "--client-cert", both, "--client-key-passphrase-file", secret);
    expect(await said(connect())).toBe(5);
  });

  it("certificate and key may be in DER, as Windows and Java give them", async () => {
    const rig = await start();
    const { cert, key } = await corp.issue({ subject: "CN=ada" });
    const der = createPrivateKey(key).export({ type: "pkcs8", format: "der" });
    const files = ["--client-cert", p12("ada.der", derOf(cert)), "--client-key", p12("ada.key.der", der)];
    expect(await said((await running(rig, ...files)).connect())).toBe(5);
    const withoutKey = await culvert(to(rig, ...files.slice(0, 2)), env);
    expect(withoutKey).toMatchObject({ code: 2, stderr: expect.stringContaining("--client-key FILE") as string });
  });

  it.skipIf(lacks(openssl))("what is wrong with it is one clear line before anything is opened", async () => {
    const rig = await start();
    const file = p12("ada.p12", await makePkcs12({ ...ada, passphrase }));
    const wrong = folder.write("wrong", "falsch\n");
    const [over, server] = await Promise.all([
      issuing.issue({ subject: "CN=over", fromDays: -30, toDays: -2 }),
      issuing.issue({ subject: "CN=server", usage: "server" }),
    ]);
    const pair = (name: string, { cert, key }: Issued): string[] => [
      ...["--client-cert", folder.write(`${name}.crt`, cert), "--client-key", folder.write(`${name}.key`, key)],
    ];
    const cases: [string[], RegExp][] = [
      [["--client-cert", file], /--client-cert: ada\.p12 needs its passphrase\. .*--client-key-passphrase-file/],
      [["--client-cert", file, "--client-key-passphrase-file", wrong], /The passphrase does not open ada\.p12\. Give/],
      [["--client-cert", file, "--client-key", file], /holds its key: leave out --client-key/],
      [["--client-key-passphrase-file", wrong], /--client-key-passphrase-file needs the certificate/],
      [["--client-cert", p12("cut.p12", Buffer.from([0x30, 0x82, 1, 1, 2]))], /cut\.p12 is neither a certificate/],
      [
        pair("over", over),
        /The certificate of "over", signed by "Corp Issuing CA", ended on \d+ \w+ \d{4}\. Ask its issuer for a new/,
      ],
      [
        pair("server", server),
        /"server", signed by "Corp Issuing CA", is not for client authentication, but for server auth.*\. Ask/,
      ],
      [
        pair("keys", { cert: ada.cert, key: mallory.key }),
        /This key does not belong to the certificate of "ada", signed by "Corp Issuing CA"\. Give/,
      ],
      [
        pair("cut", { cert: ada.cert + issuing.pem.slice(0, 300), key: ada.key }),
        /certificate is damaged: it looks like/,
      ],
      [
        pair("cut key", { cert: ada.cert, key: encrypted(ada.key, "pkcs8").slice(0, 200) }),
        /private key is damaged: it/,
      ],
      [pair("locked", { cert: ada.cert, key: encrypted(ada.key, "sec1") }), /encrypted: it needs its passphrase\. .+/],
    ];
    for (const [flags, line] of cases) {
      const { code, stdout, stderr } = await culvert(to(rig, ...flags), env);
      expect(stderr.trimEnd().split("\n")).toEqual([expect.stringMatching(line)]);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).not.toMatch(/falsch|[\w+/]{40}/);
    }
  });

  it.each(fronts().flatMap((front) => (["TLSv1.2", "TLSv1.3"] as const).map((version) => [front, version] as const)))(
    "renewed files are shown by the next connection, and half of a renewal by none: %s, %s",
    async (front, tlsVersion) => {
      const rig = await start({ front, tlsVersion, clientCertificates: "policy" });
      rig.proxy.control.setPolicy("echo.corp.test:7000", "client-certificate");
      const token = folder.write("token", rig.proxy.control.issueJwt());
      const [cert, key] = [folder.write("live.crt", mallory.cert), folder.write("live.key", mallory.key)];
      const flags = ["--client-cert", cert, "--client-key", key, "--service-account-file", token];
      const program = await running(rig, ...flags);
      const { connect } = program;
      const log = (line: RegExp): Promise<unknown> => program.said(line);
      const replace = (file: string, text: string): void => {
        writeFileSync(`${file}.new`, text, { mode: 0o600 });
        renameSync(`${file}.new`, file);
      };

      await expect(said(connect())).rejects.toThrow();
      await log(
        /did not accept the client certificate "mallory", signed by "Stranger CA", valid to .*, for echo\.corp\.test:7000\. Check/,
      );
      replace(cert, ada.cert + issuing.pem);
      await expect(said(connect())).rejects.toThrow();
      await log(
        /WRN the client certificate's files have changed but cannot be used, so the one from before stays: .*key/,
      );
      replace(key, ada.key);
      expect(await said(connect())).toBe(5);
      await log(/INF using the renewed client certificate of ada, valid to \d+ \w+ \d{4}\n/);

      // The connection that showed ada's certificate is open, and not for the one that comes now.
      const staying = await connect();
      await roundTrip(staying);
      writeFileSync(cert, mallory.cert);
      writeFileSync(key, mallory.key);
      await expect(said(connect())).rejects.toThrow();
      staying.end("still here");
      expect((await receiveAll(staying)).bytes).toBe(10);
      expect(program.stderr()).not.toMatch(/[\w+/]{40}/);
    },
  );
});
