import { writeFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { ClientCertificateError } from "../../../../src/engine/tls/client-certificate.ts";
import { FollowedFiles, stampOf } from "../../../../src/engine/tls/followed-files.ts";
import { createTlsIdentity } from "../../../../src/engine/tls/identity.ts";
import type { EngineEvent } from "../../../../src/shared/events.ts";
import { AppError } from "../../../../src/shared/errors.ts";
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

test("files that could not be read are read again though nothing of them changes, and the same is told once", async () => {
  const { put, said, read } = await followed();
  const busy = new AppError("file-unreadable", "The system says EBUSY.");
  put(after);
  read.mockRejectedValueOnce(busy).mockRejectedValueOnce(busy);
  expect(await said()).toEqual(["client-certificate-kept"]);
  expect(await said()).toEqual([]);
  expect(read).toHaveBeenCalledTimes(1);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 60_000 });
  expect(await said()).toEqual([]);
  expect(read).toHaveBeenCalledTimes(2);
  vi.setSystemTime(Date.now() + 60_000);
  expect(await said()).toEqual(["client-certificate-renewed after"]);
});

test("a look that hangs is waited for once, not before every connection", async () => {
  const { put, said, read } = await followed();
  let answer: (issued: Issued) => void = () => undefined;
  const reading = new Promise<void>((begun) => {
    read.mockImplementationOnce(() => {
      begun();
      return new Promise((resolve) => (answer = resolve));
    });
  });
  put(after);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const first = said();
  await reading;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(await first).toEqual([]);
  // No clock runs here: one that waits would wait for ever.
  expect(await said()).toEqual([]);
  expect(read).toHaveBeenCalledTimes(1);
  answer(after);
  await vi.waitFor(async () => expect(await said()).toEqual(["client-certificate-renewed after"]));
});

test("the same files read in another way are another source", () => {
  const options = { files: ["ada.pem"], stamp: null, read: () => Promise.resolve(null) };
  const ids = ["a", "b", "b"].map((variant) => new FollowedFiles({ ...options, variant }).id);
  expect(new Set(ids).size).toBe(2);
});
