import { beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { Announced } from "../../../../src/engine/certstore/announced-cas.ts";
import { readCertificate } from "../../../../src/engine/certstore/certificate.ts";
import { CertificateSearches } from "../../../../src/engine/certstore/search.ts";
import type { CertificateStore, StoredCertificate } from "../../../../src/engine/certstore/store.ts";
import type { ClientCertificateSearch } from "../../../../src/engine/tls/settings.ts";
import { createTlsIdentity } from "../../../../src/engine/tls/identity.ts";
import { parsePomeriumUrl } from "../../../../src/shared/address.ts";
import { AppError } from "../../../../src/shared/errors.ts";
import type { EngineEvent } from "../../../../src/shared/events.ts";
import { Authority, derOf, type Issued } from "../../../support/certificates.ts";

let corp: Authority;
let partner: Authority;
let ada: Issued;
let guest: Issued;
beforeAll(async () => {
  [corp, partner] = await Promise.all([Authority.root("CN=Corp CA"), Authority.root("CN=Partner CA")]);
  [ada, guest] = await Promise.all([
    corp.issue({ subject: "CN=ada", toDays: 30 }),
    partner.issue({ subject: "CN=guest", toDays: 20 }),
  ]);
});

const never = new AbortController().signal;
const proxy = parsePomeriumUrl("https://proxy.corp.test");
const identity = createTlsIdentity({ verify: true, ca: [], clientCertificateSearch: {} });

/** A store in memory, and a proxy that says what it is told to say. */
let held: Issued[];
let version: string;
let accepts: Announced;
let asked: number;
let read: number;
let events: EngineEvent[];
let answer: (announced: Announced) => Promise<Announced>;

const stored = ({ cert, key }: Issued): StoredCertificate => ({
  der: derOf(cert),
  hasKey: true,
  key: () => Promise.resolve({ kind: "here", pem: key }),
});
const store: CertificateStore = {
  name: "the store",
  unavailable: null,
  version: () => Promise.resolve(version),
  certificates: () => {
    read += 1;
    return Promise.resolve(held.map(stored));
  },
};
const naming = (...cas: Authority[]): Announced => ({
  requested: true,
  caNames: cas.map(({ pem }) => readCertificate(derOf(pem)).subject),
});
const searches = (): CertificateSearches =>
  new CertificateSearches({
    store,
    announced: () => {
      asked += 1;
      return answer(accepts);
    },
    events: (event) => events.push(event),
    limits: { rememberedProxies: 2, storageMs: 1_000 },
  });
const chosen = (): (string | undefined)[] =>
  events.map((event) => (event.type === "client-certificate-searched" ? event.chosen?.subject : event.type));

beforeEach(() => {
  held = [ada, guest];
  version = "1";
  accepts = naming(corp, partner);
  [asked, read, events] = [0, 0, []];
  answer = (announced) => Promise.resolve(announced);
});

test("one search serves everybody, and is kept", async () => {
  const all = searches();
  const found = await Promise.all([1, 2, 3].map(() => all.identityFor(proxy, identity, never)));
  expect(new Set(found).size).toBe(1);
  expect(await all.identityFor(proxy, identity, never)).toBe(found[0]);
  expect(found[0]).toMatchObject({ hasClientCertificate: true, verify: true });
  expect([asked, read, chosen()]).toEqual([1, 1, ["ada"]]);
});

test("each proxy has its own, and no more are kept than allowed", async () => {
  const all = searches();
  const at = (host: string) => all.identityFor(parsePomeriumUrl(`https://${host}`), identity, never);
  const first = await at("a.test");
  accepts = naming(partner);
  expect((await at("b.test")).key).not.toBe(first.key);
  expect((await at("a.test")).key).toBe(first.key);
  expect(asked).toBe(2);
  await at("c.test");
  await at("b.test");
  expect(asked).toBe(4);
});

test("it is made again when the store changes, and the log hears of it when the result does", async () => {
  const all = searches();
  const first = await all.identityFor(proxy, identity, never);
  version = "2";
  expect((await all.identityFor(proxy, identity, never)).key).toBe(first.key);
  expect(chosen()).toEqual(["ada"]);
  held = [guest];
  version = "3";
  expect((await all.identityFor(proxy, identity, never)).key).not.toBe(first.key);
  expect(chosen()).toEqual(["ada", "guest"]);
});

test("it is made again when the certificate has ended", async () => {
  const all = searches();
  await all.identityFor(proxy, identity, never);
  vi.useFakeTimers({ now: Date.now() + 31 * 86_400_000, toFake: ["Date"] });
  try {
    await expect(all.identityFor(proxy, identity, never)).rejects.toMatchObject({
      code: "no-certificate-matches",
      message: "None of the 2 client certificates in the store fits proxy.corp.test; the log says why.",
    });
  } finally {
    vi.useRealTimers();
  }
});

test("it is made again after the proxy has refused what was found", async () => {
  const all = searches();
  const use = (result: unknown, refused?: (result: unknown) => boolean): Promise<unknown> =>
    all.using(
      proxy,
      identity,
      never,
      () => (result instanceof Error ? Promise.reject(result) : Promise.resolve(result)),
      refused,
    );
  await use(200, (status) => status === 495);
  await expect(use(new AppError("connection-lost", "x"))).rejects.toMatchObject({ code: "connection-lost" });
  expect(asked).toBe(1);
  await use(495, (status) => status === 495);
  await use(200);
  expect(asked).toBe(2);
  accepts = naming(partner);
  await expect(use(new AppError("client-certificate-refused", "x"))).rejects.toMatchObject({
    code: "client-certificate-refused",
  });
  await use(200);
  expect([asked, chosen()]).toEqual([3, ["ada", "guest"]]);
});

test("a failure is not kept, and is told to the log once", async () => {
  const all = searches();
  held = [ada];
  accepts = naming(partner);
  for (let i = 0; i < 2; i += 1) {
    await expect(all.identityFor(proxy, identity, never)).rejects.toMatchObject({
      message:
        'No client certificate in the store fits proxy.corp.test: "ada" signed by "Corp CA": none of the CAs that the proxy accepts ("Partner CA") has signed it, and no certificate of "Corp CA" in the store links it to one of them.',
      userAction: "Import the one that your organisation gave you, with the CA certificates that came with it.",
    });
  }
  expect([asked, events.length]).toEqual([2, 1]);
  accepts = naming(corp);
  await all.identityFor(proxy, identity, never);
});

test("filters that let none through are told apart from a store without any", async () => {
  const all = searches();
  const wishing = (search: ClientCertificateSearch): Promise<unknown> =>
    all.identityFor(proxy, createTlsIdentity({ verify: true, ca: [], clientCertificateSearch: search }), never);
  await expect(wishing({ issuer: "CN=Nobody" })).rejects.toMatchObject({
    code: "no-certificate-matches",
    message: "No certificate in the store has issuer CN=Nobody. 2 others could be used.",
    retryable: false,
  });
  accepts = naming(corp);
  await expect(wishing({ issuer: "CN=Partner CA", subject: "O=x" })).rejects.toMatchObject({
    message: "No certificate in the store has issuer CN=Partner CA and subject O=x. 1 other could be used.",
  });
  held = [guest];
  await expect(wishing({ issuer: "CN=Partner CA" })).rejects.toMatchObject({
    code: "no-certificate-matches",
    message: expect.stringContaining('none of the CAs that the proxy accepts ("Corp CA") has signed it') as string,
  });
});

test("a whole name as a filter is told to be none, and only where it matched nothing", async () => {
  const all = searches();
  const wishing = (search: ClientCertificateSearch): Promise<unknown> =>
    all.identityFor(proxy, createTlsIdentity({ verify: true, ca: [], clientCertificateSearch: search }), never);
  await expect(wishing({ issuer: "CN=Corp, Inc, O=Corp" })).rejects.toMatchObject({
    message:
      "No certificate in the store has issuer CN=Corp, Inc, O=Corp. 2 others could be used. A filter takes one attribute only, such as CN=Corp, Inc.",
    userAction: "Import the one that your organisation gave you, or change the issuer to search for.",
  });
  await expect(wishing({ subject: "CN=Doe, Ada" })).rejects.toMatchObject({
    message: "No certificate in the store has subject CN=Doe, Ada. 2 others could be used.",
    userAction: "Import the one that your organisation gave you, or change the subject to search for.",
  });
});

test("where the filter fits one that does not do, that one's flaw is told", async () => {
  const all = searches();
  const identityOf = createTlsIdentity({
    verify: true,
    ca: [],
    clientCertificateSearch: { subject: "CN=guest" },
  });
  accepts = naming(corp);
  await expect(all.identityFor(proxy, identityOf, never)).rejects.toMatchObject({
    code: "no-certificate-matches",
    message:
      'No certificate in the store that has subject CN=guest fits proxy.corp.test: "guest" signed by "Partner CA": none of the CAs that the proxy accepts ("Corp CA") has signed it, and no certificate of "Partner CA" in the store links it to one of them. 1 other could be used.',
  });
});

test("who waits may leave; the end of the engine ends the search", async () => {
  const all = searches();
  let signal: AbortSignal | null = null;
  const stuck = new CertificateSearches({
    store,
    announced: (_proxy, given) => {
      signal = given;
      return new Promise((_resolve, reject) =>
        given.addEventListener("abort", () => reject(given.reason as AppError), { once: true }),
      );
    },
    events: () => undefined,
    limits: { rememberedProxies: 2, storageMs: 1_000 },
  });
  const leave = new AbortController();
  const waiting = stuck.identityFor(proxy, identity, leave.signal);
  const staying = stuck.identityFor(proxy, identity, never);
  await vi.waitFor(() => expect(signal).not.toBeNull());
  leave.abort();
  await expect(waiting).rejects.toMatchObject({ code: "cancelled" });
  expect((signal as AbortSignal | null)?.aborted).toBe(false);
  stuck.close();
  await expect(staying).rejects.toMatchObject({ code: "closed" });
  all.close();
});

test("a store that does not answer is not waited for without end", async () => {
  const silent: CertificateStore = { ...store, certificates: () => new Promise(() => undefined) };
  const all = new CertificateSearches({
    store: silent,
    announced: () => Promise.resolve(accepts),
    events: () => undefined,
    limits: { rememberedProxies: 2, storageMs: 20 },
  });
  await expect(all.identityFor(proxy, identity, never)).rejects.toMatchObject({ code: "storage-failed" });
});

test("without TLS, or without a wish to search, nothing is searched", async () => {
  const all = searches();
  expect(await all.identityFor(parsePomeriumUrl("http://proxy.corp.test"), identity, never)).toBe(identity);
  const plain = createTlsIdentity({ verify: true, ca: [] });
  expect(await all.identityFor(proxy, plain, never)).toBe(plain);
  accepts = { requested: false, caNames: [] };
  const found = await all.identityFor(proxy, identity, never);
  // It is what a connection without a search has, and shares its connections.
  expect([found.key, found.hasClientCertificate]).toEqual([plain.key, false]);
  expect(read).toBe(0);
});
