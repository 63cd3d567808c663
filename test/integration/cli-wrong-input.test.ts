import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAccessProxy, type AccessProxy, type Faults } from "../support/access-proxy/index.ts";
import { culvert } from "../support/run-culvert.ts";
import { Upstream } from "../support/streams.ts";

/** What a person sees for each mistake: one line that says what is wrong and what to do, and the right exit code. */
interface Mistake {
  readonly args: () => string[];
  readonly code: 1 | 2;
  readonly line: RegExp;
  readonly faults?: Partial<Faults>;
}

let upstream: Upstream;
let proxy: AccessProxy;
let plain: net.Server;
let home: string;
let env: Record<string, string>;

const portOf = (server: net.Server): number => (server.address() as net.AddressInfo).port;
const trusting = (): string[] => ["--alternate-ca-path", proxy.caFile];
const token = (): string[] => ["--service-account", proxy.control.issueJwt()];
/** A tunnel of standard input and output, which ends with what goes wrong. */
const via = (destination: string, ...more: string[]): string[] => [
  "tcp",
  destination,
  "--listen",
  "-",
  "--pomerium-url",
  proxy.origin,
  ...trusting(),
  ...more,
];

beforeAll(async () => {
  upstream = await Upstream.start();
  proxy = await startAccessProxy({
    routes: [
      { host: "echo.corp.test", port: 7, upstream: upstream.address },
      { host: "denied.corp.test", port: 7, upstream: upstream.address, policy: "deny" },
      { host: "certificate.corp.test", port: 7, upstream: upstream.address, policy: "client-certificate" },
      { host: "device.corp.test", port: 7, upstream: upstream.address, policy: "device" },
      { host: "down.corp.test", port: 7, upstream: null },
    ],
    signIn: "hang",
  });
  plain = net.createServer((socket) => socket.on("error", () => undefined).end("220 smtp.example.com ESMTP\r\n"));
  plain.listen(0, "127.0.0.1");
  await once(plain, "listening");
  home = mkdtempSync(path.join(tmpdir(), "culvert-wrong-"));
  writeFileSync(path.join(home, "junk.pem"), "not a certificate\n");
  writeFileSync(path.join(home, "browser"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
  env = { HOME: home, CULVERT_HOME: path.join(home, "culvert") };
});
afterAll(async () => {
  await proxy.close();
  await upstream.close();
  plain.close();
  rmSync(home, { recursive: true, force: true });
});

const file = (name: string): string => path.join(home, name);

const mistakes: Record<string, Mistake> = {
  "a bad address": { args: () => ["tcp", "http://x:1"], code: 2, line: /starts with tcp\+https:\/\/.*for example/ },
  "a missing port": {
    args: () => ["tcp", "pg.example.com"],
    code: 2,
    line: /Add a port, for example pg\.example\.com:5432/,
  },
  "a port out of range": { args: () => ["tcp", "pg.example.com:70000"], code: 2, line: /port must be from 1 to 65535/ },
  "bare IPv6": {
    args: () => ["tcp", "2001:db8::1:5432"],
    code: 2,
    line: /Put IPv6 in brackets, for example \[2001:db8::1\]:5432/,
  },
  "a Pomerium URL without a scheme": {
    args: () => ["tcp", "a.b:1", "--pomerium-url", "pomerium.example.com"],
    code: 2,
    line: /Start with https:\/\/, for example/,
  },
  "a CA file that is not there": {
    args: () => ["tcp", "a.b:1", "--alternate-ca-path", file("none.pem")],
    code: 2,
    line: /--alternate-ca-path.*none\.pem/,
  },
  "a CA file that is none": {
    args: () => ["tcp", "a.b:1", "--alternate-ca-path", file("junk.pem")],
    code: 2,
    line: /--alternate-ca-path.*not a certificate in PEM form.*BEGIN CERTIFICATE/,
  },
  "a key that does not fit": {
    args: () => [
      "tcp",
      "a.b:1",
      "--client-cert",
      proxy.pki.client.certFile,
      "--client-key",
      proxy.pki.secondClient.keyFile,
    ],
    code: 2,
    line: /This key does not belong to the certificate of "\w+", signed by ".+"\. Give the key/,
  },
  "a certificate without a key": {
    args: () => ["tcp", "a.b:1", "--client-cert", proxy.pki.client.certFile],
    code: 2,
    line: /--client-key/,
  },
  "a certificate file that is none": {
    args: () => ["tcp", "a.b:1", "--client-cert", file("junk.pem")],
    code: 2,
    line: /--client-cert: junk\.pem is neither a certificate in PEM form nor a PKCS#12 file/,
  },
  "a port in use": {
    args: () => ["tcp", "a.b:1", "--listen", `127.0.0.1:${portOf(plain)}`],
    code: 1,
    line: new RegExp(`\\(process ${process.pid}\\) uses port \\d+\\. Choose another port`),
  },
  "an address of another computer": {
    args: () => ["tcp", "a.b:1", "--listen", "192.0.2.1:5432"],
    code: 1,
    line: /192\.0\.2\.1 is not an address of this computer\. Use/,
  },
  "a name without an address": {
    args: () => ["tcp", "a.b:1", "--listen", "-", "--pomerium-url", "https://nothing.invalid"],
    code: 1,
    line: /DNS knows no address for nothing\.invalid\. Check the spelling/,
  },
  "a port where nothing listens": {
    args: () => ["tcp", "a.b:1", "--listen", "-", "--pomerium-url", "https://127.0.0.1:1"],
    code: 1,
    line: /127\.0\.0\.1 refused the connection on port 1\. Check/,
  },
  "a CA that is not trusted": {
    args: () => ["tcp", "echo.corp.test:7", "--listen", "-", "--pomerium-url", proxy.origin],
    code: 1,
    line: /does not trust localhost\. Its certificate is signed by ".+"\S* which is not in the system store\. Add your/,
  },
  "something that is not TLS": {
    args: () => ["tcp", "a.b:1", "--listen", "-", "--pomerium-url", `https://127.0.0.1:${portOf(plain)}`],
    code: 1,
    line: /does not speak TLS on port \d+\. Check the port/,
  },
  "no HTTP at all": {
    args: () => ["tcp", "a.b:1", "--listen", "-", "--pomerium-url", `http://127.0.0.1:${portOf(plain)}`],
    code: 1,
    line: /answered, but not as Pomerium does.*Check the Pomerium URL/,
  },
  "a web server": {
    args: () => via("echo.corp.test:7"),
    code: 1,
    line: /localhost answered, but not as Pomerium does: it sent a web page\. Check the Pomerium URL/,
    faults: { answer: { kind: "web-server" } },
  },
  "403": {
    args: () => via("denied.corp.test:7", ...token()),
    code: 1,
    line: /You may not use denied\.corp\.test:7\..*Ask the owner.*request/,
  },
  "404": {
    args: () => via("none.corp.test:7", ...token()),
    code: 1,
    line: /has no route for none\.corp\.test:7\. Check the name, and that the port/,
  },
  "404 for the port": {
    args: () => via("echo.corp.test:8", ...token()),
    code: 1,
    line: /has no route for echo\.corp\.test:8\. Check/,
  },
  "450": {
    args: () => via("device.corp.test:7", ...token()),
    code: 1,
    line: /does not know this device.*Enrol it at https:\/\//,
  },
  "495": {
    args: () => via("certificate.corp.test:7", ...token()),
    code: 1,
    line: /wants a valid client certificate.*--client-cert, or have it searched for with --client-cert-from-store\./,
  },
  "503": {
    args: () => via("down.corp.test:7", ...token()),
    code: 1,
    line: /could not reach down\.corp\.test:7: it refused the connection\. The service may be down/,
  },
  "a service account that is not accepted": {
    args: () => via("echo.corp.test:7", "--service-account", "eyJhbGciOiJIUzI1NiJ9.e30.AAAA"),
    code: 1,
    line: /did not accept the service account token\. It may have expired\. Ask for a new one/,
  },
};

describe("wrong input ends in one clear line with a next step", () => {
  // One after the other: faults belong to the whole proxy.
  for (const [name, mistake] of Object.entries(mistakes)) {
    it(name, async () => {
      if (mistake.faults) proxy.faults.set(mistake.faults);
      const { code, stdout, stderr } = await culvert(mistake.args(), env);
      proxy.faults.clear();
      const lines = stderr.trimEnd().split("\n");
      expect(lines.filter((line) => / ERR /.test(line))).toHaveLength(1);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(mistake.line);
      expect({ code, stdout }).toEqual({ code: mistake.code, stdout: "" });
    });
  }

  it("a sign-in that is never finished", async () => {
    const args = via("echo.corp.test:7", "--browser-cmd", file("browser"), "--login-timeout", "1s");
    const { code, stderr } = await culvert(args, env);
    expect(
      stderr
        .trimEnd()
        .split("\n")
        .filter((line) => / ERR /.test(line)),
    ).toHaveLength(1);
    expect(stderr).toMatch(/You did not sign in at localhost:\d+ within 1 s\. .+/);
    expect(code).toBe(1);
  });
});
