import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import dgram from "node:dgram";
import { once } from "node:events";
import net from "node:net";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createPki, type Pki, type RouteSpec } from "../support/access-proxy/index.ts";
import {
  dnsmasq,
  guideNames,
  GuideRun,
  lacks,
  messagesOf,
  patternOf,
  postgresql,
  program,
  redis,
  run,
  sshd,
  TunnelRig,
  type DnsServer,
  type PostgresqlServer,
  type RedisServer,
  type SshServer,
} from "../support/services/index.ts";
import { UdpClient } from "../support/udp.ts";

const guides = path.join(import.meta.dirname, "../../docs/guides");
const guideOf = (name: string): string => readFileSync(path.join(guides, name), "utf8");

let rig: TunnelRig;
let guide: GuideRun;

/** Every test starts as someone who has never signed in. */
async function start(routes: readonly RouteSpec[], sshServer?: SshServer): Promise<void> {
  rig = await TunnelRig.ofGuides({ routes });
  guide = new GuideRun(rig, sshServer);
}

/** The person stops what still runs, which must end well. */
async function end(): Promise<void> {
  await guide.end().finally(() => rig.close());
}

/** The wrong ports that the guides show. */
const otherPorts = new Map([
  [22, 2200],
  [5432, 5433],
  [6379, 6380],
]);

/** Meets everything that can go wrong with a route, and returns what Culvert said each time. */
async function mishaps(route: RouteSpec): Promise<string> {
  const { control } = rig.proxy;
  const authority = `${route.host}:${route.port}`;
  const said: string[] = [];
  const attempt = async (command: string): Promise<void> => {
    const { code, stdout } = await guide.shell(`${command} < /dev/null`);
    expect(code).not.toBe(0);
    said.push(stdout);
  };
  control.setPolicy(authority, "deny");
  await attempt(`culvert tcp --listen - ${authority}`);
  control.setRoute({ ...route, upstream: null });
  await attempt(`culvert tcp --listen - ${authority}`);
  await attempt(`culvert tcp --listen - ${route.host}:${otherPorts.get(route.port)}`);
  await attempt(`culvert tcp --listen - ${route.host.replace("corp", "copr")}:${route.port}`);

  const blocker = net.createServer().listen(0, "127.0.0.1");
  await once(blocker, "listening");
  const { port } = blocker.address() as net.AddressInfo;
  // Behind = a colon and a name of its own, so that the port stays what it is.
  await attempt(`culvert tcp ${authority}=localhost:${port}`);
  said.push((said.pop() ?? "").replaceAll(String(port), String(route.port)));
  blocker.close();

  guide.culvertTrusts("none");
  await attempt(`culvert tcp --listen - ${authority}`);
  return said.join("\n");
}

/** The same of a UDP route: Culvert stays, and its clients hear nothing. */
async function udpMishaps(route: RouteSpec): Promise<string> {
  const { control } = rig.proxy;
  const authority = `${route.host}:${route.port}`;
  const said: string[] = [];
  const attempt = async (destination: string): Promise<void> => {
    const culvert = await guide.launch(`culvert udp ${destination} --listen 5353`);
    const client = await UdpClient.open({ host: "127.0.0.1", port: guide.localPort(5353) });
    try {
      client.send("a question");
      await culvert.said(/ ERR client 1: .*\n/);
      expect(client.answers).toEqual([]);
    } finally {
      client.close();
      said.push((await culvert.stop("SIGINT")) === 0 ? culvert.log() : "it did not end well");
    }
  };
  control.setPolicy(authority, "deny");
  await attempt(authority);
  await attempt(`${route.host}:5300`);
  await attempt(`${route.host.replace("corp", "copr")}:${route.port}`);

  const blocker = dgram.createSocket("udp4").bind(0, "127.0.0.1");
  await once(blocker, "listening");
  const { port } = blocker.address();
  const { code, stdout } = await guide.shell(`culvert udp ${authority}=localhost:${port}`);
  expect(code).toBe(1);
  said.push(stdout.replaceAll(String(port), "5353"));
  blocker.close();

  guide.culvertTrusts("none");
  await attempt(authority);
  return said.join("\n");
}

