import { afterAll, beforeAll, expect, test } from "vitest";
import { TlsIdentities } from "../../../../src/engine/tls/identities.ts";
import { AppError } from "../../../../src/shared/errors.ts";
import { createPki, type Pki } from "../../../support/access-proxy/index.ts";

let pki: Pki;
beforeAll(async () => {
  pki = await createPki({ names: ["proxy.corp.test"] });
});
afterAll(() => pki.remove());

test("equal settings share one identity, until the last user has released it", () => {
  const identities = new TlsIdentities();
  const settings = { verify: true, ca: [pki.caPem] };
  const [one, two] = [identities.lease(settings), identities.lease({ ...settings, ca: [...settings.ca] })];
  expect([two.identity === one.identity, identities.size]).toEqual([true, 1]);
  one.release();
  one.release();
  expect([identities.lease(settings).identity === two.identity, identities.size]).toEqual([true, 1]);
});

test("settings that nobody uses any more are forgotten, however often they are edited", () => {
  const identities = new TlsIdentities();
  for (let edit = 0; edit < 100; edit += 1) {
    const { release } = identities.lease({ verify: true, ca: Array<string>(edit).fill(pki.caPem) });
    expect(identities.size).toBe(1);
    release();
  }
  expect(identities.size).toBe(0);
});

test("a call in the background goes on with what was released", () => {
  const identities = new TlsIdentities();
  const { identity, release } = identities.lease({ verify: false, ca: [] });
  release();
  expect(identities.of(identity)).toBe(identity);
  const again = identities.lease({ verify: false, ca: [] });
  release();
  expect([identities.size, again.identity.key]).toEqual([1, identity.key]);
  expect(() => identities.of({ key: identity.key, verify: true })).toThrow(AppError);
});

test("settings that are wrong leave nothing behind", () => {
  const identities = new TlsIdentities();
  expect(() => identities.lease({ verify: true, ca: ["junk"] })).toThrow(AppError);
  expect(identities.size).toBe(0);
});
