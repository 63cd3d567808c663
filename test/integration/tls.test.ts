import { afterEach, describe, expect, it } from "vitest";
import type { TlsSettings } from "../../src/engine/index.ts";
import type { Identity } from "../support/access-proxy/index.ts";
import { fronts } from "../support/fronts.ts";
import { Rig, type RigOptions } from "../support/rig.ts";
import { Upstream } from "../support/streams.ts";
import { endAll, freePort, liveClient, refusedClient } from "./connector-clients.ts";

const closers: (() => Promise<void>)[] = [];

async function start(options: Partial<RigOptions>): Promise<Rig> {
  const upstream = await Upstream.start();
  const rig = await Rig.start({
    routes: [{ host: "echo.corp.test", port: 7000, upstream: upstream.address, policy: "public" }],
    ...options,
  });
  closers.push(
    () => rig.close(),
    () => upstream.close(),
  );
  return rig;
}
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const withClient = (rig: Rig, { certPem, keyPem }: Identity): TlsSettings => ({
  ...rig.tls,
  clientCertificate: { cert: certPem, key: keyPem },
});

describe.each(fronts())("the proxy's certificate, %s front", (front) => {
  it("of an unknown CA is not trusted, and the message names the CA", async () => {
    const rig = await start({ front });
    const tunnel = await rig.open("echo.corp.test:7000", { tls: { verify: true, ca: [rig.proxy.pki.clientCaPem] } });
    // Twice, since the second attempt must not profit from anything of the first.
    for (let i = 0; i < 2; i += 1) {
      const { error } = await refusedClient(rig, tunnel);
      expect(error).toMatchObject({ code: "certificate-not-trusted", retryable: false });
      expect(error.message).toContain('"Culvert test CA"');
      expect(error.userAction).toMatch(/--alternate-ca-path/);
    }
    expect(rig.seen("http2-given-up")).toEqual([]);
  });

  it.each([
    ["expired", "certificate-expired", /ended on \d+ \w+ \d{4}/],
    ["not-yet-valid", "certificate-not-yet-valid", /not valid before \d+ \w+ \d{4}/],
    ["wrong-name", "certificate-wrong-name", /somewhere-else\.test/],
  ] as const)("that is %s is refused", async (certificate, code, message) => {
    const rig = await start({ front, certificate });
    const { error } = await refusedClient(rig, await rig.open("echo.corp.test:7000"));
    expect(error).toMatchObject({ code, retryable: false });
    expect(error.message).toMatch(message);
  });

  it("is checked against the host of the proxy, not of the destination", async () => {
    const rig = await start({ front });
    const tunnel = await rig.open("echo.corp.test:7000", { pomeriumUrl: rig.urlOf("other.example") });
    const { error } = await refusedClient(rig, tunnel);
    expect(error.code).toBe("certificate-wrong-name");
    expect(error.message).toContain("corp.test");
    await endAll(rig, [
      await liveClient(await rig.open("echo.corp.test:7000", { pomeriumUrl: rig.urlOf("x.corp.test") })),
    ]);
  });

  it("may be an address", async () => {
    const rig = await start({ front });
    await endAll(rig, [
      await liveClient(await rig.open("echo.corp.test:7000", { pomeriumUrl: rig.urlOf("127.0.0.1") })),
    ]);
  });

  it.each(["expired", "wrong-name"] as const)(
    "is not looked at where verification is off (%s)",
    async (certificate) => {
      const rig = await start({ front, certificate });
      const tunnel = await rig.open("echo.corp.test:7000", { tls: { verify: false, ca: [] } });
      await endAll(rig, [await liveClient(tunnel)]);
      // Neither its connections nor its TLS sessions may serve a tunnel that does verify.
      const verifying = await rig.open("echo.corp.test:7000");
      expect((await refusedClient(rig, verifying)).error.code).toMatch(/^certificate-/);
    },
  );

  it("not looked at gives a session that is shared with nobody", async () => {
    const rig = await start({
      front,
      routes: ["a", "b"].map((name) => ({ host: `${name}.corp.test`, port: 7000, upstream: null })),
    });
    const open = (name: string, tls: TlsSettings): ReturnType<Rig["open"]> =>
      rig.open(`${name}.corp.test:7000`, { tls, pomeriumUrl: rig.urlOf(`${name}.corp.test`) });
    await refusedClient(rig, await open("a", { verify: false, ca: [] }));
    expect(await rig.engine.sessions()).toMatchObject([{ verified: false }]);
    expect(rig.browser.pages).toHaveLength(1);
    await refusedClient(rig, await open("b", rig.tls));
    expect(rig.browser.pages).toHaveLength(2);
    expect(rig.seen("session-shared")).toEqual([]);
    expect(rig.seen("peer-failed").map(({ error }) => error.code)).toEqual([
      "upstream-unavailable",
      "upstream-unavailable",
    ]);
  });
});

