import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConnectionStore } from "../../../../src/main/store/connection-store.ts";
import type { DocumentFile } from "../../../../src/main/store/document-file.ts";
import { KeychainSessionStore } from "../../../../src/main/store/keychain-session-store.ts";
import type { StoreNotice } from "../../../../src/main/store/notices.ts";
import { PlainDocumentFile } from "../../../../src/main/store/plain-document-file.ts";
import { SecretStore } from "../../../../src/main/store/secret-store.ts";
import { SettingsStore } from "../../../../src/main/store/settings-store.ts";
import { connection } from "./samples.ts";
import { TestKeychain } from "./test-keychain.ts";

// Outside Electron the module "electron" is the path of its binary; with this it does not look whether there is one.
process.env["ELECTRON_OVERRIDE_DIST_PATH"] = tmpdir();
const { ElectronDocumentFile } = await import("../../../../src/main/store/electron-document-file.ts");

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "culvert-any-"));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const good = connection({ id: "0f0e3c7e-5a3c-4b2e-9d59-3a9b8c1d2e3f" });
const json = fc.json({ maxDepth: 4 });
const value = fc.jsonValue({ maxDepth: 3 });
const key = fc.constantFrom("version", "connections", "settings", "entries", "__proto__", "toJSON", "__internal__");

/** A connection with one field replaced, removed or added. */
const mutated = fc
  .tuple(fc.constantFrom(...Object.keys(good), "extra", "__proto__"), fc.option(value, { nil: undefined }))
  .map(([name, other]): unknown =>
    JSON.parse(JSON.stringify(Object.fromEntries([...Object.entries(good), [name, other]]))),
  );

const content = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  json.map((text) => Buffer.from(text)),
  fc.dictionary(key, value).map((fields) => Buffer.from(JSON.stringify(fields))),
  fc
    .record({
      version: fc.constantFrom(0, 1, 1, 1, 2, "1", null),
      connections: fc.array(fc.oneof(value, mutated), { maxLength: 4 }),
      settings: fc.dictionary(fc.constantFrom("theme", "density", "logLevel", "x", "__proto__"), value),
      entries: fc.array(
        fc.oneof(value, fc.record({ name: fc.constantFrom("a", "b"), data: fc.oneof(fc.string(), fc.base64String()) })),
        { maxLength: 3 },
      ),
    })
    .map((fields) => Buffer.from(JSON.stringify(fields))),
  // A file that was cut off.
  fc.nat(400).map((length) => Buffer.from(JSON.stringify({ version: 1, connections: [good] })).subarray(0, length)),
);

/** Opens the file, changes something so that it is written, and gives the notices. */
type Use = (file: DocumentFile) => Promise<StoreNotice[]> | StoreNotice[];

const uses: [string, Use][] = [
  [
    "connections",
    (file) => {
      const store = new ConnectionStore({ file });
      const notices = store.load();
      store.put(connection());
      expect(store.saveFailure).toBeNull();
      return notices;
    },
  ],
  [
    "settings",
    (file) => {
      const store = new SettingsStore({ file });
      const notices = store.load();
      store.change({ theme: store.current.theme === "dark" ? "light" : "dark" });
      expect(store.saveFailure).toBeNull();
      return notices;
    },
  ],
  [
    "secrets",
    async (file) => {
      const notices: StoreNotice[] = [];
      const store = new SecretStore({ file, cipher: new TestKeychain(), notify: (one) => notices.push(one) });
      await store.load();
      await store.set("new", { token: "x" });
      return notices;
    },
  ],
  [
    "sessions",
    async (file) => {
      const notices: StoreNotice[] = [];
      const store = new KeychainSessionStore({ file, cipher: new TestKeychain(), notify: (one) => notices.push(one) });
      await store.load();
      await store.put({ proxy: "https://a.test", jwt: "a.b.c", createdAt: 1, pomerium: null, verified: true });
      return notices;
    },
  ],
];

const kinds: [string, (folder: string, name: string) => DocumentFile][] = [
  ["plain", (folder, name) => new PlainDocumentFile(path.join(folder, `${name}.json`))],
  ["electron-store", (folder, name) => new ElectronDocumentFile(folder, name)],
];

describe.each(kinds)("with a file of kind %s", (_kind, make) => {
  test.each(uses)(
    "whatever is in the file of the %s, it opens, and nothing is lost without a word",
    async (name, use) => {
      let run = 0;
      let told = 0;
      await fc.assert(
        fc.asyncProperty(content, async (bytes) => {
          const folder = mkdtempSync(path.join(root, `${run++}-`));
          writeFileSync(path.join(folder, `${name}.json`), bytes);
          const notices = await use(make(folder, name));
          const others = readdirSync(folder).filter((file) => file !== `${name}.json`);
          if (notices.length > 0) {
            told++;
            expect(others).toHaveLength(1);
            expect(readFileSync(path.join(folder, others[0] ?? "")).equals(bytes)).toBe(true);
            expect(notices).toMatchObject([{ file: path.join(folder, others[0] ?? ""), action: "show-file" }]);
          } else {
            expect(others).toEqual([]);
            // Taken as good: then all that it held is in the new file as well.
            expect(JSON.parse(readFileSync(path.join(folder, `${name}.json`), "utf8"))).toMatchObject(
              kept(name, bytes),
            );
          }
          // Told once.
          expect(await use(make(folder, name))).toEqual(
            name === "secrets" || name === "sessions" ? expect.anything() : [],
          );
        }),
        { numRuns: 60 },
      );
      expect(told).toBeGreaterThan(5);
    },
  );
});

function kept(name: string, bytes: Buffer): object {
  const document = JSON.parse(bytes.toString("utf8")) as Record<string, unknown>;
  if (name === "settings") return { settings: expect.any(Object) as unknown };
  if (name !== "connections") return {};
  const found = document["connections"] as { id: string }[];
  return { connections: [...found.map(({ id }) => ({ id })), expect.any(Object) as unknown] };
}
