import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Stores } from "../../../../src/main/compose/stores.ts";
import { NoticeBoard } from "../../../../src/main/state/notice-board.ts";
import { connection } from "../connections.ts";

/** A keychain that works. */
vi.mock("electron", () => ({
  safeStorage: {
    isAsyncEncryptionAvailable: () => Promise.resolve(true),
    getSelectedStorageBackend: () => "gnome_libsecret",
    encryptStringAsync: (text: string) => Promise.resolve(Buffer.from(`v11${text}`).reverse()),
    decryptStringAsync: (data: Buffer) =>
      Promise.resolve({ result: Buffer.from(data).reverse().toString().slice(3), shouldReEncrypt: false }),
  },
}));

// Outside Electron the module "electron" is the path of its binary; with this electron-store does not look whether there is one.
process.env["ELECTRON_OVERRIDE_DIST_PATH"] = tmpdir();
const { Stores: RealStores } = await import("../../../../src/main/compose/stores.ts");

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "culvert-stores-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** One run of the app, from its start to its end. */
async function run(act: (stores: Stores) => unknown = () => undefined): Promise<void> {
  const stores = new RealStores(folder, new NoticeBoard(() => undefined));
  await stores.loadSecrets();
  await act(stores);
  await stores.close();
}

const list = (): string => path.join(folder, "connections.json");
const kept = (): string => path.join(folder, readdirSync(folder).find((name) => name.includes("-kept-")) ?? "");
const orders = connection({ name: "Orders" });
const secret = { token: "a token" };

beforeEach(() =>
  run(async ({ connections, secrets }) => {
    connections.put(orders);
    await secrets.set(orders.id, secret);
  }),
);

test("secrets whose connection is no more go at the next start", async () => {
  await run(({ connections }) => void connections.remove([orders.id]));
  await run();
  await run(({ secrets }) => expect(secrets.get(orders.id)).toEqual({}));
});

test("secrets stay for a list that was kept aside, however many starts later it comes back", async () => {
  writeFileSync(list(), "half of it");
  await run();
  await run();
  await run(({ connections }) => connections.put(connection({ name: "Another" })));
  await run();
  renameSync(kept(), list());
  writeFileSync(list(), JSON.stringify({ version: 1, connections: [orders] }));
  await run(({ secrets }) => expect(secrets.get(orders.id)).toEqual(secret));
});

test("secrets stay where the list is not there", async () => {
  const away = path.join(folder, "..", `${path.basename(folder)}.json`);
  renameSync(list(), away);
  await run();
  renameSync(away, list());
  await run(({ secrets }) => expect(secrets.get(orders.id)).toEqual(secret));
});