async function expectMessagesAreReal(name: string, route: RouteSpec, meet = mishaps): Promise<void> {
  const messages = messagesOf(guideOf(name));
  expect(messages.length).toBeGreaterThan(3);
  const said = await meet(route);
  for (const message of messages) expect(said).toMatch(new RegExp(patternOf(message)));
}

test("every guide is tested here", () => {
  // The app's guide has no commands; the end-to-end specs press what it names.
  expect(readdirSync(guides).sort()).toEqual(["app.md", "dns.md", "postgresql.md", "redis.md", "ssh.md"]);
});

describe.skipIf(lacks(redis, guideNames))("redis.md", () => {
  let server: RedisServer;
  let route: RouteSpec;

  beforeAll(async () => {
    server = await redis.start();
    route = { host: "redis.corp.example.com", port: 6379, upstream: server };
  });
  afterAll(() => server?.close());
  beforeEach(async () => {
    await start([route, { host: "pg.corp.example.com", port: 5432, upstream: null }]);
    writeFileSync(path.join(guide.folder, "commands.txt"), "SET a 1\nSET b 2\nINCR a\n");
  });
  afterEach(end);

  test("every command works, and prints what the guide shows", async () => {
    expect(await guide.follow(guideOf("redis.md"))).toBe(6);
    expect(rig.proxy.control.browserVisits()).toBe(1);
  });

  test.each([
    ["--listen 6379", "--lisen 6379", /line \d+: .*no flag --lisen/s],
    ["-p 6379 PING", "-p 6379 PIN", /line \d+: the guide shows\nPONG/],
    ["redis-cli -p 6379 SET", "redis-client -p 6379 SET", /line \d+: exit code 127/],
  ])("a guide with %j changed to %j fails", async (right, wrong, message) => {
    const markdown = guideOf("redis.md");
    expect(markdown).toContain(right);
    await expect(guide.follow(markdown.replace(right, wrong))).rejects.toThrow(message);
  });

  test("a guide that shows what Culvert does not log fails", async () => {
    guide.patienceMs = 500;
    const markdown = guideOf("redis.md").replace("INF client 1 from", "INF customer 1 from");
    await expect(guide.follow(markdown)).rejects.toThrow(/line \d+: .*went on without.*INF client 1 from/s);
  });

  test("every message in its table is one of Culvert's", () => expectMessagesAreReal("redis.md", route));
});

describe.skipIf(lacks(postgresql, guideNames))("postgresql.md", () => {
  let server: PostgresqlServer;
  let pki: Pki;
  let route: RouteSpec;

  beforeAll(async () => {
    pki = await createPki({ names: ["pg.corp.example.com"] });
    server = await postgresql.start({ user: "alice", database: "orders", tls: pki.server });
    route = { host: "pg.corp.example.com", port: 5432, upstream: server };
    const table = "create table items (name text, price int)";
    const rows = "insert into items values ('apple', 30), ('pear', 45), ('cherry', 90)";
    const address = ["-h", server.host, "-p", String(server.port), "-U", "alice"];
    expect(await run(program("psql"), ["-Xq", ...address, "-c", table, "-c", rows, "orders"])).toMatchObject({
      code: 0,
      stderr: "",
    });
  });
  afterAll(async () => {
    pki?.remove();
    await server?.close();
  });
  beforeEach(() => start([route]));
  afterEach(end);

  test("every command works, and prints what the guide shows", async () => {
    copyFileSync(pki.caFile, path.join(guide.folder, "corp-ca.pem"));
    expect(await guide.follow(guideOf("postgresql.md"))).toBe(5);
    expect(readFileSync(path.join(guide.folder, "items.csv"), "utf8").split("\n")[0]).toBe("name,price");
    expect(statSync(path.join(guide.folder, "orders.sql")).size).toBeGreaterThan(500);
    expect(rig.proxy.control.browserVisits()).toBe(1);
  });

  test("every message in its table is one of Culvert's", () => expectMessagesAreReal("postgresql.md", route));
});

