import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Tunnel } from "../../src/engine/index.ts";
import type { RouteSpec } from "../support/access-proxy/index.ts";
import { fronts } from "../support/fronts.ts";
import { Rig } from "../support/rig.ts";
import { connectTo, Upstream } from "../support/streams.ts";
import { endAll, liveClient, refusedClient, roundTrip } from "./connector-clients.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

describe.each(fronts())("what the proxy answers, %s front", (front) => {
  describe.each(["h2", "http/1.1"] as const)("over %s", (via) => {
    let upstream: Upstream;
    let rig: Rig;
    let echo: Tunnel;

    beforeAll(async () => {
      upstream = await Upstream.start();
      const route = (host: string, policy: RouteSpec["policy"] = "allow"): RouteSpec => ({
        host: `${host}.corp.test`,
        port: 7000,
        upstream: upstream.address,
        policy,
      });
      rig = await Rig.start({
        front,
        alpn: via === "h2" ? ["h2", "http/1.1"] : ["http/1.1"],
        limits: { halfCloseSilenceMs: 50 },
        routes: [
          route("echo"),
          route("denied", "deny"),
          route("device", "device"),
          route("mtls", "client-certificate"),
          { ...route("down"), upstream: null },
          { ...route("dns"), type: "udp", port: 7001 },
        ],
      });
      echo = await rig.open("echo.corp.test:7000");
      await rig.engine.login(
        { tls: true, host: "localhost", port: rig.proxy.port },
        rig.tls,
        new AbortController().signal,
      );
      await endAll(rig, [await liveClient(echo)]);
    });
    afterAll(async () => {
      await rig.close();
      await upstream.close();
    });
    beforeEach(() => {
      rig.events.length = 0;
    });

    /** The session was not dropped, nobody was asked to sign in again, and the next client of a good route works. */
    const sessionIsKept = async (): Promise<void> => {
      expect(await rig.engine.sessions()).toHaveLength(1);
      expect(rig.seen("session-ended")).toEqual([]);
      expect(rig.browser.pages).toHaveLength(1);
      await endAll(rig, [await liveClient(echo)]);
      expect(rig.seen("peer-connected")).toMatchObject([{ via }]);
    };

    it.each([
      [
        "denied.corp.test:7000",
        403,
        "access-denied",
        false,
        /denied\.corp\.test:7000.*alice@corp\.test.*policy says no/,
      ],
      ["nowhere.corp.test:7000", 404, "no-such-route", false, /no route for nowhere\.corp\.test:7000/],
      ["echo.corp.test:7777", 404, "no-such-route", false, /no route for echo\.corp\.test:7777/],
      ["device.corp.test:7000", 450, "device-not-enrolled", false, /does not know this device/],
      ["mtls.corp.test:7000", 495, "client-certificate-needed", false, /valid client certificate for mtls/],
      [
        "down.corp.test:7000",
        503,
        "upstream-unavailable",
        true,
        /could not reach down\.corp\.test:7000: it refused the connection\./,
      ],
      ["dns.corp.test:7001", 403, "access-denied", false, /dns\.corp\.test:7001/],
    ] as const)("%s: %i is %s, and the session is kept", async (destination, status, code, retryable, message) => {
      const tunnel = await rig.open(destination);
      const failed = await refusedClient(rig, tunnel);
      expect(failed).toMatchObject({ destination, step: "connect", error: { code, status, retryable } });
      expect(failed.error.message).toMatch(message);
      expect(failed.error.userAction).toBeTruthy();
      expect(failed.error.requestId).toMatch(uuid);
      await sessionIsKept();
      await tunnel.close({ graceMs: 0 });
    });

    it("a wrong port is told apart by the advice", async () => {
      const tunnel = await rig.open("echo.corp.test:7777");
      expect((await refusedClient(rig, tunnel)).error.userAction).toMatch(/port in the route's address/);
      await tunnel.close({ graceMs: 0 });
    });

    it("a TCP client of a UDP route costs no other tunnel anything", async () => {
      const open = await liveClient(echo);
      const tunnel = await rig.open("dns.corp.test:7001");
      await refusedClient(rig, tunnel);
      // Envoy drains the whole HTTP/2 connection after this.
      await roundTrip(open, "still here");
      const next = await liveClient(echo);
      await roundTrip(open, "and still");
      await endAll(rig, [open, next]);
      expect(rig.seen("http2-given-up")).toEqual([]);
      expect(rig.seen("peer-closed").map(({ how }) => how)).toEqual(["ended", "ended"]);
      await tunnel.close({ graceMs: 0 });
    });

    it("a client that hangs up keeps the session", async () => {
      const client = await connectTo(echo.address);
      const { localPort = 0 } = client;
      client.resetAndDestroy();
      await rig.endOfPeer(localPort);
      rig.events.length = 0;
      await sessionIsKept();
    });

    it("401 drops the session of that very JWT, and no other", async () => {
      const [before] = await rig.engine.sessions();
      const other = { ...before, proxy: "https://other.corp.test", jwt: "a.b.c" } as NonNullable<typeof before>;
      await rig.store.put(other);
      rig.proxy.control.revokeAll();
      await endAll(rig, [await liveClient(echo)]);
      const after = await rig.engine.sessions();
      expect(after.map(({ jwt }) => jwt)).not.toContain(before?.jwt);
      expect(after.map(({ jwt }) => jwt)).toContain(other.jwt);
      expect(after).toHaveLength(2);
      expect(rig.seen("session-ended")).toMatchObject([{ proxy: rig.proxy.origin }]);
      expect(rig.browser.pages).toHaveLength(2);
    });
  });
});
