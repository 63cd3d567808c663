import dgram from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { headlessSignIn, startAccessProxy, type AccessProxy } from "../support/access-proxy/index.ts";
import { culvert, startCulvert, type Running } from "../support/run-culvert.ts";
import { onFreePort } from "../support/services/index.ts";
import { UdpClient, UdpUpstream } from "../support/udp.ts";

const overUdp = /listening on 127\.0\.0\.1:(\d+) \(UDP\)/;
const signInUrl = /\n {2}(https:\/\/\S+)\n/;

let tcpEcho: net.Server;
let udpEcho: UdpUpstream;
let proxy: AccessProxy;
let home: string;
let env: Record<string, string>;
const clients: UdpClient[] = [];

beforeAll(async () => {
  udpEcho = await UdpUpstream.start();
  tcpEcho = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => undefined);
    socket.pipe(socket);
  });
  tcpEcho.listen(0, "127.0.0.1");
  await once(tcpEcho, "listening");
  const { port } = tcpEcho.address() as net.AddressInfo;
  proxy = await startAccessProxy({
    routes: [
      { host: "dns.corp.test", port: 53, upstream: udpEcho.address, type: "udp" },
      { host: "time.corp.test", port: 123, upstream: udpEcho.address, type: "udp" },
      { host: "denied.corp.test", port: 53, upstream: udpEcho.address, type: "udp", policy: "deny" },
      { host: "echo.corp.test", port: 7, upstream: { host: "127.0.0.1", port } },
    ],
  });
});
afterAll(async () => {
  await proxy.close();
  tcpEcho.close();
  udpEcho.close();
});
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "culvert-cli-udp-"));
  env = { HOME: home, CULVERT_HOME: path.join(home, "culvert") };
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
  rmSync(home, { recursive: true, force: true });
});

const flags = (): string[] => ["--pomerium-url", proxy.origin, "--alternate-ca-path", proxy.caFile];
const token = (): string[] => ["--service-account", proxy.control.issueJwt()];
const start = (...args: string[]): Running => startCulvert([...args, ...flags(), ...token()], env);

const portOf = async (running: Running, listening: RegExp): Promise<number> =>
  Number((await running.said(listening))[1]);

async function clientOf(port: number): Promise<UdpClient> {
  const client = await UdpClient.open({ host: "127.0.0.1", port });
  clients.push(client);
  return client;
}

async function interrupt(running: Running): Promise<string> {
  running.child.kill("SIGINT");
  const { code, stdout, stderr } = await running.ended;
  expect([code, stdout]).toEqual([0, ""]);
  return stderr;
}

