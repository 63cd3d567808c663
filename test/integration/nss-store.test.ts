import { createHash, X509Certificate, createPrivateKey } from "node:crypto";
import { execFileSync } from "node:child_process";
import { appendFileSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NssCipher, WrongPassword } from "../../src/engine/certstore/nss-cipher.ts";
import { DerError } from "../../src/engine/certstore/der.ts";
import { NssStore } from "../../src/engine/certstore/nss.ts";
import { AppError } from "../../src/shared/errors.ts";
import type { StoredKey } from "../../src/engine/certstore/store.ts";
import { Authority, derOf, type Issued } from "../support/certificates.ts";
import { lacks } from "../support/services/programs.ts";
import { NssDatabase, nssTools } from "../support/nss-database.ts";

const databases: NssDatabase[] = [];
afterAll(() => {
  for (const database of databases) database.remove();
});

async function database(options?: { password?: string }): Promise<NssDatabase> {
  const made = await NssDatabase.create(options);
  databases.push(made);
  return made;
}
const pemOf = (key: StoredKey | undefined): string => (key?.kind === "here" ? key.pem : "");
const storeOf = ({ folder }: NssDatabase, password?: string): NssStore =>
  new NssStore({
    folders: [{ path: folder, name: "~/.pki/nssdb" }],
    password: () => password,
    passwordHint: "Give it.",
  });

let ca: Authority;
let ec: Issued;
let rsa: Issued;
beforeAll(async () => {
  ca = await Authority.root("CN=Corp CA");
  [ec, rsa] = await Promise.all([ca.issue({ subject: "CN=ec" }), ca.issue({ subject: "CN=rsa", kind: "rsa" })]);
});

