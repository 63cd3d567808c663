import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { headlessSignIn, startAccessProxy, type AccessProxy } from "../support/access-proxy/index.ts";
import { culvertCommand, culvert, startCulvert } from "../support/run-culvert.ts";

const listening = /listening on 127\.0\.0\.1:(\d+)/;
const loopback = { address: "127.0.0.1", family: 4 };
const signInUrl = /\n {2}(https:\/\/\S+)\n/;

let upstream: net.Server;
let proxy: AccessProxy;
let home: string;
let env: Record<string, string>;

beforeAll(async () => {
  upstream = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined);
    socket.pipe(socket);
  });
  upstream.listen(0, "127.0.0.1");
  await once(upstream, "listening");
  const { port } = upstream.address() as net.AddressInfo;
  const echo = { host: "127.0.0.1", port };
  proxy = await startAccessProxy({
    routes: [
      { host: "echo.corp.test", port: 7, upstream: echo },
      { host: "denied.corp.test", port: 7, upstream: echo, policy: "deny" },
      { host: "certificate.corp.test", port: 7, upstream: echo, policy: "client-certificate" },
      { host: "down.corp.test", port: 7, upstream: null },
    ],
  });
});
afterAll(async () => {
  await proxy.close();
  upstream.close();
});
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "culvert-cli-tcp-"));
  env = { HOME: home, CULVERT_HOME: path.join(home, "culvert") };
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

const flags = (): string[] => ["--pomerium-url", proxy.origin, "--alternate-ca-path", proxy.caFile];
const token = (): string[] => ["--service-account", proxy.control.issueJwt()];

async function roundTrip(port: number, data: string): Promise<string> {
  const client = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  client.end(data);
  return text(client);
}

describe("a local port", () => {
  test("carries clients, says so, and drains on SIGINT", async () => {
    const running = startCulvert(["tcp", "echo.corp.test:7", ...flags(), ...token()], env);
    const port = Number((await running.said(listening))[1]);
    expect(await roundTrip(port, "hello")).toBe("hello");
    await running.said(/INF client 1 connected to echo\.corp\.test:7 in \d+ ms \(HTTP\/2\)\n/);
    await running.said(/INF client 1 closed after .*, sent 5 B, received 5 B\n/);

    const client = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    client.write("before");
    await once(client, "data");
    running.child.kill("SIGINT");
    await running.said(/INF stopping; open connections have 5 s to finish/);
    client.end("after");
    expect(await text(client)).toBe("after");
    const { code, stdout, stderr } = await running.ended;
    expect([code, stdout]).toEqual([0, ""]);
    expect(stderr).not.toContain("ERR");
  });

  test("the second SIGINT ends at once", async () => {
    const running = startCulvert(["tcp", "echo.corp.test:7", ...flags(), ...token()], env);
    const client = net.connect(Number((await running.said(listening))[1]), "127.0.0.1").on("error", () => undefined);
    client.write("x");
    await once(client, "data");
    running.child.kill("SIGINT");
    await running.said(/INF stopping/);
    running.child.kill("SIGINT");
    expect((await running.ended).code).toBe(130);
    client.destroy();
  });

  test("several destinations in one command, and JSON for programs", async () => {
    const running = startCulvert(
      ["tcp", "echo.corp.test:7=127.0.0.1:0", "denied.corp.test:7=127.0.0.1:0", "--json", ...flags(), ...token()],
      env,
    );
    const address = /"event":"tunnel-listening","tunnel":"echo\.corp\.test:7","address":"127\.0\.0\.1:(\d+)"/;
    expect(await roundTrip(Number((await running.said(address))[1]), "hello")).toBe("hello");
    await running.said(/"event":"peer-closed"/);
    running.child.kill("SIGTERM");
    const { code, stderr } = await running.ended;
    expect(code).toBe(0);
    for (const line of stderr.trim().split("\n")) {
      const entry = JSON.parse(line) as Record<string, unknown>;
      expect(entry).toMatchObject({
        level: "info",
        event: expect.any(String) as string,
        message: expect.any(String) as string,
      });
      expect(new Date(String(entry["time"])).toISOString()).toBe(entry["time"]);
    }
  });

  test("the file of a service account is read again at every connect", async () => {
    const file = path.join(home, "token");
    writeFileSync(file, `${proxy.control.issueJwt()}\n`);
    const running = startCulvert(["tcp", "echo.corp.test:7", ...flags(), "--service-account-file", file], env);
    const port = Number((await running.said(listening))[1]);
    expect(await roundTrip(port, "one")).toBe("one");
    proxy.control.revokeAll();
    expect(await roundTrip(port, "two").catch(() => "")).toBe("");
    await running.said(/ERR client 2: .*service account token/);
    writeFileSync(file, `${proxy.control.issueJwt()}\n`);
    expect(await roundTrip(port, "three")).toBe("three");
    running.child.kill("SIGINT");
    expect((await running.ended).code).toBe(0);
  });
});

