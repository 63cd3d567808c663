import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createPki } from "../support/access-proxy/index.ts";
import { fronts } from "../support/fronts.ts";
import {
  dnsmasq,
  lacks,
  netcat,
  postgresql,
  program,
  redis,
  run,
  sshd,
  TunnelRig,
  type DnsServer,
  type LocalPort,
  type PostgresqlServer,
  type Ran,
  type RedisServer,
  type SshServer,
} from "../support/services/index.ts";
import { random, Upstream } from "../support/streams.ts";

const megabyte = 1024 * 1024;

let folder: string;
/** null where the program is missing: its route then leads nowhere, and its tests are skipped. */
let redisServer: RedisServer | null = null;
let postgresqlServer: PostgresqlServer | null = null;
let sshServer: SshServer | null = null;
let dnsServer: DnsServer | null = null;
let upstream: Upstream;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "culvert-services-test-"));
  // psql and the server end a TLS connection with a reset behind the end, which is no reason for a warning.
  const pki = await createPki({ names: ["pg.corp.test"] });
  [redisServer, postgresqlServer, sshServer, dnsServer, upstream] = await Promise.all([
    redis.available() === null ? redis.start() : null,
    postgresql.available() === null ? postgresql.start({ tls: pki.server }) : null,
    sshd.available() === null ? sshd.start() : null,
    dnsmasq.available() === null ? dnsmasq.start() : null,
    Upstream.start(),
  ]);
  pki.remove();
});
afterAll(async () => {
  const servers = [redisServer, postgresqlServer, sshServer, dnsServer, upstream];
  await Promise.all(servers.map(async (server) => server?.close()));
  rmSync(folder, { recursive: true, force: true });
});

/** Bytes without repetition. */
function bytes(seed: number, size: number): Buffer {
  const next = random(seed);
  const data = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4) data.writeUInt32LE(Math.floor(next() * 4_294_967_296), at);
  return data;
}

const sha256 = (data: Buffer): string => createHash("sha256").update(data).digest("hex");

async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}

/**
 * PostgreSQL leaves as soon as it reads the client's Terminate, with TLS's close_notify still unread, so that its kernel
 * resets the connection. Whether that reset or the client's own end is seen first is a race of three processes: a busy
 * machine has warned of it where an idle one never did. What was asked for has been answered and compared by then.
 */
const goodbyeReset =
  /^\S+ WRN client \d+ was cut off from the proxy's side after \d+ ms, sent \S+ \S+, received \S+ \S+\n/gm;

/** The program did what it was asked to, and said nothing else. */
function expectClean(ran: Ran): void {
  expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: "" });
}

