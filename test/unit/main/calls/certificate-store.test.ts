import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import type { CertificateStore } from "../../../../src/engine/index.ts";
import { certificateStoreCalls } from "../../../../src/main/calls/certificate-store.ts";
import type { StoreLock } from "../../../../src/shared/model/certificate.ts";
import { Authority } from "../../../support/certificates.ts";
import { NssDatabase, nssTools } from "../../../support/nss-database.ts";
import { lacks } from "../../../support/services/programs.ts";
import { rig } from "./rig.ts";

const none = { issuer: null, subject: null };

async function database(password?: string): Promise<NssDatabase> {
  const nss = await NssDatabase.create(password === undefined ? {} : { password });
  onTestFinished(() => nss.remove());
  const corp = await Authority.root("CN=Corp CA");
  await nss.add(await corp.issue({ subject: "CN=ada", toDays: 20 }));
  await nss.add(await corp.issue({ subject: "CN=grace", toDays: 90 }));
  await nss.add(await corp.issue({ subject: "CN=old", fromDays: -9, toDays: -2 }));
  return nss;
}

test("a computer without a store says so, and a filter that is none is refused", async () => {
  const { calls } = await rig();
  expect(await calls["look-into-store"](none)).toEqual({
    store: "~/.pki/nssdb",
    lock: "none",
    fitting: 0,
    usable: 0,
  });
  await expect(calls["look-into-store"]({ issuer: "Corp CA", subject: null })).rejects.toMatchObject({
    code: "setting-invalid",
  });
});

test.skipIf(lacks(nssTools))("what fits a filter is counted, and what could be used without it", async () => {
  const { calls } = await rig({ home: (await database()).home });
  const look = { store: "~/.pki/nssdb", lock: "open", usable: 2 };
  expect(await calls["look-into-store"](none)).toEqual({ ...look, fitting: 2 });
  expect(await calls["look-into-store"]({ ...none, subject: "CN=ada" })).toEqual({ ...look, fitting: 1 });
  expect(await calls["look-into-store"]({ ...none, subject: "CN=old" })).toEqual({ ...look, fitting: 0 });
});

test.skipIf(lacks(nssTools))("the password of the store is tried, and only the right one is kept, sealed", async () => {
  const { calls, folder, storePassword } = await rig({ home: (await database("correct horse")).home });
  const file = path.join(folder, "certificate-store.json");
  expect(await calls["look-into-store"](none)).toMatchObject({ lock: "password-missing", usable: 2 });
  expect(await calls["enter-store-password"]("battery")).toBe("password-wrong");
  expect(await calls["look-into-store"](none)).toMatchObject({ lock: "password-missing" });
  expect(await calls["enter-store-password"]("correct horse")).toBe("open");
  expect(await calls["enter-store-password"]("staple")).toBe("password-wrong");
  expect(await calls["look-into-store"](none)).toMatchObject({ lock: "open" });
  await storePassword.close();
  expect(existsSync(file) && readFileSync(file, "utf8")).not.toContain("correct horse");
  expect(await calls["enter-store-password"]("")).toBe("password-missing");
});

/** The calls over a store that answers when a test says so. */
function slowStore() {
  const answers: { resolve(lock: StoreLock): void; reject(error: Error): void }[] = [];
  let password: string | undefined = "the right one";
  const certificates: CertificateStore = {
    name: "the store",
    unavailable: null,
    version: () => Promise.resolve("1"),
    lock: () => new Promise((resolve, reject) => void answers.push({ resolve, reject })),
    certificates: () => Promise.resolve([]),
  };
  const calls = certificateStoreCalls({
    certificates,
    closing: new AbortController().signal,
    loaded: Promise.resolve(),
    storePassword: {
      get current() {
        return password;
      },
      set: (next) => Promise.resolve(void (password = next === "" ? undefined : next)),
    },
    notSaved: () => undefined,
  });
  const asked = (): Promise<number> => new Promise((resolve) => setImmediate(() => resolve(answers.length)));
  return { calls, answers, asked, password: () => password };
}

test("however often a page asks, one look runs at a time and one waits", async () => {
  const { calls, answers, asked } = slowStore();
  const looks = Array.from({ length: 50 }, async () => calls["look-into-store"](none));
  const ends = Promise.allSettled(looks);
  expect(await asked()).toBe(1);
  answers[0]?.resolve("open");
  await looks[0];
  expect(await asked()).toBe(2);
  answers[1]?.reject(new Error("damaged"));
  const how = (await ends).map((end) => (end.status === "fulfilled" ? "seen" : String(end.reason)));
  expect(how[0]).toBe("seen");
  expect(new Set(how.slice(1, -1))).toEqual(new Set(["AppError: A newer look has taken its place."]));
  expect(how.at(-1)).toBe("Error: damaged");
  expect(await asked()).toBe(2);
  // One that has failed is in nobody's way.
  const after = calls["look-into-store"](none);
  expect(await asked()).toBe(3);
  answers[2]?.resolve("none");
  expect(await after).toMatchObject({ lock: "none" });
});

test("two passwords at once do not cost the right one, nor does a store that cannot be read", async () => {
  const { calls, answers, asked, password } = slowStore();
  const first = calls["enter-store-password"]("wrong");
  const second = calls["enter-store-password"]("worse");
  await expect(second).rejects.toMatchObject({ code: "request-refused" });
  expect(await asked()).toBe(1);
  answers[0]?.resolve("password-wrong");
  expect(await first).toBe("password-wrong");
  expect(password()).toBe("the right one");
  const third = calls["enter-store-password"]("never tried");
  expect(await asked()).toBe(2);
  answers[1]?.reject(new Error("damaged"));
  await expect(third).rejects.toThrow("damaged");
  expect(password()).toBe("the right one");
});

test("a store that never answers is not waited for when a password is tried", async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { calls, password } = slowStore();
  const entered = calls["enter-store-password"]("new");
  const refused = expect(entered).rejects.toMatchObject({ code: "storage-failed", retryable: true });
  await vi.advanceTimersByTimeAsync(5_000);
  await refused;
  expect(password()).toBe("the right one");
});
