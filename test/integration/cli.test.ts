import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FileSessionStore } from "../../src/cli/store/file-session-store.ts";
import { createPki, type Pki } from "../support/access-proxy/index.ts";
import { culvert, startCulvert } from "../support/run-culvert.ts";

let folder: string;
let env: Record<string, string>;
let pki: Pki;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "culvert-cli-"));
  env = { HOME: folder, CULVERT_HOME: path.join(folder, "home") };
  pki = await createPki({ names: ["localhost"] });
  await writeFile(path.join(folder, "token"), "not a token");
  await writeFile(path.join(folder, "huge"), Buffer.alloc(1024 * 1024 + 1, "x"));
  await writeFile(path.join(folder, "junk.pem"), "junk");
  await writeFile(path.join(folder, "ca.der"), new X509Certificate(pki.caPem).raw);
  await mkdir(path.join(folder, "directory"));
});
afterAll(async () => {
  pki.remove();
  await rm(folder, { recursive: true, force: true });
});

const version = (
  JSON.parse(readFileSync(path.join(import.meta.dirname, "../../package.json"), "utf8")) as { version: string }
).version;

describe("what only prints", () => {
  test.each([["version"], ["--version"], ["-v"]])("%s", async (word) => {
    expect(await culvert([word], env)).toEqual({ code: 0, stdout: `culvert ${version}\n`, stderr: "" });
  });

  test.each([[[]], [["help"]], [["--help"]], [["-h"]]])("culvert %j is the list of commands", async (args) => {
    const { code, stdout, stderr } = await culvert(args, env);
    expect([code, stderr]).toEqual([0, ""]);
    for (const name of ["tcp", "udp", "login", "logout", "sessions", "cache", "version"])
      expect(stdout).toContain(`  ${name} `);
  });

  test.each(["tcp", "udp", "login", "logout", "sessions", "cache", "version", "help"])("%s --help", async (name) => {
    const { code, stdout, stderr } = await culvert([name, "--help"], env);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`culvert ${name}`);
    expect((await culvert(["help", name], env)).stdout).toBe(stdout);
  });

  test("cache location, and its emptying", async () => {
    expect((await culvert(["cache", "location"], env)).stdout).toBe(`${env["CULVERT_HOME"] ?? ""}\n`);
    const store = new FileSessionStore(env["CULVERT_HOME"] ?? "");
    await store.put({
      proxy: "https://redis.corp.test",
      jwt: "header.payload.signature",
      createdAt: Date.now() - 90_000,
      pomerium: null,
      verified: true,
      user: { email: "ada\u001b[2J@corp.test" },
    });
    const table = await culvert(["sessions"], env);
    expect(table.stdout).toMatch(
      /^PROXY +USER +SIGNED IN +ENDS\nhttps:\/\/redis\.corp\.test +ada\?\[2J@corp\.test +1 min 3\d s ago +unknown\n$/,
    );
    const json = await culvert(["sessions", "--json"], env);
    expect(JSON.parse(json.stdout)).toMatchObject([{ proxy: "https://redis.corp.test", verified: true }]);
    expect(table.stdout + json.stdout).not.toContain("signature");
    expect((await culvert(["cache", "clear"], env)).stdout).toBe("Forgot 1 session.\n");
    expect((await culvert(["sessions"], env)).stdout).toContain("There are no sessions.");
  });
});

