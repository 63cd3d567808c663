import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAccessProxy, type AccessProxy } from "../support/access-proxy/index.ts";
import { culvert, startCulvert } from "../support/run-culvert.ts";
import { connectTo, receiveAll, Upstream } from "../support/streams.ts";

/** What no log line may hold: any JWT, any part of a sign-in or callback URL, any run of a key. */
const secret = /eyJ[\w-]{5,}|pomerium_(signature|jwt|redirect_uri)|[\w+/-]{40}/;

describe.each([[[] as string[]], [["--json"]]])("no secret reaches the log %s", (format) => {
  let upstream: Upstream;
  let proxy: AccessProxy;
  let home: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    upstream = await Upstream.start();
    proxy = await startAccessProxy({
      routes: [
        { host: "echo.corp.test", port: 7, upstream: upstream.address },
        { host: "denied.corp.test", port: 7, upstream: upstream.address, policy: "deny" },
      ],
    });
    home = mkdtempSync(path.join(tmpdir(), "culvert-secrets-"));
    env = { HOME: home, CULVERT_HOME: path.join(home, "culvert") };
  });
  afterAll(async () => {
    await proxy.close();
    await upstream.close();
    rmSync(home, { recursive: true, force: true });
  });

  const flags = (): string[] => ["--pomerium-url", proxy.origin, "--alternate-ca-path", proxy.caFile, ...format];
  const browser = (): string[] => {
    const script = path.join(import.meta.dirname, "../../scripts/demo-browser.ts");
    return ["--browser-cmd", `"${process.execPath}" "${script}" "${proxy.caFile}"`];
  };
  const clean = (output: string): void => {
    expect(output.length).toBeGreaterThan(20);
    expect(output).not.toMatch(secret);
  };

  it("while clients sign in, are refused and sign in again", async () => {
    const running = startCulvert(
      ["tcp", "echo.corp.test:7=:0", "denied.corp.test:7=:0", ...flags(), ...browser()],
      env,
    );
    const port = async (destination: string): Promise<number> => {
      const line = new RegExp(`listening on \\S+:(\\d+) for ${destination}`);
      return Number((await running.said(line))[1]);
    };
    const client = await connectTo({ host: "127.0.0.1", port: await port("echo.corp.test:7") });
    client.end("hello");
    expect(await receiveAll(client)).toMatchObject({ bytes: 5 });
    const refused = await connectTo({ host: "127.0.0.1", port: await port("denied.corp.test:7") });
    await expect(receiveAll(refused)).rejects.toThrow();
    proxy.control.revokeAll();
    const again = await connectTo({ host: "127.0.0.1", port: await port("echo.corp.test:7") });
    again.end("hello");
    expect(await receiveAll(again)).toMatchObject({ bytes: 5 });
    running.child.kill("SIGTERM");
    const { code, stdout, stderr } = await running.ended;
    expect(code).toBe(0);
    clean(stdout + stderr);
    // The session itself is where it belongs: in a file for this user alone.
    const folder = path.join(home, "culvert", "sessions");
    const files = readdirSync(folder).map((name) => path.join(folder, name));
    expect(files.map((file) => statSync(file).mode & 0o777)).toEqual(files.map(() => 0o600));
    expect(files.map((file) => readFileSync(file, "utf8")).join("")).toMatch(/eyJ/);
    clean((await culvert(["sessions", ...format], env)).stdout);
  });

  it("when a service account or a key is wrong", async () => {
    const jwt = proxy.control.issueJwt();
    proxy.control.revoke(jwt);
    const running = startCulvert(
      ["tcp", "echo.corp.test:7", "--listen", "-", "--service-account", jwt, ...flags()],
      env,
    );
    const { code, stdout, stderr } = await running.ended;
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    clean(stderr);

    const key = path.join(home, "key.pem");
    writeFileSync(key, proxy.pki.secondClient.keyPem);
    const wrongKey = await culvert(
      ["tcp", "echo.corp.test:7", "--client-cert", proxy.pki.client.certFile, "--client-key", key, ...flags()],
      env,
    );
    expect(wrongKey.code).toBe(2);
    expect(wrongKey.stderr).toContain("This key does not belong to the certificate of ");
    clean(wrongKey.stderr);

    const junkKey = path.join(home, "junk.pem");
    writeFileSync(junkKey, proxy.pki.client.keyPem.replace(/[A-Z]/g, "x"));
    const junk = await culvert(
      ["tcp", "echo.corp.test:7", "--client-cert", proxy.pki.client.certFile, "--client-key", junkKey, ...flags()],
      env,
    );
    expect(junk.code).toBe(2);
    clean(junk.stderr);
  });
});
