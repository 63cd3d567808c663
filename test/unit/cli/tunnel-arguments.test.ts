import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDuration, readTimeFlag } from "../../../src/cli/arguments/duration.ts";
import { parseArguments } from "../../../src/cli/arguments/parse-arguments.ts";
import { splitWords } from "../../../src/shared/split-words.ts";
import { readTunnelArguments } from "../../../src/cli/arguments/tunnel-arguments.ts";
import { exitCodeOf } from "../../../src/cli/arguments/usage.ts";
import { loadCommand } from "../../../src/cli/commands/registry.ts";
import { AppError } from "../../../src/shared/errors.ts";
import { limits } from "../../../src/shared/limits.ts";

const { spec } = await loadCommand("tcp");
const read = (...argv: string[]) => readTunnelArguments(parseArguments(argv, spec), "tcp");
const udpSpec = (await loadCommand("udp")).spec;
const readUdp = (...argv: string[]) => readTunnelArguments(parseArguments(argv, udpSpec), "udp");

function expectUsageError(act: () => unknown, words: string): void {
  let thrown: unknown;
  try {
    act();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(AppError);
  expect((thrown as AppError).message).toContain(words);
  expect((thrown as AppError).userAction).toBeDefined();
  expect(exitCodeOf(thrown as AppError)).toBe(2);
}

describe("destinations and local addresses", () => {
  test("one destination listens on a free loopback port", () => {
    expect(read("pg.example.com:5432")).toEqual([
      {
        id: "pg.example.com:5432",
        target: {
          destination: { protocol: "tcp", host: "pg.example.com", port: 5432 },
          proxy: { tls: true, host: "pg.example.com", port: 443 },
        },
        listen: { host: "127.0.0.1", port: 0 },
      },
    ]);
  });

  test("--listen in its forms", () => {
    expect(read("a:1", "--listen", ":2222")[0]?.listen).toEqual({ host: null, port: 2222 });
    expect(read("a:1", "--listen", "[::1]:2222")[0]?.listen).toEqual({ host: "::1", port: 2222 });
    expect(read("a:1", "--listen", "-")[0]?.listen).toBe("stdio");
    expect(read("a:1", "--listen=")[0]?.listen).toEqual({ host: "127.0.0.1", port: 0 });
  });

  test("pairs, with IPv6 on both sides", () => {
    const tunnels = read("redis.example.com:6379=:6379", "[2001:db8::1]:22=[::1]:2222", "pg.example.com:5432");
    expect(tunnels.map(({ id, listen }) => [id, listen])).toEqual([
      ["redis.example.com:6379", { host: null, port: 6379 }],
      ["[2001:db8::1]:22", { host: "::1", port: 2222 }],
      ["pg.example.com:5432", { host: "127.0.0.1", port: 0 }],
    ]);
  });

  test("a bastion keeps its own address in a pair, and --pomerium-url goes for all", () => {
    const [bastion] = read("tcp+https://proxy.example.com:8443/db.internal:5432=5432");
    expect(bastion?.target.proxy).toEqual({ tls: true, host: "proxy.example.com", port: 8443 });
    const all = read("a.x:1", "b.x:2", "--pomerium-url", "https://p.x:8443");
    expect(all.map(({ target }) => target.proxy.host)).toEqual(["p.x", "p.x"]);
  });

  test("the same destination twice gets two names", () => {
    expect(read("a.x:1", "a.x:1").map(({ id }) => id)).toEqual(["a.x:1", "a.x:1 (2)"]);
  });

  test.each([
    [["a:1", "b:2", "--listen", "3"], "--listen is for one destination"],
    [["a:1=2", "--listen", "3"], "given twice"],
    [["a:1="], "behind = is missing"],
    [["a:1=-", "b:2"], "one destination only"],
    [["a:1=5", "b:2=5"], "cannot both listen on port 5"],
    [["a:1=127.0.0.1:x"], "a:1=127.0.0.1:x: The port"],
    [["a"], "Add a port"],
    [["a:1", "--listen", "70000"], "--listen: The port must be from 0 to 65535"],
    [["a:1", "--pomerium-url", "p.x"], "--pomerium-url: Start with https://"],
    [["udp+https://time.x:13", "--listen", "-"], '"-" (stdin and stdout) carries TCP only; give a UDP destination'],
  ])("%j is a usage error", (argv, words) => expectUsageError(() => read(...argv), words));

  test("whatever is written, only a usage error can come out", () => {
    const piece = fc.oneof(fc.string(), fc.constantFrom("a:1", "a:1=", "=", "[::1]:5", ":1", "-", "udp+https://a:1"));
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.array(
          fc.tuple(piece, piece).map((parts) => parts.join("=")),
          { minLength: 1 },
        ),
        (udp, argv) => {
          try {
            (udp ? readUdp : read)("--", ...argv);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(AppError);
            expect(exitCodeOf(thrown as AppError)).toBe(2);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe("UDP", () => {
  const protocols = (tunnels: ReturnType<typeof read>): string[] =>
    tunnels.map(({ target }) => target.destination.protocol);

  test("a destination without a protocol has the command's, one with a protocol keeps it", () => {
    const written = ["a.x:1", "tcp+https://b.x:2", "udp+https://c.x:3", "udp+https://p.x:8443/d.x:4"];
    expect(protocols(read(...written))).toEqual(["tcp", "tcp", "udp", "udp"]);
    expect(protocols(readUdp(...written))).toEqual(["udp", "tcp", "udp", "udp"]);
    expect(readUdp("dns.x:53", "--listen", "5353")).toEqual([
      {
        id: "dns.x:53",
        target: {
          destination: { protocol: "udp", host: "dns.x", port: 53 },
          proxy: { tls: true, host: "dns.x", port: 443 },
        },
        listen: { host: "127.0.0.1", port: 5353 },
      },
    ]);
    expect(readUdp("dns.x:53", "--pomerium-url", "https://p.x")[0]?.target.proxy.host).toBe("p.x");
  });

  test("TCP and UDP share a port number, and a destination of both is told apart", () => {
    const both = readUdp("dns.x:53=5353", "tcp+https://dns.x:53=5353", "time.x:123");
    expect(both.map(({ id }) => id)).toEqual(["dns.x:53 (UDP)", "dns.x:53", "time.x:123"]);
    const twice = readUdp("dns.x:53", "dns.x:53", "tcp+https://dns.x:53", "tcp+https://dns.x:53");
    expect(twice.map(({ id }) => id)).toEqual(["dns.x:53 (UDP)", "dns.x:53 (UDP) (2)", "dns.x:53", "dns.x:53 (2)"]);
    expect(new Set(twice.map(({ id }) => id)).size).toBe(4);
  });

  test.each([
    [["a.x:1=5", "b.x:2=5"], "a.x:1 and b.x:2 cannot both listen on port 5 (UDP)."],
    [["tcp+https://a.x:1=5", "a.x:1=5", "tcp+https://b.x:2=5"], "a.x:1 and b.x:2 cannot both listen on port 5."],
    [["a.x:1", "--listen", "-"], '"-" (stdin and stdout) carries TCP only'],
    [["tcp+https://a.x:1=-", "b.x:2=-"], '"-" (stdin and stdout) carries TCP only'],
    [["tcp+https://a.x:1=-", "b.x:2"], "one destination only"],
    [["a.x:1="], "a.x:1=127.0.0.1:5353."],
    [["a.x"], "Add a port, for example a.x:53."],
    [["a.x/b:1"], "udp+https://proxy.example.com/dns.example.com:53"],
    [["a.x:1", "b.x:2", "--listen", "3"], "--listen is for one destination"],
  ])("%j is a usage error", (argv, words) => expectUsageError(() => readUdp(...argv), words));

  test("standard input and output of a TCP route work in the udp command as well", () => {
    expect(readUdp("tcp+https://a.x:1", "--listen", "-")[0]?.listen).toBe("stdio");
  });

  test("the two commands take the same flags", () => {
    expect(udpSpec.flags).toEqual(spec.flags);
    expect(udpSpec.positionals).toEqual(spec.positionals);
  });

  test("--idle-timeout from a second to a day, and the default that the help names", () => {
    const idle = (...argv: string[]) =>
      readTimeFlag(parseArguments(["a.x:1", ...argv], udpSpec), "idle-timeout", "udp");
    expect(idle()).toBeUndefined();
    expect([idle("--idle-timeout", "1s"), idle("--idle-timeout=24h")]).toEqual([1_000, 24 * 3_600_000]);
    for (const text of ["999ms", "24h1s", "0s"])
      expectUsageError(
        () => idle("--idle-timeout", text),
        `--idle-timeout: The time must be from 1s to 24h. Got: ${text}`,
      );
    expectUsageError(() => idle("--idle-timeout", "120"), "--idle-timeout: Write a time such as 90s");
    const { about } = udpSpec.flags.find(({ name }) => name === "idle-timeout") ?? { about: "" };
    expect(parseDuration(/default (\w+)/.exec(about)?.[1] ?? "", { min: 0, max: Infinity })).toBe(limits.udpIdleMs);
  });
});

describe("durations", () => {
  const bounds = { min: 1_000, max: 24 * 3_600_000 };
  test.each([
    ["90s", 90_000],
    ["15m", 900_000],
    ["1h30m", 5_400_000],
    ["1.5h", 5_400_000],
    ["1500ms", 1_500],
  ])("%s", (text, ms) => {
    expect(parseDuration(text, bounds)).toBe(ms);
  });

  test.each(["", "15", "m", "15 m", "-5m", "15m!", "1d", "0s", "25h", "9".repeat(400) + "s"])(
    "%j is refused",
    (text) => {
      expect(() => parseDuration(text, bounds)).toThrow(AppError);
    },
  );
});

describe("words of a command", () => {
  test.each([
    ["firefox", ["firefox"]],
    ["  firefox   -P work ", ["firefox", "-P", "work"]],
    [`firefox -P 'my work'`, ["firefox", "-P", "my work"]],
    [`a "b \\"c\\" \\d" e\\ f`, ["a", `b "c" \\d`, "e f"]],
    [`a '' ""`, ["a", "", ""]],
    [`a'b'"c"`, ["abc"]],
    ["a $HOME `x` ; rm", ["a", "$HOME", "`x`", ";", "rm"]],
  ])("%j", (text, words) => {
    expect(splitWords(text, true)).toEqual(words);
  });

  test("backslashes stay in paths of Windows", () => {
    expect(splitWords(String.raw`"C:\Program Files\x.exe" -p`, false)).toEqual([
      String.raw`C:\Program Files\x.exe`,
      "-p",
    ]);
  });

  test("an open quote is an error", () => {
    expect(() => splitWords(`a "b`, true)).toThrow("not closed");
  });

  test("words that were quoted come back", () => {
    fc.assert(
      fc.property(fc.array(fc.string().filter((word) => !word.includes("'"))), (words) => {
        expect(splitWords(words.map((word) => `'${word}'`).join(" "), true)).toEqual(words);
      }),
    );
  });
});
