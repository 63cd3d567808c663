import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAccessProxy, type AccessProxy } from "../support/access-proxy/index.ts";
import { culvertCommand, startCulvert } from "../support/run-culvert.ts";
import { connectTo, endOf, receiveAll, Upstream } from "../support/streams.ts";

describe.each(["h2", "http/1.1"] as const)("standard input and output over %s", (via) => {
  let upstream: Upstream;
  let proxy: AccessProxy;
  let home: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    upstream = await Upstream.start();
    proxy = await startAccessProxy({
      alpn: via === "h2" ? ["h2", "http/1.1"] : ["http/1.1"],
      routes: [{ host: "echo.corp.test", port: 7, upstream: upstream.address }],
    });
    home = mkdtempSync(path.join(tmpdir(), "culvert-stdio-"));
    env = { HOME: home, CULVERT_HOME: path.join(home, "culvert"), PATH: process.env["PATH"] ?? "" };
  });
  afterAll(async () => {
    await proxy.close();
    await upstream.close();
    rmSync(home, { recursive: true, force: true });
  });

  const args = (...more: string[]): string[] => [
    "tcp",
    "echo.corp.test:7",
    "--listen",
    "-",
    "--pomerium-url",
    proxy.origin,
    "--alternate-ca-path",
    proxy.caFile,
    ...more,
  ];
  const token = (): string[] => ["--service-account", proxy.control.issueJwt()];

  it.runIf(via === "h2")("what is still written after the service has ended arrives", async () => {
    const accepted = upstream.next();
    const running = startCulvert(args(...token()), env);
    const server = await accepted;
    const ended = once(running.child.stdout, "end");
    running.child.stdout.resume();
    server.end("bye");
    await ended;
    running.child.stdin.end(Buffer.alloc(1000));
    expect(await receiveAll(server)).toMatchObject({ bytes: 1000 });
    expect(await running.ended).toMatchObject({ code: 0, stdout: "bye" });
  });

  it.runIf(via === "http/1.1")("ends with the service, though standard input stays open", async () => {
    const accepted = upstream.next();
    const running = startCulvert(args(...token()), env);
    (await accepted).end("bye");
    expect(await running.ended).toMatchObject({ code: 0, stdout: "bye" });
  });

  it.runIf(existsSync("/dev/full"))("a full disk is told, and is a failure", async () => {
    const accepted = upstream.next();
    const command = `exec "$0" "$@" > /dev/full`;
    const child = spawn("sh", ["-c", command, ...culvertCommand, ...args(...token())], { env, stdio: "pipe" });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    (await accepted).write("a dump of which nothing can be kept");
    const [code] = (await once(child, "close")) as [number | null];
    expect(code).toBe(1);
    expect(stderr).toMatch(/ERR Culvert could not write all of its output: the disk is full\. What was written/);
  });

  it.runIf(existsSync("/bin/bash"))("a service account may come out of a pipe", async () => {
    const accepted = upstream.next();
    const command = `exec "$@" --service-account-file <(printf %s "$TOKEN")`;
    const child = spawn("bash", ["-c", command, "-", ...culvertCommand, ...args()], {
      env: { ...env, TOKEN: proxy.control.issueJwt() },
      stdio: "pipe",
    });
    child.stdin.end();
    (await accepted).end("welcome");
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    const [code] = (await once(child, "close")) as [number | null];
    expect({ code, stdout }).toEqual({ code: 0, stdout: "welcome" });
  });

  it.runIf(via === "h2" && process.platform !== "win32")(
    "a pipe that nobody writes to is no service account, and blocks nothing",
    async () => {
      const pipe = path.join(home, `pipe-${via.replace("/", "-")}`);
      execFileSync("mkfifo", [pipe]);
      const { code, stderr } = await startCulvert(args("--service-account-file", pipe), env).ended;
      expect(code).toBe(2);
      expect(stderr).toMatch(/--service-account-file.*nothing came from it for 10 s/);
    },
  );

  it("an empty service account is an error, and no person's session steps in", async () => {
    const { code, stderr } = await startCulvert(args("--service-account", ""), env).ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/--service-account: The service account token is empty/);
  });

  it("a second Ctrl-C resets clients: a cut transfer must not look whole", async () => {
    const port = ["tcp", "echo.corp.test:7", "--pomerium-url", proxy.origin, "--alternate-ca-path", proxy.caFile];
    const running = startCulvert([...port, ...token()], env);
    const [, number = ""] = await running.said(/listening on 127\.0\.0\.1:(\d+)/);
    const client = await connectTo({ host: "127.0.0.1", port: Number(number) });
    client.write("x");
    await once(client, "data");
    const end = endOf(client);
    running.child.kill("SIGINT");
    await running.said(/stopping;/);
    running.child.kill("SIGINT");
    expect(await end).toBe("ECONNRESET");
    expect(await running.ended).toMatchObject({ code: 130 });
  });
});