describe("--listen -", () => {
  test("carries stdin to stdout and says nothing", async () => {
    const data = "x".repeat(300_000);
    const { code, stdout, stderr } = await culvert(
      ["tcp", "--listen", "-", "echo.corp.test:7", ...flags()],
      { ...env, CULVERT_SERVICE_ACCOUNT: proxy.control.issueJwt() },
      data,
    );
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout === data).toBe(true);
  });

  test.each<[string, RegExp]>([
    ["denied.corp.test:7", /You may not use this route|denied/i],
    ["missing.corp.test:7", /no route/i],
    ["certificate.corp.test:7", /client certificate/i],
    ["down.corp.test:7", /could not reach|unavailable|refused/i],
  ])("%s: one line, exit code 1, nothing on stdout", async (destination, words) => {
    const { code, stdout, stderr } = await culvert(
      ["tcp", "--listen=-", destination, ...flags(), ...token()],
      env,
      "x",
    );
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^\d{1,2}:\d\d[AP]M ERR [^\n]+ \(request id [^\n)]+\)\n$/);
    expect(stderr).toMatch(words);
  });

  test("ends when the program that reads stdout has gone", async () => {
    const running = startCulvert(["tcp", "--listen", "-", "echo.corp.test:7", ...flags(), ...token()], env);
    running.child.stdin.write("x");
    await once(running.child.stdout, "data");
    running.child.stdout.destroy();
    running.child.stdin.write("y");
    const { code, stderr } = await running.ended;
    expect(stderr).not.toContain("Error:");
    expect(code).not.toBeNull();
  });
});

