import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Tunnel } from "../../src/engine/index.ts";
import type { RouteSpec } from "../support/access-proxy/index.ts";
import { Rig } from "../support/rig.ts";
import { Upstream } from "../support/streams.ts";
import { endAll, liveClient, refusedClient } from "./connector-clients.ts";

describe.each(["h2", "http/1.1"] as const)("answers that are not Pomerium's usual ones, over %s", (via) => {
  let upstream: Upstream;
  let rig: Rig;
  let tunnel: Tunnel;

  beforeEach(async () => {
    upstream = await Upstream.start();
    const route: RouteSpec = { host: "echo.corp.test", port: 7000, upstream: upstream.address };
    rig = await Rig.start({
      front: "node",
      alpn: via === "h2" ? ["h2", "http/1.1"] : ["http/1.1"],
      limits: { halfCloseSilenceMs: 50 },
      routes: [route],
    });
    tunnel = await rig.open("echo.corp.test:7000");
    await endAll(rig, [await liveClient(tunnel)]);
  });
  afterEach(async () => {
    await rig.close();
    await upstream.close();
  });
  const sessionIsKept = async (): Promise<void> => {
    rig.proxy.faults.clear();
    await endAll(rig, [await liveClient(tunnel)]);
    expect(rig.browser.pages).toHaveLength(1);
    expect(rig.seen("session-ended")).toEqual([]);
  };

  it.each([
    [429, "rate-limited", true],
    [500, "proxy-error", true],
    [502, "proxy-error", true],
    [504, "proxy-error", true],
    [418, "unexpected-answer", false],
  ] as const)("%i is %s, and the next client tries again", async (status, code, retryable) => {
    rig.proxy.faults.set({ answer: { kind: "status", status, body: "\u001b[2J<html>secret</html>" } });
    const { error } = await refusedClient(rig, tunnel);
    expect(error).toMatchObject({
      code,
      retryable,
      status,
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
    expect(JSON.stringify(error)).not.toMatch(/secret|u001b/);
    await sessionIsKept();
  });

  it("421 is tried once more, and then blamed on the Pomerium URL", async () => {
    const before = rig.proxy.counters.accepted();
    rig.proxy.faults.set({ answer: { kind: "status", status: 421 } });
    expect((await refusedClient(rig, tunnel)).error).toMatchObject({ code: "wrong-proxy", status: 421 });
    expect(rig.proxy.counters.accepted() - before).toBe(via === "h2" ? 1 : 2);
    await sessionIsKept();
  });

  it("a network error keeps the session", async () => {
    rig.proxy.faults.set({ tcp: "reset" });
    rig.proxy.faults.dropConnections();
    expect((await refusedClient(rig, tunnel)).error).toMatchObject({ code: "connection-lost", retryable: true });
    await sessionIsKept();
  });

  it("bytes that are not HTTP are no Pomerium, and cost no session", async () => {
    rig.proxy.faults.set({ answer: { kind: "junk" } });
    rig.proxy.faults.dropConnections();
    const { error } = await refusedClient(rig, tunnel);
    expect(["not-pomerium", "connection-lost"]).toContain(error.code);
    expect(JSON.stringify(error)).not.toContain("OpenSSH");
    if (via === "http/1.1") expect(error.code).toBe("not-pomerium");
    await sessionIsKept();
  });

  it.each([301, 302, 303, 307, 308])("%i in the place of 401 asks for a sign-in", async (status) => {
    rig.proxy.faults.set({ answer: { kind: "status", status, location: "https://authenticate.corp.test/" } });
    // The second sign-in brings a session that is refused at once: no third page is shown.
    expect((await refusedClient(rig, tunnel)).error).toMatchObject({ code: "sign-in-refused" });
    expect(rig.browser.pages).toHaveLength(2);
  });
});

describe("a web server in the place of a Pomerium", () => {
  it.each([404, 405, 400])("that answers %i to everything is never asked to sign anybody in", async (status) => {
    const upstream = await Upstream.start();
    const rig = await Rig.start({ front: "node", routes: [] });
    rig.proxy.faults.set({ answer: { kind: "status", status, pages: true } });
    const tunnel = await rig.open("echo.corp.test:7000");
    const { error } = await refusedClient(rig, tunnel);
    expect(error).toMatchObject({ status, retryable: false });
    expect(rig.browser.pages).toEqual([]);
    await rig.close();
    await upstream.close();
  });

  it("that redirects everything to its login page fails as no Pomerium, without a browser", async () => {
    const rig = await Rig.start({ front: "node", routes: [] });
    rig.proxy.faults.set({ answer: { kind: "status", status: 302, location: "/login", pages: true } });
    const tunnel = await rig.open("echo.corp.test:7000");
    expect(await refusedClient(rig, tunnel)).toMatchObject({ step: "sign-in", error: { code: "not-pomerium" } });
    expect(rig.browser.pages).toEqual([]);
    await rig.close();
  });
});
