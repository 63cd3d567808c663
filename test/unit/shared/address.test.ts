import { describe, expect, it } from "vitest";
import {
  authorityOf,
  defaultLocalAddress,
  formatHostPort,
  hostHeaderOf,
  isLoopback,
  originOf,
  parseLocalAddress,
  parsePomeriumUrl,
  parseTarget,
  shown,
} from "../../../src/shared/address.ts";
import { AppError } from "../../../src/shared/errors.ts";

/** The message of the AppError that a parser throws. */
function refusal(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    expect((error as AppError).code).toBe("address-invalid");
    return (error as AppError).message;
  }
  throw new Error("it was accepted");
}

/** Destination and proxy of a target, as people write them. */
function read(input: string, pomeriumUrl?: string): [string, string, string] {
  const { destination, proxy } = parseTarget(input, pomeriumUrl);
  return [destination.protocol, authorityOf(destination), originOf(proxy)];
}

describe("destinations", () => {
  it.each([
    ["redis.corp.example.com:6379", "tcp", "redis.corp.example.com:6379", "https://redis.corp.example.com"],
    ["tcp+https://redis.corp.example.com:6379", "tcp", "redis.corp.example.com:6379", "https://redis.corp.example.com"],
    [
      "tcp+https://proxy.corp.example.com:8443/redis.internal.example.com:6379",
      "tcp",
      "redis.internal.example.com:6379",
      "https://proxy.corp.example.com:8443",
    ],
    ["udp+https://time.corp.example.com:13", "udp", "time.corp.example.com:13", "https://time.corp.example.com"],
    ["[2001:db8::1]:22", "tcp", "[2001:db8::1]:22", "https://[2001:db8::1]"],
    // beyond the table
    [
      "tcp+https://redis.corp.example.com:6379/",
      "tcp",
      "redis.corp.example.com:6379",
      "https://redis.corp.example.com",
    ],
    ["TCP+HTTPS://Redis.Corp.Example.COM:6379", "tcp", "redis.corp.example.com:6379", "https://redis.corp.example.com"],
    ["  redis.corp.example.com:6379\n", "tcp", "redis.corp.example.com:6379", "https://redis.corp.example.com"],
    ["tcp+http://redis.corp.test:6379", "tcp", "redis.corp.test:6379", "http://redis.corp.test"],
    ["tcp+http://proxy.corp.test/redis.corp.test:6379", "tcp", "redis.corp.test:6379", "http://proxy.corp.test"],
    ["tcp+https://proxy.corp.test/[2001:DB8:0:0::1]:22", "tcp", "[2001:db8::1]:22", "https://proxy.corp.test"],
    ["tcp+https://[2001:db8::2]:8443/pg:5432", "tcp", "pg:5432", "https://[2001:db8::2]:8443"],
    ["bücher.example:22", "tcp", "xn--bcher-kva.example:22", "https://xn--bcher-kva.example"],
    ["例え.テスト:22", "tcp", "xn--r8jz45g.xn--zckzah:22", "https://xn--r8jz45g.xn--zckzah"],
    ["192.0.2.7:22", "tcp", "192.0.2.7:22", "https://192.0.2.7"],
    ["db_1.corp.test:1", "tcp", "db_1.corp.test:1", "https://db_1.corp.test"],
    ["pg:65535", "tcp", "pg:65535", "https://pg"],
  ])("reads %s", (input, protocol, authority, proxy) => {
    expect(read(input)).toEqual([protocol, authority, proxy]);
  });

  it.each([
    "redis.corp.example.com:6379",
    "tcp+https://redis.corp.example.com:6379",
    "tcp+https://x.test:1/redis.corp.example.com:6379",
  ])("goes to the Pomerium URL where there is one: %s", (input) => {
    expect(read(input, "https://pomerium.corp.example.com:8443")).toEqual([
      "tcp",
      "redis.corp.example.com:6379",
      "https://pomerium.corp.example.com:8443",
    ]);
    expect(parseTarget(input, "https://pomerium.corp.example.com").proxy.port).toBe(443);
    expect(parseTarget(input, "http://pomerium.corp.example.com").proxy).toMatchObject({ tls: false, port: 80 });
  });

  it("takes an empty Pomerium URL for none", () => {
    expect(read("pg:5432", " ")).toEqual(["tcp", "pg:5432", "https://pg"]);
  });

  it.each([
    ["", /Enter a destination, for example pg\.example\.com:5432/],
    ["redis.corp.example.com", /Add a port, for example redis\.corp\.example\.com:5432/],
    ["redis.corp.example.com:", /Add a port, for example redis\.corp\.example\.com:5432/],
    ["tcp+https://redis.corp.example.com", /Add a port, for example redis\.corp\.example\.com:5432/],
    ["tcp+https://proxy.test:8443/redis", /Add a port, for example redis:5432/],
    ["[2001:db8::1]", /Add a port, for example \[2001:db8::1\]:5432/],
    [":22", /The host is missing.*pg\.example\.com:5432/],
    ["[]:22", /The host is missing/],
    ["tcp+https:///pg:5432", /The host is missing.*https:\/\/pomerium\.example\.com/],
    ["pg:0", /from 1 to 65535.*0$/],
    ["pg:65536", /from 1 to 65535.*65536$/],
    ["pg:-1", /from 1 to 65535/],
    ["pg:5e3", /from 1 to 65535/],
    ["pg:0x50", /from 1 to 65535/],
    ["pg:ssh", /from 1 to 65535.*ssh$/],
    ["pg:５４３２", /from 1 to 65535/],
    ["2001:db8::1", /brackets, for example \[2001:db8::1\]:5432/],
    ["2001:db8::1:22", /brackets/],
    ["[2001:db8::1:22", /brackets/],
    ["[pg]:22", /Only an IPv6 address goes in brackets/],
    ["[fe80::1%eth0]:22", /Only an IPv6 address goes in brackets/],
    ["[1.2.3.4]:22", /not a host name/],
    ["[::g]:22", /Only an IPv6/],
    ["[1:2:3:4:5:6:7:8:9]:22", /not a host name/],
    ["a b:22", /not a host name: a b\. Write, for example, pg\.example\.com:5432/],
    ["a%20b:22", /not a host name/],
    ["a\\b:22", /not a host name/],
    ["a<b:22", /not a host name/],
    ["256.256.256.256:22", /not a host name/],
    ["pg.test:22/path", /Leave out the path after the host, or write tcp\+https:\/\//],
    ["https://redis.corp.example.com:6379", /starts with tcp\+https:\/\/ or udp\+https:\/\/, or is host:port/],
    ["ssh://host:22", /starts with tcp\+https:\/\//],
    ["tcp://host:22", /starts with tcp\+https:\/\//],
    ["tcp+https://proxy.test/a:1/b:2", /Write one host:port after the proxy/],
    ["tcp+https://pg.test:22?x=1", /Leave out everything from \? or #/],
    ["tcp+https://pg.test:22#x", /Leave out everything from \? or #/],
    [`${"a".repeat(300)}:22`, /too long/],
    ["pg:22\r\nHost: evil", /./],
    ["pg\u0000:22", /not a host name/],
    ["pg\u001b[2J:22", /./],
    ["-", /Add a port/],
  ])("refuses %j and says what to write", (input, message) => {
    expect(refusal(() => parseTarget(input))).toMatch(message);
  });

  it.each([
    "alice:hunter2@pg.test:22",
    "tcp+https://alice:hunter2@pg.test:22",
    "tcp+https://alice:hunter2@proxy.test/pg.test:22",
    "tcp+https://proxy.test/alice:hunter2@pg.test:22",
    "tcp+https://alice:hunter2@proxy.test/a:1/b:2",
    "tcp+https://alice:hunter2@pg.test:22?x",
    "https://alice:hunter2@pg.test:22",
    "alice:hunter2@pg.test:22/x",
  ])("never repeats a password: %s", (input) => {
    expect(refusal(() => parseTarget(input))).not.toContain("hunter2");
  });

  it("judges the Pomerium URL as well", () => {
    expect(refusal(() => parseTarget("pg:22", "pomerium.example.com"))).toMatch(/Start with https:\/\//);
  });

  it("the usual protocol is what a destination without one has, and what messages show", () => {
    const protocolOf = (input: string, usual?: "tcp" | "udp"): string =>
      parseTarget(input, undefined, usual).destination.protocol;
    expect([protocolOf("dns.x:53"), protocolOf("dns.x:53", "tcp"), protocolOf("dns.x:53", "udp")]).toEqual([
      "tcp",
      "tcp",
      "udp",
    ]);
    expect([protocolOf("tcp+https://dns.x:53", "udp"), protocolOf("udp+https://dns.x:53", "tcp")]).toEqual([
      "tcp",
      "udp",
    ]);
    expect(() => parseTarget("dns.x", undefined, "udp")).toThrow("for example dns.x:53.");
    expect(() => parseTarget("", undefined, "udp")).toThrow("for example dns.example.com:53.");
    expect(() => parseTarget("udp+https://dns.x")).toThrow("for example dns.x:53.");
  });
});

describe("Pomerium URLs", () => {
  it.each([
    ["https://pomerium.corp.test", { tls: true, host: "pomerium.corp.test", port: 443 }],
    ["https://pomerium.corp.test/", { tls: true, host: "pomerium.corp.test", port: 443 }],
    ["https://pomerium.corp.test:8443", { tls: true, host: "pomerium.corp.test", port: 8443 }],
    ["https://pomerium.corp.test:", { tls: true, host: "pomerium.corp.test", port: 443 }],
    ["HTTPS://Pomerium.Corp.Test", { tls: true, host: "pomerium.corp.test", port: 443 }],
    ["http://localhost:8080", { tls: false, host: "localhost", port: 8080 }],
    ["http://localhost", { tls: false, host: "localhost", port: 80 }],
    ["https://[::1]:8443", { tls: true, host: "::1", port: 8443 }],
    ["https://[::1]", { tls: true, host: "::1", port: 443 }],
  ])("reads %s", (input, proxy) => {
    expect(parsePomeriumUrl(input)).toEqual(proxy);
  });

  it.each([
    ["", /Start with https:\/\/, for example https:\/\/pomerium\.example\.com/],
    ["pomerium.corp.test", /Start with https/],
    ["ftp://pomerium.corp.test", /Start with https/],
    ["https://", /The host is missing/],
    ["https://pomerium.corp.test/path", /Leave out the path/],
    ["https://pomerium.corp.test?x", /Leave out the path/],
    ["https://pomerium.corp.test#x", /Leave out the path/],
    ["https://alice@pomerium.corp.test", /Leave out the user name/],
    ["https://pomerium.corp.test:0", /from 1 to 65535/],
    ["https://::1", /brackets/],
    ["https://a b", /not a host name/],
  ])("refuses %j and says what to write", (input, message) => {
    expect(refusal(() => parsePomeriumUrl(input))).toMatch(message);
  });

  it.each([
    "https://alice:hunter2@pomerium.corp.test",
    "https://alice:hunter2@pomerium.corp.test/x",
    "ftp://a:hunter2@b",
  ])("never repeats a password: %s", (input) => {
    expect(refusal(() => parsePomeriumUrl(input))).not.toContain("hunter2");
  });

  it("writes the port into the Host header only where it is not the usual one", () => {
    expect(hostHeaderOf(parsePomeriumUrl("https://a.test:443"))).toBe("a.test");
    expect(hostHeaderOf(parsePomeriumUrl("https://a.test:80"))).toBe("a.test:80");
    expect(hostHeaderOf(parsePomeriumUrl("http://a.test:80"))).toBe("a.test");
    expect(hostHeaderOf(parsePomeriumUrl("http://a.test:443"))).toBe("a.test:443");
    expect(hostHeaderOf(parsePomeriumUrl("https://[::1]"))).toBe("[::1]");
    expect(hostHeaderOf(parsePomeriumUrl("https://[::1]:8443"))).toBe("[::1]:8443");
    expect(originOf(parsePomeriumUrl("http://[::1]"))).toBe("http://[::1]");
  });
});

describe("local addresses", () => {
  it.each([
    ["", { host: "127.0.0.1", port: 0 }],
    ["127.0.0.1:0", { host: "127.0.0.1", port: 0 }],
    ["127.0.0.1:5432", { host: "127.0.0.1", port: 5432 }],
    ["2222", { host: "127.0.0.1", port: 2222 }],
    ["0", { host: "127.0.0.1", port: 0 }],
    ["127.0.0.1", { host: "127.0.0.1", port: 0 }],
    ["127.0.0.1:", { host: "127.0.0.1", port: 0 }],
    [":2222", { host: null, port: 2222 }],
    [":0", { host: null, port: 0 }],
    ["*:2222", { host: null, port: 2222 }],
    ["0.0.0.0:2222", { host: "0.0.0.0", port: 2222 }],
    ["localhost:2222", { host: "localhost", port: 2222 }],
    ["localhost", { host: "localhost", port: 0 }],
    ["[::1]:2222", { host: "::1", port: 2222 }],
    ["[::1]", { host: "::1", port: 0 }],
    ["::1", { host: "::1", port: 0 }],
    ["::", { host: "::", port: 0 }],
    ["[::]:22", { host: "::", port: 22 }],
    [" 2222 ", { host: "127.0.0.1", port: 2222 }],
  ])("reads %j", (input, address) => {
    expect(parseLocalAddress(input)).toEqual(address);
  });

  it.each([
    [":", /Add a port, for example 127\.0\.0\.1:5432/],
    ["*", /Add a port, for example 127\.0\.0\.1:5432/],
    ["*:", /Add a port/],
    ["65536", /from 0 to 65535/],
    ["127.0.0.1:65536", /from 0 to 65535/],
    ["127.0.0.1:http", /from 0 to 65535/],
    ["[*]:22", /Only an IPv6/],
    ["[::1]22", /brackets/],
    ["a b:22", /not a host name: a b\. Write, for example, 127\.0\.0\.1:5432/],
    ["http://127.0.0.1:22", /brackets|not a host name/],
    ["127.0.0.1:22:33", /brackets/],
    ["[]:22", /The host is missing.*127\.0\.0\.1:5432/],
  ])("refuses %j and says what to write", (input, message) => {
    expect(refusal(() => parseLocalAddress(input))).toMatch(message);
  });

  it("knows which ones only this computer can reach", () => {
    for (const text of ["", "2222", "127.0.0.1:1", "127.9.9.9:1", "localhost:1", "[::1]:1"]) {
      expect(isLoopback(parseLocalAddress(text)), text).toBe(true);
    }
    for (const text of [":1", "*:1", "0.0.0.0:1", "[::]:1", "192.0.2.1:1", "127.0.0.1.evil.test:1"]) {
      expect(isLoopback(parseLocalAddress(text)), text).toBe(false);
    }
    expect(isLoopback(defaultLocalAddress)).toBe(true);
  });
});

describe("writing", () => {
  it("puts IPv6 in brackets and nothing else", () => {
    expect(formatHostPort("::1", 22)).toBe("[::1]:22");
    expect(formatHostPort("127.0.0.1", 22)).toBe("127.0.0.1:22");
  });

  it("shows user input in bounds, without what could move a cursor", () => {
    expect(shown("a\u001b[31mb\r\n\u0007\u202e\u009b")).toMatch(/^a\?\[31mb\?\?\?/);
    expect(shown("\u0080\u009f\u007f\u0000")).toBe("????");
    expect(shown("x".repeat(1000))).toBe(`${"x".repeat(100)}…`);
    expect(shown("bücher.example")).toBe("bücher.example");
  });
});
