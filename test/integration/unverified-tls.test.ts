import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startAccessProxy, type AccessProxy } from "../support/access-proxy/index.ts";
import { CertificateFolder } from "../support/certificates.ts";
import { culvert } from "../support/run-culvert.ts";
import { Upstream } from "../support/streams.ts";

const folder = new CertificateFolder();
const env = { HOME: folder.path, CULVERT_HOME: path.join(folder.path, "culvert") };
const warning = /WRN the proxy's certificate is not verified: anyone on the way can read along/;
let upstream: Upstream;
let proxy: AccessProxy;

beforeAll(async () => {
  upstream = await Upstream.start();
  proxy = await startAccessProxy({
    certificate: "expired",
    routes: [{ host: "echo.corp.test", port: 7, upstream: upstream.address }],
  });
});
afterAll(async () => {
  await proxy.close();
  await upstream.close();
  folder.remove();
});

/** A browser that signs in, and leaves word of what it was given: its arguments and its environment. */
function browser(): { flags: string[]; given: () => { args: string[]; env: Record<string, string> } } {
  const word = path.join(folder.path, "given.json");
  const signIn = path.join(import.meta.dirname, "../../scripts/demo-browser.ts");
  const script = folder.write(
    "browser.mjs",
    `import { writeFileSync } from "node:fs";
     writeFileSync(${JSON.stringify(word)}, JSON.stringify({ args: process.argv.slice(2), env: process.env }));
     process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
     process.argv.splice(2, 0, ${JSON.stringify(proxy.caFile)});
     await import(${JSON.stringify(signIn)});`,
  );
  return {
    flags: ["--browser-cmd", `"${process.execPath}" "${script}"`],
    given: () => JSON.parse(readFileSync(word, "utf8")) as { args: string[]; env: Record<string, string> },
  };
}

describe("--disable-tls-verification", () => {
  const to = ["tcp", "echo.corp.test:7", "--listen", "-"];

  test("covers the call for the sign-in page and the tunnel, says so, and leaves the browser as it is", async () => {
    const { flags, given } = browser();
    const args = [...to, "--pomerium-url", proxy.origin, "--disable-tls-verification", ...flags];
    const { code, stdout, stderr } = await culvert(args, env, "hello");
    expect([code, stdout]).toEqual([0, "hello"]);
    expect(stderr).toMatch(warning);
    expect(stderr.match(/not verified/g)).toHaveLength(1);
    const { args: words, env: around } = given();
    expect(words).toEqual([expect.stringMatching(/^https:\/\/\S+$/)]);
    expect(Object.keys(around).filter((name) => /tls|cert|verif/i.test(name))).toEqual([]);
  });

  test("is off by itself: the next start refuses the same proxy, before any browser", async () => {
    const args = [...to, "--pomerium-url", proxy.origin, "--alternate-ca-path", proxy.caFile, "--no-browser"];
    const { code, stderr } = await culvert(args, env, "");
    expect(code).toBe(1);
    expect(stderr).toMatch(/ERR The certificate of \S+ ended on /);
    expect(stderr).not.toMatch(warning);
    expect(stderr).not.toMatch(/https:\/\/\S+pomerium\/sign_in/);
  });

  test("is said by login and logout as well", async () => {
    const { flags } = browser();
    const login = await culvert(["login", proxy.origin, "--disable-tls-verification", ...flags], env);
    expect([login.code, login.stdout]).toEqual([0, `Signed in at ${proxy.origin} as alice@corp.test.\n`]);
    expect(login.stderr).toMatch(warning);
    const logout = await culvert(["logout", proxy.origin, "--disable-tls-verification"], env);
    expect([logout.code, logout.stdout]).toEqual([0, `Signed out at ${proxy.origin}.\n`]);
    expect(logout.stderr).toMatch(warning);
  });
});
