import { spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import tls from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TlsSettings } from "../../src/engine/index.ts";
import type { AppErrorData } from "../../src/shared/errors.ts";
import { errorWords } from "../../src/shared/words/errors.ts";
import { dayOf } from "../../src/shared/words/format.ts";
import { Authority, CertificateFolder, type Issued } from "../support/certificates.ts";
import { closedAfterEach } from "../support/closers.ts";
import { openssl } from "../support/pkcs12.ts";
import { Rig } from "../support/rig.ts";
import { listenUntilClosed } from "../support/server-until-closed.ts";
import { lacks } from "../support/services/programs.ts";
import { refusedClient } from "./connector-clients.ts";

const day = 86_400_000;
/** Ciphers that a server takes which has not been touched for ten years. */
const old = "DEFAULT:@SECLEVEL=0";
let rig: Rig;
let corp: Authority;
let issuing: Authority;
let server: Issued;
let ada: Issued;
const folder = new CertificateFolder();
const closers = closedAfterEach();

const serving = { usage: "server", names: ["localhost"] } as const;

beforeAll(async () => {
  rig = await Rig.start({ routes: [] });
  corp = await Authority.root("CN=Corp CA, O=Corp");
  issuing = await corp.intermediate("CN=Corp Issuing CA, O=Corp");
  [server, ada] = await Promise.all([
    issuing.issue({ subject: "CN=proxy", ...serving }),
    issuing.issue({ subject: "CN=ada", toDays: 25 }),
  ]);
});
afterAll(async () => {
  await rig.close();
  folder.remove();
});

const listen = (made: net.Server): Promise<number> => listenUntilClosed(made, closers);

const trusting = (): TlsSettings => ({ verify: true, ca: [corp.pem] });

/** What a client of a tunnel to this proxy is told. */
async function told(port: number, settings: TlsSettings = trusting(), host = "localhost"): Promise<AppErrorData> {
  const tunnel = await rig.open("echo.corp.test:7000", { pomeriumUrl: `https://${host}:${port}`, tls: settings });
  closers.push(() => tunnel.close({ graceMs: 0 }));
  return (await refusedClient(rig, tunnel)).error;
}

const nodeServer = (options: tls.TlsOptions): Promise<number> =>
  listen(tls.createServer({ cert: server.cert + issuing.pem, key: server.key, ...options }));

/** `openssl s_server` with these options, on a port of its own choice. */
async function opensslServer(...options: string[]): Promise<number> {
  const cert = folder.write("server.pem", server.cert + issuing.pem);
  const args = ["s_server", "-accept", "127.0.0.1:0", "-cert", cert, "-cert_chain", cert];
  const child = spawn("openssl", [...args, "-key", folder.write("server.key", server.key), ...options]);
  closers.push(async () => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "close");
  });
  child.stderr.resume();
  for await (const text of child.stdout) {
    const port = /ACCEPT .*:(\d+)/.exec(String(text))?.[1];
    if (port === undefined) continue;
    child.stdout.resume();
    return Number(port);
  }
  throw new Error("openssl s_server did not start");
}

describe("a chain that is not trusted names who signed it", () => {
  const nobody: TlsSettings = { verify: true, ca: [] };

  it("the certificate alone: its issuer", async () => {
    const error = await told(await nodeServer({ cert: server.cert }), nobody);
    expect(error).toMatchObject({ code: "certificate-not-trusted", retryable: false });
    expect(error.message).toBe(
      'This computer does not trust localhost. Its certificate is signed by "Corp Issuing CA", which is not in the system store.',
    );
  });

  it.each([
    ["an intermediate one with it", () => issuing.pem],
    ["the root with it as well", () => issuing.pem + corp.pem],
  ])("%s: the topmost issuer", async (_what, chain) => {
    const { code, message } = await told(await nodeServer({ cert: server.cert + chain() }), nobody);
    expect([code, message]).toEqual([
      "certificate-not-trusted",
      'This computer does not trust localhost. Its certificate is signed by "Corp Issuing CA", and that by "Corp CA", ' +
        "which is not in the system store.",
    ]);
  });

  it.skipIf(lacks(openssl))("one that signed itself", async () => {
    const made = await selfSigned(folder.write("self.key", server.key), "/CN=router.local");
    const { code, message } = await told(await nodeServer({ cert: made, key: server.key }), nobody);
    expect([code, message]).toEqual([
      "certificate-not-trusted",
      'This computer does not trust localhost. Its certificate, of "router.local", is signed by itself and by no CA.',
    ]);
  });
});

