import { describe, expect, test } from "vitest";
import { managedCulvert, ownEtc } from "../support/managed-culvert.ts";
import { lacks } from "../support/services/programs.ts";

const policy = (value: unknown): { readonly policy: string } => ({ policy: JSON.stringify(value, null, 2) });
const tunnel = ["tcp", "pg.corp.test:5432=127.0.0.1:0"];
const listening = /listening on 127\.0\.0\.1:\d+/;

describe.skipIf(lacks(ownEtc))("the command line on a managed computer", () => {
  test("what is allowed works, and nothing is said about it", async () => {
    const { code, stderr } = await managedCulvert(
      policy({ theme: "dark", allowUnverifiedTls: false, allowNetworkListen: false, allowedProxies: ["*.corp.test"] }),
      tunnel,
      listening,
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(listening);
    expect(stderr).not.toMatch(/WRN|ERR/);
  });

  test.each([
    [
      "another proxy",
      { allowedProxies: ["*.other.test"] },
      tunnel,
      "Your organisation does not allow connections through pg.corp.test. It allows *.other.test. Ask your administrator.",
    ],
    [
      "no verification",
      { allowUnverifiedTls: false },
      [...tunnel, "--disable-tls-verification"],
      "Your organisation does not allow connections whose server certificate is not verified.",
    ],
    [
      "no TLS at all",
      { allowUnverifiedTls: false },
      [...tunnel, "--pomerium-url", "http://pg.corp.test"],
      "Your organisation does not allow connections without TLS.",
    ],
    [
      "a port for the network",
      { allowNetworkListen: false },
      ["tcp", "pg.corp.test:5432=0.0.0.0:0"],
      "Your organisation does not allow local ports that other computers can reach.",
    ],
    [
      "the same over UDP",
      { allowNetworkListen: false },
      ["udp", "dns.corp.test:53=:0"],
      "Your organisation does not allow local ports that other computers can reach.",
    ],
    [
      "a service account",
      { allowServiceAccountTokens: false },
      [...tunnel, "--service-account", "eyJhbGciOiJub25lIn0.e30.c2ln"],
      "Your organisation does not allow service account tokens.",
    ],
    [
      "standard input and output",
      { allowedProxies: [] },
      ["tcp", "pg.corp.test:5432", "--listen", "-"],
      "Your organisation does not allow connections through pg.corp.test.",
    ],
    [
      "signing in",
      { allowedProxies: ["*.other.test"] },
      ["login", "https://pg.corp.test"],
      "Your organisation does not allow connections through pg.corp.test.",
    ],
    [
      "signing out without verification",
      { allowUnverifiedTls: false },
      ["logout", "https://pg.corp.test", "--disable-tls-verification"],
      "Your organisation does not allow connections whose server certificate is not verified.",
    ],
  ])("%s is refused where the policy does not allow it", async (_what, rules, args, message) => {
    const { code, stderr } = await managedCulvert(policy(rules), args);
    expect(stderr).toContain(`ERR ${message}`);
    expect(code).toBe(1);
  });

  test("the error has its code in the log that programs read", async () => {
    const { stderr } = await managedCulvert(policy({ allowedProxies: [] }), [...tunnel, "--json"]);
    expect(stderr).toContain('"code":"managed"');
  });

  test("a policy that cannot be read names its line, and opens nothing", async () => {
    const { code, stderr } = await managedCulvert({ policy: '{\n  "allowUnverifiedTls": false,\n}\n' }, tunnel);
    expect(code).toBe(1);
    expect(stderr).toContain(
      "ERR Your organisation’s settings in /etc/culvert/policy.json, line 3 cannot be read: it is not JSON. Ask your administrator to mend it.",
    );
  });

  test("a wrong line is told, and the others hold", async () => {
    const { code, stderr } = await managedCulvert(
      policy({ allowNetworkListen: false, colour: "red" }),
      tunnel,
      listening,
    );
    expect(code).toBe(0);
    expect(stderr).toContain(
      'WRN /etc/culvert/policy.json, line 3: "colour" is no name that this version of Culvert knows, and is left out.',
    );
  });

  test("one that everybody may write is nobody's policy", async () => {
    const { code, stderr } = await managedCulvert(
      { ...policy({ allowedProxies: [] }), mode: 0o666 },
      tunnel,
      listening,
    );
    expect(code).toBe(0);
    expect(stderr).toContain("WRN /etc/culvert/policy.json is ignored: others than its owner may write to it.");
  });
});