describe("a local UDP port", () => {
  test("carries a datagram and its answer, says so, and SIGINT ends it at once though a client is there", async () => {
    const running = start("udp", "dns.corp.test:53");
    const client = await clientOf(await portOf(running, overUdp));
    expect((await client.ask("hello")).toString()).toBe("hello");
    await running.said(/INF client 1 from 127\.0\.0\.1:\d+\n/);
    await running.said(/INF client 1 connected to dns\.corp\.test:53 in \d+ ms \(HTTP\/1\.1\)\n/);
    const stoppedAt = performance.now();
    const stderr = await interrupt(running);
    expect(performance.now() - stoppedAt).toBeLessThan(4_000);
    expect(stderr).toMatch(/INF client 1 was stopped after .*, sent 5 B, received 5 B\n/);
    expect(stderr).toMatch(/INF stopped listening on 127\.0\.0\.1:\d+ \(UDP\)\n/);
    // Nothing is said of connections that had time to finish: a UDP client has no end.
    expect(stderr).not.toMatch(/stopping; open connections| WRN | ERR /);
  });

  test("--listen is the port that it binds", async () => {
    const { running, port } = await onFreePort(async (port) => {
      const running = start("udp", "udp+https://dns.corp.test:53", "--listen", String(port));
      expect(await portOf(running, overUdp)).toBe(port);
      return { running, port };
    });
    expect((await (await clientOf(port)).ask("hello")).toString()).toBe("hello");
    await interrupt(running);
  });

  test("datagrams that come while somebody signs in are kept in their order, and the session serves the next run", async () => {
    const running = startCulvert(["udp", "dns.corp.test:53", "--no-browser", ...flags()], env);
    const client = await clientOf(await portOf(running, overUdp));
    client.send("0");
    const url = (await running.said(signInUrl))[1] ?? "";
    for (let number = 1; number < 20; number += 1) client.send(String(number));
    expect(client.answers).toEqual([]);
    await headlessSignIn(url, { caPem: proxy.caPem });
    await client.answered(20);
    expect(client.answers.map(String)).toEqual(Array.from({ length: 20 }, (_, number) => String(number)));
    const stderr = await interrupt(running);
    expect(stderr).toMatch(/INF client 1 waits for the sign-in at https:\/\/localhost:\d+\n/);
    expect(stderr).not.toMatch(/ WRN | ERR /);

    const next = startCulvert(["udp", "dns.corp.test:53", "--no-browser", ...flags()], env);
    expect((await (await clientOf(await portOf(next, overUdp))).ask("again")).toString()).toBe("again");
    expect(await interrupt(next)).not.toMatch(signInUrl);
  });

  test("SIGINT while a client waits for the sign-in ends at once", async () => {
    const running = startCulvert(["udp", "dns.corp.test:53", "--no-browser", ...flags()], env);
    (await clientOf(await portOf(running, overUdp))).send("hello");
    await running.said(signInUrl);
    const stoppedAt = performance.now();
    await interrupt(running);
    expect(performance.now() - stoppedAt).toBeLessThan(4_000);
  });

  test("--idle-timeout forgets a silent client, whose next datagram begins anew", async () => {
    const running = start("udp", "dns.corp.test:53", "--idle-timeout", "1s");
    const client = await clientOf(await portOf(running, overUdp));
    await client.ask("one");
    await running.said(/INF client 1 was silent and is forgotten after \d\.\d s, sent 3 B, received 3 B\n/);
    expect((await client.ask("two")).toString()).toBe("two");
    await running.said(/INF client 2 from/);
    await interrupt(running);
  });

  test("a refusal is told in Culvert's own words, and the port stays open", async () => {
    const running = start("udp", "denied.corp.test:53");
    (await clientOf(await portOf(running, overUdp))).send("hello");
    await running.said(/ERR client 1: You may not use denied\.corp\.test:53\. .*\(request id \S+\)\n/);
    await interrupt(running);
  });
});