describe.each(fronts())("through Culvert and the %s front", (front) => {
  let rig: TunnelRig;
  const opened: LocalPort[] = [];

  beforeAll(async () => {
    rig = await TunnelRig.start({
      front,
      routes: [
        { host: "redis.corp.test", port: 6379, upstream: redisServer },
        { host: "pg.corp.test", port: 5432, upstream: postgresqlServer },
        { host: "ssh.corp.test", port: 22, upstream: sshServer },
        { host: "dns.corp.test", port: 53, upstream: dnsServer, type: "udp" },
        { host: "answer.corp.test", port: 9, upstream: upstream.address },
      ],
    });
  });
  afterAll(async () => {
    await rig?.close();
  });

  const open = async (destination: string, command?: "udp"): Promise<number> => {
    const local = await rig.open(destination, command);
    opened.push(local);
    return local.port;
  };

  /** Every test ends with its culvert ending well, and without a word of trouble. */
  afterEach(async () => {
    for (const local of opened.splice(0)) {
      const { code, stdout, stderr } = await local.stop();
      expect([code, stdout]).toEqual([0, ""]);
      // What Pomerium offers for UDP today is the upgrade of HTTP/1.1.
      const via = local.command === "udp" ? "HTTP/1.1" : "HTTP/2";
      expect(/ INF client 1 connected to \S+ in .* \((\S+)\)\n/.exec(stderr)?.[1]).toBe(via);
      expect(stderr.replace(goodbyeReset, "")).not.toMatch(/ WRN | ERR |Warning/);
    }
  });

  describe.skipIf(lacks(redis))("Redis", () => {
    const cli = (port: number, args: readonly string[], input?: Buffer): Promise<Ran> =>
      run(program("redis-cli"), ["-h", "127.0.0.1", "-p", String(port), ...args], input === undefined ? {} : { input });

    test("answers, and the first client waits for the sign-in", async () => {
      const port = await open("redis.corp.test:6379");
      const ping = await cli(port, ["PING"]);
      expectClean(ping);
      expect(ping.stdout).toBe("PONG");
      expect(rig.proxy.control.browserVisits()).toBe(1);
    });

    test("keeps a value of 5 MB", async () => {
      const port = await open("redis.corp.test:6379");
      const value = bytes(1, 5 * megabyte);
      const key = `big-${front}`;
      const set = await cli(port, ["-x", "SET", key], value);
      expectClean(set);
      expect(set.stdout).toBe("OK");
      const get = await cli(port, ["--raw", "GET", key]);
      expectClean(get);
      expect(get.output.length).toBe(value.length + 1);
      expect(sha256(get.output.subarray(0, -1))).toBe(sha256(value));
    });

    test("takes 10,000 commands in one go", async () => {
      const port = await open("redis.corp.test:6379");
      const command = (words: readonly string[]): string =>
        `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
      const commands = Array.from({ length: 10_000 }, (_, n) => command(["HSET", `many-${front}`, `f${n}`, `v${n}`]));
      const piped = await cli(port, ["--pipe"], Buffer.from(commands.join("")));
      expectClean(piped);
      expect(piped.stdout).toContain("errors: 0, replies: 10000");
      expect((await cli(port, ["HLEN", `many-${front}`])).stdout).toBe("10000");
      expect((await cli(port, ["HGET", `many-${front}`, "f9999"])).stdout).toBe("v9999");
    });
  });

  describe.skipIf(lacks(postgresql))("PostgreSQL", () => {
    const psql = (port: number, commands: readonly string[]): Promise<Ran> => {
      const address = ["-h", "127.0.0.1", "-p", String(port), "-U", postgresqlServer?.user ?? ""];
      const script = commands.flatMap((command) => ["-c", command]);
      return run(program("psql"), ["-XqAt", "-v", "ON_ERROR_STOP=1", ...address, ...script, "postgres"], {
        cwd: folder,
        env: { HOME: folder },
      });
    };

    test("answers queries, and errors come through", async () => {
      const port = await open("pg.corp.test:5432");
      const good = await psql(port, ["select 6 * 7", "select string_agg(n::text, ',') from generate_series(1, 5) n"]);
      expectClean(good);
      expect(good.stdout).toBe("42\n1,2,3,4,5");
      const bad = await psql(port, ["select * from missing"]);
      expect(bad.code).toBe(1);
      expect(bad.stderr).toContain('relation "missing" does not exist');
    });

    test("\\copy of 50 MB, there and back", async () => {
      const port = await open("pg.corp.test:5432");
      const there = path.join(folder, `there-${front}.txt`);
      const back = path.join(folder, `back-${front}.txt`);
      const rows = 50_000;
      const file = createWriteStream(there);
      for (let row = 0; row < rows; row++) {
        const line = `${row}\t${bytes(row, 520).toString("hex")}\n`;
        if (!file.write(line)) await once(file, "drain");
      }
      file.end();
      await once(file, "finish");
      const table = `rows_${front}`;

      const copied = await psql(port, [
        `create unlogged table ${table} (id int, data text)`,
        `\\copy ${table} from '${there}'`,
        `select count(*), sum(length(data)) from ${table}`,
      ]);
      expectClean(copied);
      expect(copied.stdout).toBe(`${rows}|${rows * 1040}`);
      const returned = await psql(port, [`\\copy (select * from ${table} order by id) to '${back}'`]);
      expectClean(returned);
      expect(await sha256OfFile(back)).toBe(await sha256OfFile(there));
    });

    test("carries several connections at once", async () => {
      const port = await open("pg.corp.test:5432");
      const arrivals = `arrivals_${front}`;
      expectClean(await psql(port, [`create sequence ${arrivals}`]));
      const clients = 8;
      // Each waits inside the server until all of them are there.
      const meet = `do $$ begin
        perform nextval('${arrivals}');
        while (select last_value from ${arrivals}) < ${clients} loop perform pg_sleep(0.01); end loop;
      end $$`;
      const all = await Promise.all(
        Array.from({ length: clients }, () =>
          psql(port, ["set statement_timeout = '60s'", meet, "select pg_backend_pid()"]),
        ),
      );
      for (const one of all) expectClean(one);
      expect(new Set(all.map(({ stdout }) => stdout)).size).toBe(clients);
    });
  });

  describe.skipIf(lacks(sshd))("OpenSSH", () => {
    /** Options that both ssh, scp and sftp take. */
    const options = (): string[] => {
      const known = path.join(rig.folder, "known_hosts");
      writeFileSync(known, `ssh.corp.test ${sshServer?.hostKey ?? ""}\n`);
      const settings = {
        ProxyCommand: rig.proxyCommand,
        User: sshServer?.user ?? "",
        IdentityFile: sshServer?.keyFile ?? "",
        IdentitiesOnly: "yes",
        UserKnownHostsFile: known,
        StrictHostKeyChecking: "yes",
        BatchMode: "yes",
      };
      return ["-F", "none", ...Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`])];
    };
    const ssh = (command: string, input?: Buffer): Promise<Ran> =>
      run(program("ssh"), [...options(), "ssh.corp.test", command], {
        env: rig.env,
        ...(input === undefined ? {} : { input }),
      });

    beforeAll(async () => {
      const first = await ssh("true");
      // Whoever came first has signed in; where that was ssh, it is told on its stderr, and nothing else is.
      expect(first).toMatchObject({ code: 0, stderr: expect.not.stringMatching(/ WRN | ERR |Warning/) as string });
    });

    test("runs a command, and passes on its exit status and its stderr", async () => {
      const fine = await ssh("echo out; echo err >&2");
      expect([fine.code, fine.stdout, fine.stderr]).toEqual([0, "out", "err\n"]);
      const failed = await ssh("exit 37");
      expect([failed.code, failed.stdout, failed.stderr]).toEqual([37, "", ""]);
    });

    test("carries 20 MB each way", async () => {
      const data = bytes(2, 20 * megabyte);
      const echoed = await ssh("cat", data);
      expectClean(echoed);
      expect(echoed.output.length).toBe(data.length);
      expect(sha256(echoed.output)).toBe(sha256(data));
    });

    test("copies files with scp and sftp", async () => {
      const data = bytes(3, 3 * megabyte);
      const [there, far, back] = ["there", "far", "back"].map((name) => path.join(rig.folder, name)) as [
        string,
        string,
        string,
      ];
      writeFileSync(there, data);
      expectClean(await run(program("scp"), [...options(), "-q", there, `ssh.corp.test:${far}`], { env: rig.env }));
      expect(sha256(readFileSync(far))).toBe(sha256(data));
      const batch = Buffer.from(`get ${far} ${back}\n`);
      const got = await run(program("sftp"), [...options(), "-q", "-b", "-", "ssh.corp.test"], {
        env: rig.env,
        input: batch,
      });
      expectClean(got);
      expect(sha256(readFileSync(back))).toBe(sha256(data));
    });

    test("a refused route ends ssh with one sentence of Culvert's", async () => {
      rig.proxy.control.setPolicy("ssh.corp.test:22", "deny");
      const refused = await ssh("true");
      rig.proxy.control.setPolicy("ssh.corp.test:22", "allow");
      expect(refused.code).toBe(255);
      const lines = refused.stderr.trimEnd().split(/\r?\n/);
      const ofSsh = /^(kex_exchange_identification: |Connection closed by )/;
      expect(lines.filter((line) => !ofSsh.test(line))).toEqual([
        expect.stringMatching(/^\d{1,2}:\d\d[AP]M ERR You may not use ssh\.corp\.test:22\. .*\(request id [^)]+\)$/),
      ]);
    });
  });

  describe.skipIf(lacks(dnsmasq))("dig", () => {
    const dig = (port: number, ...question: string[]): Promise<Ran> =>
      run(program("dig"), ["@127.0.0.1", "-p", String(port), "+short", "+notcp", ...question]);

    test("gets answers of every kind, and the first question waits for the sign-in", async () => {
      const port = await open("dns.corp.test:53", "udp");
      const questions = [["www.corp.example.com"], ["www.corp.example.com", "AAAA"], ["corp.example.com", "MX"]];
      for (const [index, expected] of ["192.0.2.10", "2001:db8::10", "10 mail.corp.example.com."].entries()) {
        const answered = await dig(port, ...(questions[index] ?? []));
        expectClean(answered);
        expect(answered.stdout).toBe(expected);
      }
      expect(rig.proxy.control.browserVisits()).toBe(1);
    });

    test("gets an answer of 1.5 kB in one datagram", async () => {
      const port = await open("dns.corp.test:53", "udp");
      const answered = await dig(port, "+bufsize=4096", "+ignore", "keys.corp.example.com", "TXT");
      expectClean(answered);
      expect(answered.stdout.replace(/[" ]/g, "")).toBe([0, 1, 2, 3, 4, 5].map((n) => String(n).repeat(240)).join(""));
    });

    test("asks 200 questions from many clients at once", async () => {
      const port = await open("dns.corp.test:53", "udp");
      const file = path.join(folder, `questions-${front}`);
      writeFileSync(file, "www.corp.example.com A\n".repeat(20));
      // dig sets SO_REUSEPORT, and so Linux may give two of them one port, and one of them the other's answers: about one
      // run in thirty. An address for each keeps them apart. Other systems have no 127.0.1.0/24 on loopback by themselves.
      const from = (n: number): string[] => (process.platform === "linux" ? ["-b", `127.0.1.${n + 1}`] : []);
      const all = await Promise.all(Array.from({ length: 10 }, (_, n) => dig(port, ...from(n), "-f", file)));
      for (const one of all) {
        expectClean(one);
        expect(one.stdout).toBe(Array.from({ length: 20 }, () => "192.0.2.10").join("\n"));
      }
    });
  });

  describe.skipIf(lacks(netcat))("nc -N", () => {
    test("ends its request first and still gets the whole answer", async () => {
      const request = bytes(4, megabyte);
      const answer = bytes(5, 3 * megabyte);
      const received = createHash("sha256");
      upstream.handler = (socket) => {
        socket.on("data", (chunk: Buffer) => received.update(chunk));
        socket.once("end", () => socket.end(answer));
      };
      const port = await open("answer.corp.test:9");
      const asked = await run(program("nc"), ["-N", "127.0.0.1", String(port)], { input: request });
      expectClean(asked);
      expect(received.digest("hex")).toBe(sha256(request));
      expect(asked.output.length).toBe(answer.length);
      expect(sha256(asked.output)).toBe(sha256(answer));
    });
  });
});
