import { createDecipheriv, createHash, pbkdf2 } from "node:crypto";
import { promisify } from "node:util";
import { DerError, elementsIn, expectTag, oidOf, onlyElement, smallInteger, tags, type DerElement } from "./der.ts";

const derive = promisify(pbkdf2);

const oids = {
  pbes2: "1.2.840.113549.1.5.13",
  pbkdf2: "1.2.840.113549.1.5.12",
  hmacSha256: "1.2.840.113549.2.9",
  aes256: "2.16.840.1.101.3.4.1.42",
} as const;

/** NSS takes 10,000; a database that asks for hours of work is not one of its own. */
const mostRounds = 2_000_000;

const known = Buffer.from("password-check");

/** A key that is in order, but that only NSS itself can use. */
export class OnlyForNss extends DerError {}

/** Not the database's password. */
export class WrongPassword extends Error {
  override readonly name = "WrongPassword";
}

function fields(element: DerElement | undefined): DerElement[] {
  return elementsIn(expectTag(element, tags.sequence).content);
}

function expectOid(element: DerElement | undefined, oid: string): void {
  const found = oidOf(expectTag(element, tags.oid).content);
  if (found !== oid) throw new OnlyForNss(`encrypted in a way that is not known here (${found})`);
}

/**
 * What opens the sealed attributes of an NSS database `key4.db` since NSS 3.49 (2020): PBES2 with PBKDF2-HMAC-SHA256 and
 * AES-256-CBC, over a SHA-1 of the database's salt and the password.
 */
export class NssCipher {
  readonly #password: Buffer;

  private constructor(password: Buffer) {
    this.#password = password;
  }

  /**
   * @param salt, check the columns of the row "password" of `metaData`.
   * @throws WrongPassword, DerError
   */
  static async open(salt: Buffer, check: Buffer, password: string): Promise<NssCipher> {
    const cipher = new NssCipher(createHash("sha1").update(salt).update(password, "utf8").digest());
    if (!(await cipher.decrypt(check)).equals(known)) throw new WrongPassword("not the password");
    return cipher;
  }

  /** Opens one sealed attribute. @throws WrongPassword, DerError */
  async decrypt(sealed: Buffer): Promise<Buffer> {
    const [algorithm, text] = fields(onlyElement(sealed, tags.sequence));
    const [scheme, parameters] = fields(algorithm);
    expectOid(scheme, oids.pbes2);
    const [derivation, encryption] = fields(parameters);
    const [derivationId, derivationParameters] = fields(derivation);
    expectOid(derivationId, oids.pbkdf2);
    const [salt, rounds, ...rest] = fields(derivationParameters);
    expectOid(fields(rest.at(-1))[0], oids.hmacSha256);
    const [encryptionId, iv] = fields(encryption);
    expectOid(encryptionId, oids.aes256);
    const count = smallInteger(expectTag(rounds, tags.integer).content);
    if (count === 0 || count > mostRounds) throw new DerError("an absurd number of rounds");
    const key = await derive(this.#password, expectTag(salt, tags.octetString).content, count, 32, "sha256");
    // NSS takes the whole element for the vector, of which its content is 14 octets.
    const vector = expectTag(iv, tags.octetString);
    const sealedText = expectTag(text, tags.octetString).content;
    try {
      const opened = createDecipheriv("aes-256-cbc", key, vector.content.length === 14 ? vector.whole : vector.content);
      return Buffer.concat([opened.update(sealedText), opened.final()]);
    } catch (cause) {
      throw new WrongPassword("the padding is wrong", { cause });
    }
  }
}