describe("TCP and UDP in one run", () => {
  const tcpAnswer = async (port: number, data: string): Promise<string> => {
    const client = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    client.end(data);
    return text(client);
  };

  test.each([
    ["udp", "dns.corp.test:53", "tcp+https://echo.corp.test:7"],
    ["tcp", "udp+https://dns.corp.test:53", "echo.corp.test:7"],
  ])("culvert %s %s %s", async (command, udp, tcp) => {
    // The same number for both is no conflict.
    const { running, port } = await onFreePort(async (port) => {
      const running = start(command, `${udp}=${port}`, `${tcp}=${port}`, "--idle-timeout=1m");
      await running.said(new RegExp(`INF listening on 127\\.0\\.0\\.1:${port} \\(UDP\\) for dns\\.corp\\.test:53\\n`));
      await running.said(new RegExp(`INF listening on 127\\.0\\.0\\.1:${port} for echo\\.corp\\.test:7\\n`));
      return { running, port };
    });
    const client = await clientOf(port);
    const [datagram, stream] = await Promise.all([client.ask("a datagram"), tcpAnswer(port, "a stream")]);
    expect([datagram.toString(), stream]).toEqual(["a datagram", "a stream"]);
    const stderr = await interrupt(running);
    expect(stderr).toMatch(/INF dns\.corp\.test:53: client 1 connected to .* \(HTTP\/1\.1\)\n/);
    expect(stderr).toMatch(/INF echo\.corp\.test:7: client 1 connected to .* \(HTTP\/2\)\n/);
    expect(stderr).not.toMatch(/ WRN | ERR |stopping; open/);
  });

  test("programs read the protocol of each", async () => {
    const running = start("udp", "dns.corp.test:53", "time.corp.test:123", "tcp+https://echo.corp.test:7", "--json");
    await running.said(/echo\.corp\.test:7"[^\n]*\n/);
    await running.said(/time\.corp\.test:123"[^\n]*\n/);
    const lines = (await interrupt(running)).trimEnd().split("\n");
    const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const listening = events.filter(({ event }) => event === "tunnel-listening");
    expect(Object.fromEntries(listening.map(({ tunnel, protocol }) => [String(tunnel), protocol]))).toEqual({
      "dns.corp.test:53": "udp",
      "time.corp.test:123": "udp",
      "echo.corp.test:7": "tcp",
    });
  });

  test("a TCP connection that is open has its five seconds, beside UDP as well", async () => {
    const running = start("udp", "dns.corp.test:53=0", "tcp+https://echo.corp.test:7=0");
    const tcpPort = await portOf(running, /listening on 127\.0\.0\.1:(\d+) for echo/);
    const client = net.connect({ port: tcpPort, host: "127.0.0.1", allowHalfOpen: true });
    client.write("before");
    await once(client, "data");
    running.child.kill("SIGINT");
    await running.said(/INF stopping; open connections have 5 s to finish/);
    client.end("after");
    expect(await text(client)).toBe("after");
    expect((await running.ended).code).toBe(0);
  });
});

describe("what cannot be", () => {
  test("a port in use names its program, and ends the run with 1", async () => {
    const blocker = dgram.createSocket("udp4").bind(0, "127.0.0.1");
    await once(blocker, "listening");
    const { port } = blocker.address();
    const args = ["udp", "dns.corp.test:53", "--listen", String(port)];
    const alone = await culvert([...args, ...flags(), ...token()], env);
    const several = await culvert(
      ["udp", `dns.corp.test:53=${port}`, "time.corp.test:123", ...flags(), ...token()],
      env,
    );
    blocker.close();
    const inUse = `\\(process ${process.pid}\\) uses port ${port}\\. Choose another port, or close that program\\.\n`;
    expect([alone.code, alone.stdout]).toEqual([1, ""]);
    expect(alone.stderr).toMatch(new RegExp(`^\\S+ ERR \\S+ ${inUse}$`));
    expect([several.code, several.stdout]).toEqual([1, ""]);
    expect(several.stderr).toMatch(new RegExp(` ERR dns\\.corp\\.test:53: \\S+ ${inUse}`));
    expect(several.stderr).toMatch(/ WRN closing the other tunnels as well/);
    expect(several.stderr.match(/ ERR /g)).toHaveLength(1);
  });

  test.each<[string[], RegExp]>([
    [["udp"], /The destination is missing: culvert udp DESTINATION.*culvert help udp/],
    [["udp", "dns.corp.test"], /dns\.corp\.test: Add a port, for example dns\.corp\.test:53\./],
    [["udp", "https://dns.corp.test:53"], /starts with tcp\+https:\/\/ or udp\+https:\/\/, or is host:port/],
    [
      ["udp", "a.b:53", "--listen", "-"],
      /"-" \(stdin and stdout\) carries TCP only; give a UDP destination a local address/,
    ],
    [["tcp", "udp+https://a.b:53", "--listen", "-"], /carries TCP only.*culvert help tcp/],
    [["udp", "a.b:53=5353", "c.d:53=5353"], /a\.b:53 and c\.d:53 cannot both listen on port 5353 \(UDP\)\./],
    [["udp", "a.b:53", "--idle-timeout", "0s"], /--idle-timeout: The time must be from 1s to 24h\. Got: 0s/],
    [["tcp", "a.b:53", "--idle-timeout", "25h"], /--idle-timeout: The time must be from 1s to 24h\. Got: 25h/],
    [["udp", "a.b:53", "--idle-timeout", "soon"], /--idle-timeout: Write a time such as 90s, 15m or 1h30m\. Got: soon/],
    [
      ["udp", "a.b:53", "--idle-timout", "3s"],
      /"culvert udp" has no flag --idle-timout\. Did you mean --idle-timeout\?/,
    ],
  ])("%j ends with 2, one line and the way out", async (args, words) => {
    const { code, stdout, stderr } = await culvert(args, env);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^\d{1,2}:\d\d[AP]M ERR [^\n]+ Run "culvert help (udp|tcp)" to see how\.\n$/);
    expect(stderr).toMatch(words);
  });

  test("--idle-timeout without a UDP destination is said to do nothing", async () => {
    const running = start("tcp", "echo.corp.test:7", "--idle-timeout", "5s");
    await running.said(/listening on/);
    expect(await interrupt(running)).toMatch(/WRN --idle-timeout is for UDP, and no destination here is UDP\n/);
  });
});
