import { createCipheriv, createHash, createHmac, randomBytes } from "node:crypto";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { NssCipher } from "../../src/engine/certstore/nss-cipher.ts";

/** Columns of key4.db that are sealed: the parts of RSA and EC keys. */
const sealed = ["a11", "a123", "a124", "a125", "a126", "a127", "a128"];

const element = (tag: number, ...parts: Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  const length = content.length < 128 ? [content.length] : [0x82, content.length >> 8, content.length & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
};

/** pbeWithSha1AndTripleDES-CBC, as NSS before 3.49 (2020) sealed what is secret. */
function seal(text: Buffer, password: Buffer): Buffer {
  const salt = randomBytes(20);
  const hmac = (...parts: Buffer[]): Buffer => createHmac("sha1", key).update(Buffer.concat(parts)).digest();
  const key = createHash("sha1").update(password).update(salt).digest();
  const bytes = Buffer.concat([hmac(salt, salt), hmac(hmac(salt), salt)]);
  const cipher = createCipheriv("des-ede3-cbc", bytes.subarray(0, 24), bytes.subarray(32));
  const oid = Buffer.from("060b2a864886f70d010c050103", "hex");
  const algorithm = element(0x30, oid, element(0x30, element(4, salt), Buffer.from([2, 1, 1])));
  return element(0x30, algorithm, element(4, Buffer.concat([cipher.update(text), cipher.final()])));
}

/** Makes of an NSS database without a password one as old versions wrote it, whose keys only NSS can open. */
export async function sealAsBefore2020(folder: string): Promise<void> {
  const database = new DatabaseSync(path.join(folder, "key4.db"));
  try {
    const row = database.prepare("SELECT item1, item2 FROM metaData WHERE id = 'password'").get();
    const [salt, check] = [row?.["item1"], row?.["item2"]].map((value) => Buffer.from(value as Uint8Array));
    if (!salt || !check) throw new Error("no password row");
    const cipher = await NssCipher.open(salt, check, "");
    const password = createHash("sha1").update(salt).digest();
    for (const key of database.prepare("SELECT * FROM nssPrivate WHERE a0 = x'00000003'").all())
      for (const column of sealed) {
        const value = key[column];
        if (!(value instanceof Uint8Array) || value.length < 32) continue;
        const again = seal(await cipher.decrypt(Buffer.from(value)), password);
        database.prepare(`UPDATE nssPrivate SET ${column} = ? WHERE id = ?`).run(again, key["id"] as number);
      }
    const known = seal(Buffer.from("password-check"), password);
    database.prepare("UPDATE metaData SET item2 = ? WHERE id = 'password'").run(known);
  } finally {
    database.close();
  }
}
