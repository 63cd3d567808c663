import { PassThrough } from "node:stream";
import { afterEach, expect, test, vi } from "vitest";
import { Engine, MemorySessionStore } from "../../../src/engine/index.ts";
import { TlsIdentities } from "../../../src/engine/tls/identities.ts";
import { parseLocalAddress, parsePomeriumUrl, parseTarget } from "../../../src/shared/address.ts";

const leases = vi.spyOn(TlsIdentities.prototype, "lease");
const engine = new Engine({
  sessions: new MemorySessionStore(),
  browser: { show: () => Promise.resolve() },
  events: () => undefined,
});
afterEach(() => engine.close({ graceMs: 0 }));

test("TLS settings are forgotten once nothing uses them, whatever used them and however it ended", async () => {
  const signal = AbortSignal.timeout(20_000);
  const unreachable = "http://127.0.0.1:1";
  const target = parseTarget("pg.corp.test:5432", unreachable);
  const tls = { verify: true, ca: [] };
  const open = { id: "a", target, listen: parseLocalAddress(""), tls, auth: { kind: "browser" } } as const;
  const size = (): number => (leases.mock.contexts[0] as TlsIdentities).size;

  const [one, two] = [await engine.openTunnel(open, signal), await engine.openTunnel(open, signal)];
  expect(size()).toBe(1);
  await one.close({ graceMs: 0 });
  expect(size()).toBe(1);
  await two.close({ graceMs: 0 });
  expect(size()).toBe(0);

  const taken = await engine.openTunnel(open, signal);
  const unverified = { verify: false, ca: [] };
  const listen = parseLocalAddress(String(taken.address.port));
  await expect(engine.openTunnel({ ...open, tls: unverified, listen }, signal)).rejects.toMatchObject({
    code: "port-in-use",
  });
  await taken.close({ graceMs: 0 });
  expect(size()).toBe(0);

  const streams = { readable: new PassThrough(), writable: new PassThrough() };
  await expect(engine.splice(open, streams, signal)).rejects.toMatchObject({ code: "refused" });
  await expect(engine.login(parsePomeriumUrl(unreachable), tls, signal)).rejects.toMatchObject({ code: "refused" });
  expect(await engine.logout(null, tls, signal)).toEqual([]);
  expect(size()).toBe(0);
  expect(leases).toHaveBeenCalledTimes(7);
});