describe("a CA that was given and did not sign it is named, and the step is to give the one that did", () => {
  const chain = (): string => server.cert + issuing.pem + corp.pem;
  const giving = (...ca: string[]): TlsSettings => ({ verify: true, ca });
  const ofOldCorp = async (): Promise<string> => (await Authority.root("CN=Old Corp CA")).pem;

  it("one", async () => {
    const { code, message, userAction } = await told(await nodeServer({ cert: chain() }), giving(await ofOldCorp()));
    expect([code, message, userAction]).toEqual([
      "certificate-not-trusted",
      'This computer does not trust localhost. Its certificate is signed by "Corp Issuing CA", and that by "Corp CA", ' +
        'which is neither in the system store nor the CA that was given ("Old Corp CA").',
      'Give the certificate of "Corp CA" (--alternate-ca-path), or ask your administrator for it.',
    ]);
  });

  it("the root, where the proxy leaves out the CA in between: that one is what is missing", async () => {
    const { message, userAction } = await told(await nodeServer({ cert: server.cert }), giving(corp.pem));
    expect(message).toMatch(
      /signed by "Corp Issuing CA", which is neither in the system store nor the CA that was given \("Corp CA"\)\.$/,
    );
    expect(userAction).toMatch(/^Give the certificate of "Corp Issuing CA" \(/);
    // Given itself, it is enough: the server is trusted, and says nothing before it ends the connection.
    const trusted = tls.createServer({ cert: server.cert, key: server.key }, (socket) => void socket.end());
    expect((await told(await listen(trusted), giving(issuing.pem))).code).toBe("connection-lost");
  });

  it("several: the first are named, the others counted", async () => {
    const old = await Authority.root("CN=Old Corp CA");
    const some = await Promise.all(["B", "C", "D", "E"].map((name) => old.again(`CN=${name}`)));
    const { message } = await told(await nodeServer({ cert: chain() }), giving(old.pem + some.join(""), old.pem));
    expect(message).toMatch(/nor one of the 5 CAs that were given \("Old Corp CA", "B", "C" and 2 others\)\.$/);
  });

  it.skipIf(lacks(openssl))("one of the same name: a renewed CA", async () => {
    // With key identifiers, as real CAs write them; without, the signature is what does not fit.
    const [now, before] = await Promise.all([opensslCa("now"), opensslCa("before")]);
    const port = await nodeServer({ cert: now.server + now.ca, key: server.key });
    const { code, message, userAction } = await told(port, giving(before.ca));
    expect([code, message]).toEqual([
      "certificate-not-trusted",
      'This computer does not trust localhost. Its certificate is signed by "Corp Root", which is not in the system store; ' +
        "the CA of that name that was given is another one.",
    ]);
    expect(userAction).toMatch(/renewed under the same name: add its new certificate \(--alternate-ca-path\)/);
  });

  it.skipIf(lacks(openssl))("a certificate that signed itself is of no CA at all", async () => {
    const made = await selfSigned(folder.write("self.key", server.key), "/CN=router.local");
    const { message, userAction } = await told(
      await nodeServer({ cert: made, key: server.key }),
      giving(await ofOldCorp()),
    );
    expect(message).toBe(
      'This computer does not trust localhost. Its certificate, of "router.local", is signed by itself and by no CA, ' +
        'so not by the CA that was given ("Old Corp CA").',
    );
    expect(userAction).toBe(
      "Ask your administrator which certificate to trust, and give that one (--alternate-ca-path).",
    );
  });
});

/** A CA "Corp Root" of its own key, and a certificate for localhost that it signed. */
async function opensslCa(name: string): Promise<{ readonly ca: string; readonly server: string }> {
  const keyFile = folder.write(
    `${name}.key`,
    (await Authority.root("CN=x").then((one) => one.issue({ subject: "CN=x" }))).key,
  );
  const ca = await run(["req", "-x509", "-key", keyFile, "-subj", "/CN=Corp Root", "-addext", "keyUsage=keyCertSign"]);
  const made = await run([
    ...["req", "-x509", "-CA", folder.write(`${name}.pem`, ca), "-CAkey", keyFile],
    ...["-key", folder.write("proxy.key", server.key), "-subj", "/CN=proxy", "-addext", "subjectAltName=DNS:localhost"],
    ...["-addext", "basicConstraints=critical,CA:FALSE"],
  ]);
  return { ca, server: made };
}

async function run(args: string[]): Promise<string> {
  const child = spawn("openssl", args, { stdio: ["ignore", "pipe", "ignore"] });
  let out = "";
  child.stdout.on("data", (chunk) => (out += String(chunk)));
  await once(child, "close");
  return out;
}
const selfSigned = (key: string, subject: string): Promise<string> =>
  run(["req", "-x509", "-key", key, "-subj", subject, "-addext", "subjectAltName=DNS:localhost"]);

describe("dates name the certificate, the day and what the clock says", () => {
  const clock = /and the clock of this computer says \d+ \w+ \d{4}, \d\d:\d\d\.$/;

  it.each([
    ["ended", { fromDays: -9, toDays: -2 }, "certificate-expired", "ended on", -2],
    ["has not begun", { fromDays: 2, toDays: 9 }, "certificate-not-yet-valid", "is not valid before", 2],
  ] as const)("of a certificate that %s", async (_what, dates, code, verb, days) => {
    const { cert, key } = await issuing.issue({ subject: "CN=proxy", ...serving, ...dates });
    const error = await told(await nodeServer({ cert: cert + issuing.pem, key }));
    expect(error.code).toBe(code);
    expect(error.message).toContain(
      `The certificate of localhost ${verb} ${dayOf(Date.now() + days * day)}. It is signed`,
    );
    expect(error.message).toContain('signed by "Corp Issuing CA", ');
    expect(error.message).toMatch(clock);
    expect(error.userAction).toContain("clock");
    expect(errorWords(error).text).toContain("clock of this computer says");
  });

  it("of the CA in between, where that is the one at fault", async () => {
    const over = await corp.intermediate("CN=Old Issuing CA, O=Corp", { fromDays: -30, toDays: -3 });
    const { cert, key } = await over.issue({ subject: "CN=proxy", ...serving });
    const error = await told(await nodeServer({ cert: cert + over.pem, key }));
    expect(error.code).toBe("certificate-expired");
    expect(error.message).toContain(
      `The certificate of the CA "Old Issuing CA", on which that of localhost rests, ended on ${dayOf(Date.now() - 3 * day)}. ` +
        'It is signed by "Corp CA", and the clock',
    );
  });
});

it("a certificate of another host names what it is for, and who signed it", async () => {
  const names = ["elsewhere.test", "*.elsewhere.test"];
  const { cert, key } = await issuing.issue({ subject: "CN=x", usage: "server", names });
  const error = await told(await nodeServer({ cert: cert + issuing.pem, key }));
  expect([error.code, error.message]).toEqual([
    "certificate-wrong-name",
    'localhost shows a certificate for elsewhere.test, *.elsewhere.test. It is signed by "Corp Issuing CA".',
  ]);
});

it("a CA that was renewed under its name is told apart from one that is not known", async () => {
  const before = await Authority.root("CN=Corp CA, O=Corp");
  const { cert, key } = await corp.issue({ subject: "CN=proxy", ...serving });
  const error = await told(await nodeServer({ cert, key }), { verify: true, ca: [before.pem] });
  expect([error.code, error.message]).toEqual([
    "certificate-not-trusted",
    'This computer does not trust localhost. Its certificate, signed by "Corp CA", has a signature that is not that of its issuer.',
  ]);
  expect(error.userAction).toMatch(/renewed under the same name: add its new certificate \(--alternate-ca-path\)/);
});

it("a certificate that is not for servers is told as such", async () => {
  const { cert, key } = await issuing.issue({ subject: "CN=proxy", names: ["localhost"], usage: "client" });
  const error = await told(await nodeServer({ cert: cert + issuing.pem, key }));
  expect([error.code, error.message]).toEqual([
    "certificate-not-trusted",
    'This computer does not trust localhost. Its certificate, signed by "Corp Issuing CA", is not for servers.',
  ]);
  expect(error.userAction).not.toContain("--alternate-ca-path");
});

it.skipIf(lacks(openssl))("a key that is too short is no loss of the connection", async () => {
  const key = await run(["genrsa", "1024"]);
  const cert = await selfSigned(folder.write("short.key", key), "/CN=short");
  const port = await nodeServer({ cert, key, ciphers: old });
  const error = await told(port, { verify: true, ca: [cert] });
  expect(error).toMatchObject({ code: "certificate-not-trusted", retryable: false });
  expect(error.message).toMatch(/"short", breaks a rule of TLS/);
});

describe("no version or cipher in common", () => {
  it.each(["TLSv1", "TLSv1.1"] as const)("a Node server that only speaks %s", async (version) => {
    const error = await told(await nodeServer({ minVersion: version, maxVersion: version, ciphers: old }));
    expect(error).toMatchObject({ code: "tls-failed", retryable: false });
    expect(error.message).toBe("localhost does not speak TLS 1.2 or later, and older versions are not safe.");
  });

  it.skipIf(lacks(openssl)).each(["-tls1", "-tls1_1"])("an OpenSSL server, %s", async (version) => {
    const error = await told(await opensslServer(version, "-cipher", old));
    expect(error.message).toBe("localhost does not speak TLS 1.2 or later, and older versions are not safe.");
  });

  it("a server without a cipher in common is not said to want a client certificate", async () => {
    const error = await told(await nodeServer({ maxVersion: "TLSv1.2", ciphers: "NULL-SHA256:@SECLEVEL=0" }));
    expect(error).toMatchObject({ code: "tls-failed", retryable: false });
    expect(error.message).toBe("localhost ended the TLS handshake, and asks for no client certificate.");
    expect(error.userAction).toContain("cipher");
  });
});

describe("something else on the port", () => {
  it("plain HTTP, as of a guest network's own page", async () => {
    const error = await told(await listen(http.createServer((_request, response) => response.end())));
    expect(error).toMatchObject({ code: "tls-failed", retryable: false });
    expect(error.message).toMatch(/^localhost does not speak TLS on port \d+\.$/);
  });

  it("a server that greets first", async () => {
    const error = await told(await listen(net.createServer((socket) => socket.write("SSH-2.0-OpenSSH_9.2\r\n"))));
    expect(error.message).toMatch(/^localhost does not speak TLS on port \d+\.$/);
  });

  it("one that hangs up", async () => {
    const error = await told(await listen(net.createServer((socket) => socket.end())));
    expect(error).toMatchObject({ code: "connection-lost", retryable: true });
    expect(error.message).not.toContain("client certificate");
  });
});

describe.each(["TLSv1.2", "TLSv1.3"] as const)("a client certificate that is not taken, %s", (version) => {
  const withAda = (): TlsSettings => ({
    ...trusting(),
    clientCertificate: { cert: ada.cert + issuing.pem, key: ada.key },
  });
  const flag = version === "TLSv1.2" ? "-tls1_2" : "-tls1_3";
  const only = { minVersion: version, maxVersion: version } as const;
  const name = (): string =>
    `the client certificate "ada", signed by "Corp Issuing CA", valid to ${dayOf(Date.now() + 25 * day)}`;

  it.skipIf(lacks(openssl))("that was revoked: the alert says so", async () => {
    const cas = folder.write("cas.pem", corp.pem + issuing.pem);
    const list = ["-crl_check", "-CRL", folder.write("revoked.pem", await issuing.revoked(ada))];
    const port = await opensslServer(flag, "-Verify", "3", "-verify_return_error", "-CAfile", cas, ...list);
    const error = await told(port, withAda());
    expect([error.code, error.message]).toEqual([
      "client-certificate-refused",
      `localhost did not accept ${name()}: it says that it was revoked.`,
    ]);
  });

  it.skipIf(lacks(openssl))("of a CA that the proxy does not know", async () => {
    const other = await Authority.root("CN=Other CA");
    const cas = folder.write("other.pem", other.pem);
    const port = await opensslServer(flag, "-Verify", "3", "-verify_return_error", "-CAfile", cas);
    const error = await told(port, withAda());
    expect([error.code, error.message]).toEqual([
      "client-certificate-refused",
      `localhost did not accept ${name()}: it does not trust the CA that signed it.`,
    ]);
    expect(error.userAction).toMatch(/right one/);
  });

  it.skipIf(lacks(openssl))("and none at all where one is wanted", async () => {
    const port = await opensslServer(flag, "-Verify", "3", "-CAfile", folder.write("corp.pem", corp.pem));
    expect((await told(port)).code).toBe("client-certificate-needed");
  });

  it("by a server that hangs up without an alert: the likely cause is named where it asked for one", async () => {
    const other = await Authority.root("CN=Other CA");
    const asks = await nodeServer({ ...only, requestCert: true, ca: [other.pem] });
    const error = await told(asks, withAda());
    expect(error).toMatchObject({ code: "connection-lost", retryable: true });
    const hint = `It asks for a client certificate, and may not accept ${name().replace("the client certificate ", "")}.`;
    expect(error.message).toMatch(/^The connection to localhost was lost.*\. It asks/);
    expect(error.message.endsWith(` ${hint}`)).toBe(true);
    expect(errorWords(error).text).toBe(`${hint} Check that it is the right one; otherwise check the network.`);

    const asksNot = tls.createServer({ cert: server.cert + issuing.pem, key: server.key, ...only }, (socket) => {
      socket.on("error", () => undefined).destroy();
    });
    const plain = await told(await listen(asksNot), withAda());
    expect(plain.code).toBe("connection-lost");
    expect(plain.message).not.toContain("client certificate");
  });
});