describe.skipIf(lacks(nssTools))("a real NSS database", () => {
  test("says that cards are left out where it names a module for them, and no helper is there to use them", async () => {
    const nss = await database();
    const store = storeOf(nss);
    await store.certificates();
    expect(store.leftOut).toBeNull();
    appendFileSync(path.join(nss.folder, "pkcs11.txt"), "\nlibrary=/usr/lib/opensc-pkcs11.so\nname=card\n");
    await store.certificates();
    expect(store.leftOut).toMatch(/^Cards and tokens are left out: culvert-tls/);
  });

  test.each(["", "Pass wörd 1"])(
    "gives certificates and keys as they were imported (password %j)",
    async (password) => {
      const nss = await database({ password });
      await nss.add(ec);
      await nss.add(rsa);
      await nss.addCertificate(ca.pem, "C,,");
      const found = await storeOf(nss, password).certificates();
      expect(found.map(({ der, hasKey }) => [der.toString("hex"), hasKey]).sort()).toEqual(
        [
          [derOf(ec.cert).toString("hex"), true],
          [derOf(rsa.cert).toString("hex"), true],
          [derOf(ca.pem).toString("hex"), false],
        ].sort(),
      );
      for (const { der, hasKey, key: use } of found) {
        if (!hasKey) continue;
        const key = pemOf(await use());
        expect(new X509Certificate(der).checkPrivateKey(createPrivateKey(key))).toBe(true);
      }
    },
  );

  test("a key whose number begins with a zero is a key as well", async () => {
    const nss = await database();
    for (;;) {
      // One in 256 has it.
      const issued = await ca.issue({ subject: "CN=short" });
      const { d = "" } = createPrivateKey(issued.key).export({ format: "jwk" });
      if (Buffer.from(d, "base64url")[0] !== 0) continue;
      await nss.add(issued);
      break;
    }
    const [found] = await storeOf(nss).certificates();
    expect(pemOf(await found?.key())).toMatch(/PRIVATE KEY/);
  });

  test("the version changes with every change, and with nothing else", async () => {
    const nss = await database();
    const store = storeOf(nss);
    const before = await store.version();
    await store.certificates();
    expect(await store.version()).toBe(before);
    await nss.add(ec);
    expect(await store.version()).not.toBe(before);
  });

  test("nothing of it is written, and it is open no longer than it is read", async () => {
    const nss = await database();
    await nss.add(ec);
    const files = ["cert9.db", "key4.db"].map((file) => path.join(nss.folder, file));
    const sums = (): string[] => files.map((file) => createHash("sha256").update(readFileSync(file)).digest("hex"));
    const before = sums();
    for (const file of files) chmodSync(file, 0o400);
    for (const { key } of await storeOf(nss).certificates()) await key();
    expect(sums()).toEqual(before);
    for (const file of files) chmodSync(file, 0o600);
    await nss.add(rsa);
    expect(await storeOf(nss).certificates()).toHaveLength(2);
  });

  test("a database that another program writes, or that is damaged, is told in one sentence", async () => {
    const nss = await database();
    await nss.add(ec);
    const [found] = await storeOf(nss).certificates();
    const writer = new DatabaseSync(path.join(nss.folder, "key4.db"));
    writer.exec("BEGIN EXCLUSIVE");
    await expect(storeOf(nss).certificates()).rejects.toMatchObject({
      code: "storage-failed",
      message: "The certificate store ~/.pki/nssdb cannot be read: another program is writing it.",
    });
    writer.exec("ROLLBACK");
    const damage: [sql: string, message: RegExp][] = [
      ["UPDATE nssPrivate SET a11 = x'3000'", /cannot be read: /],
      ["UPDATE nssPrivate SET a11 = NULL", /a part of its private key is missing/],
      ["UPDATE metaData SET item2 = x'04' WHERE id = 'password'", /cannot be read: /],
      ["DELETE FROM nssPrivate", /its private key is gone/],
    ];
    for (const [sql, message] of damage) {
      writer.exec(sql);
      await expect(found?.key()).rejects.toMatchObject({
        code: "storage-failed",
        message: expect.stringMatching(message) as string,
      });
    }
    writer.close();
    writeFileSync(path.join(nss.folder, "cert9.db"), "no database at all, but long enough to be taken for one");
    await expect(storeOf(nss).certificates()).rejects.toMatchObject({
      message: expect.stringMatching(/cert9\.db is damaged/) as string,
    });
  });

  test("where there is none, the command in the message makes one that is found", async () => {
    const nss = await database();
    await nss.add(ec);
    const home = path.join(nss.home, "new home");
    mkdirSync(home);
    const store = new NssStore({
      folders: [{ path: path.join(home, ".pki/nssdb"), name: "~/.pki/nssdb" }],
      passwordHint: "Give it.",
    });
    const told: unknown = await store.certificates().catch((error: unknown) => error);
    const command = /key: (mkdir .* -i )FILE\.p12$/.exec(told instanceof AppError ? (told.userAction ?? "") : "")?.[1];
    // The passwords of the file and of the new database, which pk12util asks a person for.
    execFileSync("sh", ["-ec", `${command ?? "false "}"$1" -W "" -K ""`, "sh", path.join(nss.home, "entry-1.p12")], {
      env: { ...process.env, HOME: home },
      stdio: "pipe",
    });
    expect((await store.certificates()).map(({ hasKey }) => hasKey)).toEqual([true]);
  });

  test("the cipher refuses other passwords, other ciphers and absurd work", async () => {
    const nss = await database({ password: "right" });
    const file = new DatabaseSync(path.join(nss.folder, "key4.db"), { readOnly: true });
    const row = file.prepare("SELECT item1, item2 FROM metaData WHERE id = 'password'").get();
    file.close();
    const [salt, check] = [row?.["item1"], row?.["item2"]].map((value) => Buffer.from(value as Uint8Array));
    if (!salt || !check) throw new Error("no password row");
    await NssCipher.open(salt, check, "right");
    await expect(NssCipher.open(salt, check, "wrong")).rejects.toBeInstanceOf(WrongPassword);
    const changed = (from: string, to: string): Buffer => {
      const text = check.toString("hex");
      expect(text).toContain(from);
      return Buffer.from(text.replace(from, to), "hex");
    };
    // AES-256-CBC becomes AES-192-CBC, and HMAC-SHA256 becomes HMAC-SHA1.
    await expect(NssCipher.open(salt, changed("60864801650304012a", "608648016503040116"), "right")).rejects.toThrow(
      DerError,
    );
    await expect(NssCipher.open(salt, changed("2a864886f70d0209", "2a864886f70d0207"), "right")).rejects.toThrow(
      DerError,
    );
  });
});