describe.skipIf(lacks(sshd, guideNames))("ssh.md", () => {
  let server: SshServer;
  let route: RouteSpec;

  beforeAll(async () => {
    server = await sshd.start();
    route = { host: "ssh.corp.example.com", port: 22, upstream: server };
  });
  afterAll(() => server?.close());
  beforeEach(() => start([route], server));
  // A shared connection outlives its commands; where the guide has not ended it, this does.
  afterEach(async () => {
    await guide.shell("ssh -O exit ssh.corp.example.com || true");
    await end();
  });

  test("every command works, and prints what the guide shows", async () => {
    expect(await guide.follow(guideOf("ssh.md"))).toBe(6);
    expect(readFileSync(path.join(guide.folder, "passwd"))).toEqual(readFileSync("/etc/passwd"));
    expect(rig.proxy.control.browserVisits()).toBe(1);
  });

  test("every message in its table is one of Culvert's", () => expectMessagesAreReal("ssh.md", route));

  test("what it says of ControlPersist: Culvert is not heard, and ControlPath=none helps", async () => {
    const ssh = "ssh -o ProxyCommand='culvert tcp --listen - %h:%p' -o ControlMaster=auto -o ControlPersist=10m";
    const refused = "You may not use ssh.corp.example.com:22.";
    rig.proxy.control.setPolicy("ssh.corp.example.com:22", "deny");
    const persistent = await guide.shell(`${ssh} -o ControlPath=~/.ssh/cm-%C ssh.corp.example.com true`);
    expect([persistent.code, persistent.stdout]).toEqual([255, expect.not.stringContaining(refused)]);
    const alone = await guide.shell(`${ssh} -o ControlPath=none ssh.corp.example.com true`);
    expect([alone.code, alone.stdout]).toEqual([255, expect.stringContaining(refused)]);
  });
});

describe.skipIf(lacks(dnsmasq, guideNames))("dns.md", () => {
  let server: DnsServer;
  let route: RouteSpec;

  beforeAll(async () => {
    server = await dnsmasq.start();
    route = { host: "dns.corp.example.com", port: 53, upstream: server, type: "udp" };
  });
  afterAll(() => server?.close());
  beforeEach(() => start([route, { host: "dns-tcp.corp.example.com", port: 53, upstream: server }]));
  afterEach(end);

  test("every command works, and prints what the guide shows", async () => {
    expect(await guide.follow(guideOf("dns.md"))).toBe(7);
    expect(rig.proxy.control.browserVisits()).toBe(1);
  });

  test("a guide with another answer fails", async () => {
    const markdown = guideOf("dns.md").replace("192.0.2.10", "192.0.2.11");
    await expect(guide.follow(markdown)).rejects.toThrow(/line \d+: the guide shows\n192\.0\.2\.11/);
  });

  test("what it says of a resolver that asks Culvert: dnsmasq's line works", async () => {
    const line = /`server=\/corp\.example\.com\/127\.0\.0\.1#5353`/;
    expect(guideOf("dns.md")).toMatch(line);
    const culvert = await guide.launch("culvert udp dns.corp.example.com:53 --listen 5353");
    const resolver = await dnsmasq.start({ host: "127.0.0.1", port: guide.localPort(5353) });
    const { stdout } = await guide.shell(`dig @127.0.0.1 -p ${resolver.port} www.corp.example.com +short`);
    await resolver.close();
    expect([stdout, await culvert.stop("SIGINT")]).toEqual(["192.0.2.10", 0]);
  });

  test("every message in its table is one of Culvert's", () => expectMessagesAreReal("dns.md", route, udpMishaps));
});
