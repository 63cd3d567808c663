import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
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
