import { expect, test } from "vitest";
import { parsePomeriumUrl } from "../../../../src/shared/address.ts";
import { emptyConnectionInput, type ConnectionInput } from "../../../../src/shared/model/connection.ts";
import {
  checkAllowed,
  everythingAllowed,
  managedOf,
  managedProblems,
  noPolicy,
  readProxyPattern,
  refusalsOf,
  type PolicyRules,
} from "../../../../src/shared/model/policy.ts";

const rules = (some: Partial<PolicyRules>): PolicyRules => ({ ...everythingAllowed, ...some });
const proxy = (url: string) => parsePomeriumUrl(url);
const codes = (some: Partial<PolicyRules>, wanted: Parameters<typeof refusalsOf>[1]) =>
  refusalsOf(rules(some), wanted).map(({ about }) => about);

test.each([
  ["access.example.com", "https://access.example.com", true],
  ["access.example.com", "https://access.example.com:8443", true],
  ["access.example.com", "https://other.example.com", false],
  ["access.example.com", "https://sub.access.example.com", false],
  ["access.example.com:443", "https://access.example.com", true],
  ["access.example.com:443", "https://access.example.com:8443", false],
  ["*.example.com", "https://access.example.com", true],
  ["*.example.com", "https://a.b.example.com", true],
  ["*.example.com", "https://example.com", false],
  ["*.example.com", "https://evilexample.com", false],
  ["*.example.com", "https://access.example.com.evil.org", false],
  ["*.example.com:8443", "https://access.example.com:8443", true],
  ["*.example.com:8443", "https://access.example.com", false],
  ["*.bücher.example", "https://access.xn--bcher-kva.example", true],
  ["10.0.0.7", "https://10.0.0.7", true],
  ["[2001:db8::1]", "https://[2001:db8::1]", true],
  ["[2001:db8::1]:8443", "https://[2001:db8::1]", false],
])("%s allows %s: %s", (pattern, url, allowed) => {
  expect(codes({ allowedProxies: [pattern] }, { proxy: proxy(url) })).toEqual(allowed ? [] : ["proxy"]);
});

test.each(["", "*", "*.", "https://access.example.com", "access.example.com/", "a b", "a*.example.com", "*.10.0.0.1"])(
  "“%s” is no pattern, and allows nothing",
  (text) => {
    expect(readProxyPattern(text)).toBeNull();
    expect(codes({ allowedProxies: [text] }, { proxy: proxy("https://access.example.com") })).toEqual(["proxy"]);
  },
);

test("each rule stands against what it is about, and against nothing else", () => {
  const wanted = {
    proxy: proxy("https://access.example.com"),
    verify: false,
    listen: { host: "0.0.0.0", port: 1 },
    token: true,
  };
  expect(codes({}, wanted)).toEqual([]);
  expect(codes({ allowUnverifiedTls: false }, wanted)).toEqual(["verify"]);
  expect(codes({ allowNetworkListen: false }, wanted)).toEqual(["listen"]);
  expect(codes({ allowServiceAccountTokens: false }, wanted)).toEqual(["token"]);
  expect(codes({ allowedProxies: [] }, wanted)).toEqual(["proxy"]);
  expect(codes({ unreadable: "Why." }, wanted)).toEqual(["everything"]);
  const harmless = { ...wanted, verify: true, listen: { host: "127.0.0.1", port: 1 }, token: false };
  const strict = { allowUnverifiedTls: false, allowNetworkListen: false, allowServiceAccountTokens: false };
  expect(codes(strict, harmless)).toEqual([]);
  // Without TLS anybody on the way reads along as well.
  expect(codes(strict, { proxy: proxy("http://access.example.com") })).toEqual(["proxy"]);
  expect(codes(strict, { listen: { host: null, port: 1 } })).toEqual(["listen"]);
});

test("what is refused says whose decision it is, and what may be done", () => {
  const check = () =>
    checkAllowed(rules({ allowedProxies: ["a.example", "b.example", "c.example", "d.example", "e.example"] }), {
      proxy: proxy("https://access.example.com"),
    });
  expect(check).toThrow(
    expect.objectContaining({
      code: "managed",
      retryable: false,
      message: "Your organisation does not allow connections through access.example.com.",
      userAction: "It allows a.example, b.example, c.example and 2 more. Ask your administrator.",
    }),
  );
  expect(() => checkAllowed(everythingAllowed, { proxy: proxy("http://x.example"), verify: false })).not.toThrow();
});

test("problems stand beside the fields that can put them right", () => {
  const input: ConnectionInput = {
    ...emptyConnectionInput("x"),
    destination: "pg.example.com:5432",
    listen: ":5432",
    trust: { kind: "unverified" },
    auth: { kind: "token-file", path: "/t" },
  };
  const strict = rules({
    allowUnverifiedTls: false,
    allowNetworkListen: false,
    allowServiceAccountTokens: false,
    allowedProxies: ["access.example.com"],
  });
  const fields = (change: Partial<ConnectionInput>) =>
    managedProblems({ ...input, ...change }, strict).map(({ field }) => field);
  expect(fields({})).toEqual(["destination", "ca", "listen", "tokenFile"]);
  expect(fields({ pomeriumUrl: "https://other.example.com" })).toEqual(["pomeriumUrl", "ca", "listen", "tokenFile"]);
  expect(fields({ pomeriumUrl: "https://access.example.com", trust: { kind: "system" }, listen: "5432" })).toEqual([
    "tokenFile",
  ]);
  // What is no address at all is told by the rules of connections.
  expect(fields({ destination: "nonsense", listen: "x:y:z" })).toEqual(["ca", "tokenFile"]);
  expect(managedProblems(input, rules({ unreadable: "Why." }))).toEqual([]);
});

test("the window hears which settings are locked, not whether they are as the user had them", () => {
  expect(managedOf({ ...noPolicy, locked: { theme: "dark" } })).toEqual({
    locked: ["theme"],
    rules: everythingAllowed,
  });
});