describe("usage errors end with 2, one line and the way out", () => {
  test.each<[string[], RegExp]>([
    [["tpc"], /There is no command tpc\. Did you mean "culvert tcp"\? Run "culvert help"/],
    [["tcp"], /The destination is missing.*culvert help tcp/],
    [["tcp", "--lisen", "1", "a:1"], /no flag --lisen\. Did you mean --listen\?.*culvert help tcp/],
    [["tcp", "a"], /a: Add a port, for example a:5432/],
    [["tcp", "a:1", "b:2", "--listen", "1"], /--listen is for one destination/],
    [["tcp", "a:1", "--login-timeout", "soon"], /--login-timeout: Write a time such as 90s/],
    [["tcp", "a:1", "--browser-cmd", "'x"], /--browser-cmd: A quote/],
    [
      ["tcp", "a:1", "--alternate-ca-path", "MISSING"],
      /--alternate-ca-path: Culvert cannot read .*: there is no such file/,
    ],
    [["tcp", "a:1", "--alternate-ca-path", "DIR"], /--alternate-ca-path: .*it is a folder/],
    [["tcp", "a:1", "--alternate-ca-path", "HUGE"], /--alternate-ca-path: .*larger than 1 MiB/],
    [["tcp", "a:1", "--alternate-ca-path", "JUNK"], /--alternate-ca-path .*: The CA certificate is not/],
    [
      ["tcp", "a:1", "--ca-cert", "JUNK"],
      /--ca-cert: This is neither a PEM certificate nor one in base64\. Name a PEM file with --alternate-ca-path/,
    ],
    [["tcp", "a:1", "--client-cert", "JUNK"], /--client-cert: junk\.pem is neither a certificate in PEM form nor/],
    [["tcp", "a:1", "--client-key", "JUNK"], /--client-key needs the certificate.*--client-cert FILE/],
    [
      ["tcp", "a:1", "--client-cert", "JUNK", "--client-key", "JUNK"],
      /--client-cert and --client-key: The client certificate is not/,
    ],
    [["tcp", "a:1", "--service-account", "junk"], /--service-account: This is not a service account token/],
    [["tcp", "a:1", "--service-account-file", "MISSING"], /--service-account-file: Culvert cannot read/],
    [["tcp", "a:1", "--service-account-file", "TOKEN"], /--service-account-file: This is not a service account token/],
    [["tcp", "a:1", "--client-cert-issuer", "CN=x"], /--client-cert-issuer is for a search.*--client-cert-from-store/],
    [
      ["tcp", "a:1", "--client-cert-from-store", "--client-cert-subject", "CN"],
      /--client-cert-subject: A certificate filter is ATTRIBUTE=VALUE.*CN \(commonName\).*STREET \(streetAddress\)/,
    ],
    [
      ["tcp", "a:1", "--client-cert-from-store", "--client-cert-issuer", "DC=x"],
      /--client-cert-issuer: "DC" is not an attribute.*postalCode, serialNumber/,
    ],
    [["tcp", "a:1", "--client-cert-from-store", "--client-cert", "JUNK"], /--client-cert and --client-cert-from-store/],
    [["udp", "a"], /a: Add a port, for example a:53/],
    [["udp", "a:1", "--listen", "-"], /carries TCP only/],
    [["login"], /The URL is missing/],
    [["login", "ftp://x"], /Start with https:\/\//],
    [["logout", "a", "b"], /takes one argument/],
    [["cache"], /subcommand \(location or clear\) is missing/],
    [["cache", "claer"], /no subcommand claer\. Did you mean clear\?/],
    [["help", "tpc"], /Did you mean "culvert tcp"/],
  ])("%j", async (args, words) => {
    const files: Record<string, string> = {
      MISSING: "missing",
      DIR: "directory",
      HUGE: "huge",
      JUNK: "junk.pem",
      TOKEN: "token",
    };
    const given = args.map((arg) => (files[arg] === undefined ? arg : path.join(folder, files[arg])));
    const { code, stdout, stderr } = await culvert(given, env);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^\d{1,2}:\d\d[AP]M ERR [^\n]+\n$/);
    expect(stderr).toMatch(words);
  });

  test("a bad token in the environment is told by its name, and never shown", async () => {
    const { code, stderr } = await culvert(["tcp", "a:1"], { ...env, CULVERT_SERVICE_ACCOUNT: "s3cret" });
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("CULVERT_SERVICE_ACCOUNT: This is not a service account"),
    ]);
    expect(stderr).not.toContain("s3cret");
  });

  test("a key of another certificate", async () => {
    const other = await createPki({ names: ["localhost"] });
    try {
      const cert = path.join(folder, "c.pem");
      const key = path.join(folder, "k.pem");
      await writeFile(cert, pki.client.certPem);
      await writeFile(key, other.client.keyPem);
      const { code, stderr } = await culvert(["tcp", "a:1", "--client-cert", cert, "--client-key", key], env);
      expect([code, stderr]).toEqual([2, expect.stringContaining("This key does not belong to the certificate of ")]);
    } finally {
      other.remove();
    }
  });

  test("with --json they are JSON", async () => {
    const { stderr } = await culvert(["tcp", "a", "--json"], env);
    expect(JSON.parse(stderr)).toMatchObject({ level: "error", event: "error", error: { code: "address-invalid" } });
  });
});