describe.each(fronts())("client certificates, %s front", (front) => {
  describe.each(["h2", "http/1.1"] as const)("over %s", (via) => {
    const alpn = via === "h2" ? (["h2", "http/1.1"] as const) : (["http/1.1"] as const);

    it("wanted by the policy: 495 without or with a wrong one, and the good one passes", async () => {
      const rig = await start({ front, alpn, clientCertificates: "policy" });
      const { client, strangerClient } = rig.proxy.pki;
      const told = async (tls: TlsSettings) =>
        (await refusedClient(rig, await rig.open("echo.corp.test:7000", { tls }))).error;
      const missing = await told(rig.tls);
      expect(missing).toMatchObject({ code: "client-certificate-needed", status: 495, retryable: false });
      expect(missing.userAction).toMatch(/--client-cert-from-store/);
      const wrong = await told(withClient(rig, strangerClient));
      expect(wrong).toMatchObject({ code: "client-certificate-refused", status: 495, retryable: false });
      expect(wrong.message).toMatch(
        /^localhost did not accept the client certificate "alice", signed by "Culvert stranger CA", valid to .* \d{4}, for echo\.corp\.test:7000\.$/,
      );
      const tunnel = await rig.open("echo.corp.test:7000", { tls: withClient(rig, client) });
      await endAll(rig, [await liveClient(tunnel)]);
      expect(rig.seen("peer-connected")).toMatchObject([{ via }]);
    });

    it("wanted in the handshake: the late alert says so, and the good one passes", async () => {
      const rig = await start({ front, alpn, clientCertificates: "reject-connection" });
      const { client, strangerClient } = rig.proxy.pki;
      const without = await rig.open("echo.corp.test:7000");
      const wrong = await rig.open("echo.corp.test:7000", { tls: withClient(rig, strangerClient) });
      // Many times: the alert and the end of the connection that follows it race each other.
      for (let i = 0; i < 20; i += 1) {
        expect((await refusedClient(rig, without)).error).toMatchObject({ code: "client-certificate-needed" });
        // A Node server closes the connection over a wrong certificate without an alert.
        const code = front === "envoy" ? "client-certificate-refused" : "connection-lost";
        const { error } = await refusedClient(rig, wrong);
        expect(error).toMatchObject({ code });
        expect(error.message).toContain("client certificate");
      }
      expect(rig.seen("http2-given-up")).toEqual([]);
      const tunnel = await rig.open("echo.corp.test:7000", { tls: withClient(rig, client) });
      await endAll(rig, [await liveClient(tunnel)]);
      expect(rig.seen("peer-connected")).toMatchObject([{ via }]);
    });
  });
});

describe("no TLS to be had", () => {
  it("from a server that does not speak it", async () => {
    const rig = await start({ plain: true });
    const tunnel = await rig.open("echo.corp.test:7000", { pomeriumUrl: rig.urlOf("localhost") });
    const { error } = await refusedClient(rig, tunnel);
    expect(error).toMatchObject({ code: "tls-failed", retryable: false });
    expect(error.message).toContain(`does not speak TLS on port ${rig.proxy.port}`);
  });

  it("over http://, for development: HTTP/1.1 in the clear", async () => {
    const rig = await start({ plain: true });
    await endAll(rig, [await liveClient(await rig.open("echo.corp.test:7000"))]);
    expect(rig.seen("peer-connected")).toMatchObject([{ via: "http/1.1" }]);
  });

  it("from a port where nobody listens", async () => {
    const rig = await start({});
    const port = await freePort();
    const tunnel = await rig.open("echo.corp.test:7000", { pomeriumUrl: `https://localhost:${port}` });
    const { error } = await refusedClient(rig, tunnel);
    expect(error).toMatchObject({ code: "refused", retryable: true });
    expect(error.message).toContain(String(port));
  });
});
