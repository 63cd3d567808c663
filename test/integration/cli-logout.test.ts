import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FileSessionStore } from "../../src/cli/store/file-session-store.ts";
import { startAccessProxy, type AccessProxy } from "../support/access-proxy/index.ts";
import { CertificateFolder } from "../support/certificates.ts";
import { fronts } from "../support/fronts.ts";
import { culvert } from "../support/run-culvert.ts";

describe.each(fronts())("culvert logout at a proxy that wants a client certificate, %s front", (front) => {
  let proxy: AccessProxy;
  let folder: CertificateFolder;
  let env: Record<string, string>;

  beforeEach(async () => {
    proxy = await startAccessProxy({ front, clientCertificates: "reject-connection", routes: [] });
    folder = new CertificateFolder();
    env = { HOME: folder.path, CULVERT_HOME: path.join(folder.path, "culvert") };
    const jwt = proxy.control.issueJwt();
    const store = new FileSessionStore(path.join(folder.path, "culvert"));
    await store.put({ proxy: proxy.origin, jwt, createdAt: Date.now(), pomerium: null, verified: true });
  });
  afterEach(async () => {
    await proxy.close();
    folder.remove();
  });
  const logout = (...flags: string[]) =>
    culvert(["logout", proxy.origin, "--alternate-ca-path", proxy.caFile, ...flags], env);
  const why = "localhost asks for a client certificate and this connection has none.";

  test("without one: the session is forgotten, and why it did not end there is said", async () => {
    const { code, stdout, stderr } = await logout();
    expect([code, stdout]).toEqual([
      0,
      `Forgot the session at ${proxy.origin}; the proxy may take it until it expires.\n`,
    ]);
    expect(stderr).toMatch(new RegExp(`^\\S+ WRN sign-out at ${proxy.origin}: ${why}$`, "m"));
    // To give one now is too late.
    expect(stderr).not.toContain("--client-cert");
    expect(proxy.control.sessions()).toBe(1);
    expect((await culvert(["sessions"], env)).stdout).toContain("There are no sessions.");
  });

  test("and with --json, for programs", async () => {
    const { code, stderr } = await logout("--json");
    expect(code).toBe(0);
    const lines = stderr.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual({
      time: expect.any(String) as string,
      level: "warn",
      event: "sign-out-failed",
      proxy: proxy.origin,
      error: expect.objectContaining({ code: "client-certificate-needed", message: why }) as object,
      message: `sign-out at ${proxy.origin}: ${why}`,
    });
  });

  test("with one: it ends there", async () => {
    const { certPem, keyPem } = proxy.pki.client;
    const { code, stdout, stderr } = await logout(
      ...["--client-cert", folder.write("ada.pem", certPem), "--client-key", folder.write("ada.key", keyPem)],
    );
    expect([code, stdout]).toEqual([0, `Signed out at ${proxy.origin}.\n`]);
    expect(stderr).not.toMatch(/WRN|ERR/);
    expect(proxy.control.sessions()).toBe(0);
  });
});
