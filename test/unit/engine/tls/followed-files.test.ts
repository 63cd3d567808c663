import { writeFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { ClientCertificateError } from "../../../../src/engine/tls/client-certificate.ts";
import { FollowedFiles, stampOf } from "../../../../src/engine/tls/followed-files.ts";
import { createTlsIdentity } from "../../../../src/engine/tls/identity.ts";
import type { EngineEvent } from "../../../../src/shared/events.ts";
import { Authority, CertificateFolder, type Issued } from "../../../support/certificates.ts";

const day = 86_400_000;
const folder = new CertificateFolder();
let ada: Issued;
let next: Issued;
let after: Issued;
beforeAll(async () => {
  const corp = await Authority.root("CN=Corp CA");
  [ada, next, after] = await Promise.all([
    corp.issue({ subject: "CN=ada" }),
    corp.issue({ subject: "CN=next", fromDays: 2 }),
    corp.issue({ subject: "CN=after" }),
  ]);
});
afterEach(() => void vi.useRealTimers());
afterAll(() => folder.remove());

/** One whose certificate is in a file, and what it says. */
async function followed() {
  const file = folder.write("ada.pem", "");
  let now = ada;
  let reads = 0;
  const put = (issued: Issued): void => {
    now = issued;
    // Another length each time, so that the change is seen whatever the clock of the disk.
    writeFileSync(file, "x".repeat((reads += 1)));
  };
  put(ada);
  const files = [file];
  const read = vi.fn(() => Promise.resolve(now));
  const source = new FollowedFiles({ files, stamp: await stampOf(files), read });
  const events: EngineEvent[] = [];
  const settings = { verify: true, ca: [], clientCertificate: ada, clientCertificateSource: source };
  const identity = createTlsIdentity(settings, (event) => events.push(event));
  const said = async (): Promise<string[]> => {
    await identity.renew?.();
    return events.splice(0).map((event) => ("subject" in event ? `${event.type} ${event.subject}` : event.type));
  };
  return { put, said, read };
}

test("a renewed certificate that is not valid yet is used from then on, and told once before", async () => {
  const { put, said, read } = await followed();
  expect(await said()).toEqual([]);
  put(next);
  expect(await said()).toEqual(["client-certificate-kept"]);
  expect(await said()).toEqual([]);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3 * day });
  expect(await said()).toEqual(["client-certificate-renewed next"]);
  expect(await said()).toEqual([]);
  expect(read).toHaveBeenCalledTimes(2);
});

test("what is replaced before it becomes valid is forgotten", async () => {
  const { put, said } = await followed();
  put(next);
  expect(await said()).toEqual(["client-certificate-kept"]);
  put(after);
  expect(await said()).toEqual(["client-certificate-renewed after"]);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3 * day });
  expect(await said()).toEqual([]);
});

test("other mistakes are not looked at again until the files change", async () => {
  const { put, said, read } = await followed();
  put({ cert: next.cert, key: after.key });
  expect(await said()).toEqual(["client-certificate-kept"]);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3 * day });
  expect(await said()).toEqual([]);
  expect(read).toHaveBeenCalledTimes(1);
  expect(new ClientCertificateError("key", "x", "y").validFrom).toBeNull();
});