describe("a running tcp", () => {
  const listening = /INF listening on (\S+):(\d+)/;

  test("listens, and ends with 0 on SIGINT, SIGTERM and SIGHUP", async () => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      const running = startCulvert(["tcp", "redis.corp.test:6379"], env);
      expect((await running.said(listening))[1]).toBe("127.0.0.1");
      running.child.kill(signal);
      const { code, stdout } = await running.ended;
      expect([code, stdout]).toEqual([0, ""]);
    }
  });

  test.each([
    ["PEM, and PEM in base64", () => pki.caFile, () => Buffer.from(pki.caPem).toString("base64")],
    ["DER, and PEM", () => path.join(folder, "ca.der"), () => pki.caPem],
  ])("both flags of the CA are read: %s", async (_forms, file, text) => {
    const given = ["--alternate-ca-path", file(), "--ca-cert", text()];
    const running = startCulvert(["tcp", "a.corp.test:1", ...given], env);
    await running.said(listening);
    running.child.kill("SIGINT");
    expect((await running.ended).code).toBe(0);
  });

  test("several, of which one cannot listen: says which, closes the others, ends with 1", async () => {
    const blocker = net.createServer().listen(0, "127.0.0.1");
    await once(blocker, "listening");
    const { port } = blocker.address() as net.AddressInfo;
    const { code, stderr } = await culvert(["tcp", "a.corp.test:1", `b.corp.test:2=127.0.0.1:${port}`], env);
    blocker.close();
    expect(code).toBe(1);
    expect(stderr.match(/ ERR /g)).toHaveLength(1);
    expect(stderr).toMatch(new RegExp(`ERR b\\.corp\\.test:2: .*port ${port}`));
    expect(stderr).toContain("closing the other tunnels");
  });

  test("every interface is possible, and warned about", async () => {
    const running = startCulvert(["tcp", "a.corp.test:1", "--listen", ":0"], env);
    await running.said(/WRN every computer that reaches this one can use a\.corp\.test:1/);
    running.child.kill("SIGINT");
    expect((await running.ended).code).toBe(0);
  });

  test("a session in clear text is warned about, but not within this computer", async () => {
    const args = (host: string): string[] => ["tcp", "a.corp.test:1", "--pomerium-url", `http://${host}`];
    const running = startCulvert(args("pomerium.corp.test"), env);
    await running.said(/WRN http:\/\/pomerium\.corp\.test is reached without TLS/);
    await running.said(listening);
    running.child.kill("SIGINT");
    await running.ended;
    const near = startCulvert(args("127.0.0.1:8080"), env);
    await near.said(listening);
    near.child.kill("SIGINT");
    expect((await near.ended).stderr).not.toContain("without TLS");
  });

  test("a port that another culvert holds is told as culvert's, not as node's", async () => {
    const first = startCulvert(["tcp", "a.corp.test:1"], env);
    const port = (await first.said(listening))[2] ?? "";
    const { code, stderr } = await culvert(["tcp", "a.corp.test:1", "--listen", port], env);
    first.child.kill("SIGINT");
    await first.ended;
    expect(code).toBe(1);
    if (process.platform === "linux")
      expect(stderr).toContain(`culvert (process ${first.child.pid}) uses port ${port}`);
  });

  test("lives on when nobody reads its stderr", async () => {
    const running = startCulvert(["tcp", "127.0.0.1:1", "--pomerium-url", "https://127.0.0.1:1"], env);
    const port = Number((await running.said(listening))[2]);
    running.child.stderr.destroy();
    for (let round = 0; round < 3; round++) {
      await new Promise((closed) => {
        net
          .connect(port, "127.0.0.1")
          .on("error", () => undefined)
          .on("close", closed)
          .resume();
      });
    }
    expect(running.child.exitCode).toBeNull();
    running.child.kill("SIGINT");
    const [code] = (await once(running.child, "exit")) as unknown[];
    expect(code).toBe(0);
  });
});
