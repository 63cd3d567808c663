import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { parsePomeriumUrl } from "../../src/shared/address.ts";
import { Upstream } from "../support/streams.ts";
import { ManagerRig } from "./manager-rig.ts";

let upstream: Upstream;
let rig: ManagerRig;

beforeAll(async () => {
  upstream = await Upstream.start();
});
afterAll(() => upstream.close());
afterEach(() => rig.close());

const start = async (): Promise<void> => {
  rig = await ManagerRig.start({
    routes: [{ host: "echo.corp.test", port: 7000, upstream: upstream.address, policy: "allow" }],
  });
};

it("a sign-in goes on learning after the one who wanted it is done with its TLS settings", async () => {
  await start();
  const tls = { verify: true, ca: [rig.proxy.caPem] };
  await rig.engine.login(parsePomeriumUrl(rig.proxy.origin), tls, AbortSignal.timeout(20_000));
  await vi.waitFor(
    async () => expect((await rig.engine.sessions())[0]).toMatchObject({ expiresAt: expect.any(Number) as number }),
    { timeout: 20_000, interval: 10 },
  );
  expect(rig.seen("session-changed").length).toBeGreaterThanOrEqual(2);
});

it("signing out says why a proxy could not be told", async () => {
  await start();
  const tls = { verify: true, ca: [rig.proxy.caPem] };
  const signal = AbortSignal.timeout(20_000);
  const proxy = rig.proxy.origin;
  await rig.engine.login(parsePomeriumUrl(proxy), tls, signal);
  rig.proxy.faults.set({ tcp: "reset" });
  rig.proxy.faults.resetConnections();
  expect(await rig.engine.logout(proxy, tls, signal)).toMatchObject([
    { proxy, endedAtProxy: false, reason: { code: "connection-lost" } },
  ]);
  expect(await rig.engine.sessions()).toEqual([]);
  rig.proxy.faults.clear();
  await rig.engine.login(parsePomeriumUrl(proxy), tls, signal);
  expect(await rig.engine.logout(proxy, tls, signal)).toEqual([{ proxy, endedAtProxy: true }]);
});