describe("signing in", () => {
  const headless = (url: string): Promise<unknown> => headlessSignIn(url, { caPem: proxy.caPem });

  test("--no-browser shows the URL, and the session serves the next run", async () => {
    const running = startCulvert(["tcp", "echo.corp.test:7", "--no-browser", ...flags()], env);
    const port = Number((await running.said(listening))[1]);
    const answer = roundTrip(port, "hello");
    await headless((await running.said(signInUrl))[1] ?? "");
    expect(await answer).toBe("hello");
    await running.said(/INF signed in at https:\/\/localhost:\d+ in /);
    running.child.kill("SIGINT");
    expect((await running.ended).stderr).not.toContain("paste");

    const sessions = path.join(home, "culvert", "sessions");
    expect(readdirSync(sessions).map((name) => statSync(path.join(sessions, name)).mode & 0o777)).toEqual([0o600]);
    const next = await culvert(["tcp", "--listen", "-", "echo.corp.test:7", "--no-browser", ...flags()], env, "again");
    expect(next).toEqual({ code: 0, stdout: "again", stderr: "" });
  });

  test("a sign-in that could not be kept is a failure of login, whose only work it is", async () => {
    const [openUrl, caFile] = [path.join(import.meta.dirname, "../../scripts/demo-browser.ts"), proxy.caFile];
    const command = `"${process.execPath}" "${openUrl}" "${caFile}"`;
    const args = ["login", proxy.origin, "--alternate-ca-path", caFile, "--browser-cmd", command];
    const { code, stdout, stderr } = await culvert(args, { ...env, CULVERT_HOME: "/dev/null/home" });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/ERR The sign-in at https:\S+ could not be kept\./);
  });

  test("--browser-cmd is given the URL", async () => {
    const file = path.join(home, "url");
    const command = `/bin/sh -c 'printf %s "$0" > "${file}.new" && mv "${file}.new" "${file}"'`;
    const running = startCulvert(
      ["login", proxy.origin, "--alternate-ca-path", proxy.caFile, "--browser-cmd", command],
      env,
    );
    while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 20));
    const url = readFileSync(file, "utf8");
    await headless(url);
    const { code, stdout, stderr } = await running.ended;
    expect([code, stdout]).toEqual([0, `Signed in at ${proxy.origin} as alice@corp.test.\n`]);
    expect(stderr).not.toContain(url);
    expect((await culvert(["sessions"], env)).stdout).toContain("alice@corp.test");
    const out = await culvert(["logout", proxy.origin, "--alternate-ca-path", proxy.caFile], env);
    expect([out.code, out.stdout]).toEqual([0, expect.stringContaining(proxy.origin)]);
    expect((await culvert(["sessions"], env)).stdout).toContain("There are no sessions.");
  });

  test("a browser that does not open leads to the URL", async () => {
    const running = startCulvert(
      ["login", proxy.origin, "--alternate-ca-path", proxy.caFile, "--browser-cmd", "/nonexistent/firefox"],
      env,
    );
    await running.said(/WRN Culvert could not open firefox\. Open the link yourself\.\n/);
    await headless((await running.said(signInUrl))[1] ?? "");
    expect((await running.ended).code).toBe(0);
  });

  test("SIGINT while a client waits for the sign-in ends at once", async () => {
    const running = startCulvert(["tcp", "echo.corp.test:7", "--no-browser", ...flags()], env);
    const port = Number((await running.said(listening))[1]);
    const client = net.connect(port, "127.0.0.1").on("error", () => undefined);
    await running.said(signInUrl);
    const stoppedAt = performance.now();
    running.child.kill("SIGINT");
    expect((await running.ended).code).toBe(0);
    expect(performance.now() - stoppedAt).toBeLessThan(3_000);
    client.destroy();
  });

  test("Ctrl-C ends a login that nobody finishes, --login-timeout does so too", async () => {
    const login = ["login", proxy.origin, "--alternate-ca-path", proxy.caFile, "--no-browser"];
    const interrupted = startCulvert(login, env);
    await interrupted.said(signInUrl);
    interrupted.child.kill("SIGINT");
    expect((await interrupted.ended).code).toBe(130);
    const late = await culvert([...login, "--login-timeout", "1s"], env);
    expect(late.code).toBe(1);
    expect(late.stderr.match(/ ERR /g)).toHaveLength(1);
  });

  /** Where a browser on another computer ends up: the callback, which it cannot open. */
  async function callbackOf(start: string): Promise<string> {
    let url = new URL(start);
    const cookies: string[] = [];
    while (url.hostname !== "127.0.0.1") {
      const request = https.get(url, {
        agent: false,
        ca: proxy.caPem,
        headers: { accept: "text/html", cookie: cookies.join("; ") },
        lookup: (_host, { all }, found) => (all === true ? found(null, [loopback]) : found(null, "127.0.0.1", 4)),
      });
      const [response] = (await once(request, "response")) as [IncomingMessage];
      cookies.push(...(response.headers["set-cookie"] ?? []).map((line) => line.split(";")[0] ?? ""));
      response.resume();
      url = new URL(response.headers.location ?? "", url);
    }
    return url.href;
  }

  const hasScript = ((): boolean => {
    try {
      execFileSync("script", ["--version"], { stdio: "ignore" });
      return process.platform === "linux";
    } catch {
      return false;
    }
  })();

  test.skipIf(!hasScript)(
    "the callback URL can be pasted at a terminal, unseen, also where stdin carries data",
    async () => {
      const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(" ");
      const command = quoted([
        ...culvertCommand,
        "tcp",
        "--listen",
        "-",
        "echo.corp.test:7",
        "--no-browser",
        ...flags(),
      ]);
      const out = path.join(home, "out");
      const child = spawn("script", ["-qec", `printf hello | ${command} > ${out}`, "/dev/null"], {
        env: { PATH: process.env["PATH"] ?? "", TERM: "dumb", ...env },
        stdio: "pipe",
      });
      let screen = "";
      const url = await new Promise<string>((resolve) => {
        child.stdout.setEncoding("utf8").on("data", (data: string) => {
          screen += data;
          const match = /\r?\n {2}(https:\/\/\S+)\r?\n/.exec(screen);
          if (match?.[1] !== undefined && screen.includes("press Enter")) resolve(match[1]);
        });
      });
      const callback = await callbackOf(url);
      expect(callback).toContain("pomerium_jwt");
      child.stdin.write("http://127.0.0.1/wrong\r");
      child.stdin.write(`${callback}\r`);
      const [code] = (await once(child, "close")) as unknown[];
      expect(code).toBe(0);
      expect(readFileSync(out, "utf8")).toBe("hello");
      expect(screen).toContain("not the address that the sign-in");
      expect(screen).not.toContain("pomerium_jwt");
    },
  );
});
