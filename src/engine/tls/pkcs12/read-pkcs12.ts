import { createHmac, timingSafeEqual } from "node:crypto";
import { BerError, child, integer, octets, oid, readBer, tags, type Ber } from "../ber.ts";
import {
  decrypt,
  digestLength,
  digestOf,
  Effort,
  hmacs,
  passphraseForms,
  pbkdf2Key,
  pkcs12Key,
  roundsOf,
  UnknownProtection,
  type Opener,
} from "./passphrase.ts";

const contents = { data: "1.2.840.113549.1.7.1", encrypted: "1.2.840.113549.1.7.6" };
const bags = {
  key: "1.2.840.113549.1.12.10.1.1",
  encryptedKey: "1.2.840.113549.1.12.10.1.2",
  certificate: "1.2.840.113549.1.12.10.1.3",
  nested: "1.2.840.113549.1.12.10.1.6",
};
const x509Certificate = "1.2.840.113549.1.9.22.1";
const pbmac1 = "1.2.840.113549.1.5.14";

/** Bags within bags; nobody makes them. */
const deepestBag = 4;

/** Each key is tried with each certificate. */
const mostKeys = 20;
const mostCertificates = 500;

/** What a PKCS#12 file holds, in the order of the file. */
export interface Pkcs12Contents {
  /** DER of PKCS#8, not encrypted. */
  readonly keys: readonly Buffer[];
  /** DER of X.509. */
  readonly certificates: readonly Buffer[];
}

/** True for what may be PKCS#12 or DER, and is no text in any case: a sequence of more than 127 bytes. */
export const looksBinary = (bytes: Uint8Array): boolean => bytes[0] === tags.sequence && (bytes[1] ?? 0) >= 0x80;

/** True for the outer form of PKCS#12: version 3, then its contents. */
export function isPkcs12(bytes: Uint8Array): boolean {
  try {
    const file = readBer(bytes);
    return integer(child(file, 0)) === 3 && oid(child(child(file, 1), 0)).startsWith("1.2.840.113549.1.7.");
  } catch {
    return false;
  }
}

/**
 * Reads a PKCS#12 file (RFC 7292), as OpenSSL, NSS, Java, Windows and macOS write it.
 * @returns null where the passphrase does not open it.
 * @throws BerError where it is damaged, UnknownProtection where it is protected in another way.
 */
export async function readPkcs12(bytes: Uint8Array, passphrase: string): Promise<Pkcs12Contents | null> {
  const file = readBer(bytes);
  const content = child(file, 1, tags.sequence);
  if (oid(child(content, 0)) !== contents.data) throw new UnknownProtection(oid(child(content, 0)));
  const safe = octets(child(child(content, 1, tags.explicit0), 0));
  const mac = file.children[2];
  const effort = new Effort();
  for (const form of passphraseForms(passphrase)) {
    const opener = { effort, passphrase, form };
    if (mac && !(await isMacRight(mac, safe, opener))) continue;
    const found = await new Opening(opener).all(safe).catch((error: unknown) => {
      // Without a MAC a wrong passphrase shows in junk alone.
      if (mac || !(error instanceof BerError)) throw error;
      return null;
    });
    if (found) return found;
  }
  return null;
}

async function isMacRight(mac: Ber, safe: Buffer, { effort, passphrase, form }: Opener): Promise<boolean> {
  const told = child(mac, 0, tags.sequence);
  const algorithm = child(told, 0, tags.sequence);
  const expected = octets(child(told, 1, tags.octetString));
  // Before anything is derived: the length of the key goes with it.
  const checkLength = (hash: string): void => {
    if (expected.length !== digestLength(hash)) throw new BerError("a MAC of another length");
  };
  let hash: string;
  let key: Buffer;
  if (oid(child(algorithm, 0)) === pbmac1) {
    // RFC 9579.
    const [derivation, scheme] = child(algorithm, 1, tags.sequence).children;
    if (!derivation || !scheme) throw new BerError("a part is missing");
    hash = hmacs[oid(child(scheme, 0))] ?? "";
    if (hash === "") throw new UnknownProtection(oid(child(scheme, 0)));
    checkLength(hash);
    key = await pbkdf2Key(effort, derivation, Buffer.from(passphrase, "utf8"), expected.length);
  } else {
    hash = digestOf(algorithm);
    checkLength(hash);
    const salt = octets(child(mac, 1, tags.octetString));
    const rounds = mac.children[2] ? roundsOf(mac.children[2]) : 1;
    key = await pkcs12Key(effort, hash, 3, form, { salt, rounds, length: expected.length });
  }
  return timingSafeEqual(createHmac(hash, key).update(safe).digest(), expected);
}

/** One attempt to open a file. */
class Opening {
  readonly #opener: Opener;
  readonly #keys: Buffer[] = [];
  readonly #certificates: Buffer[] = [];

  constructor(opener: Opener) {
    this.#opener = opener;
  }

  async all(safe: Buffer): Promise<Pkcs12Contents | null> {
    for (const part of readBer(safe).children) {
      const type = oid(child(part, 0));
      const held = child(child(part, 1, tags.explicit0), 0);
      let bag: Buffer | null;
      if (type === contents.data) bag = octets(held);
      else if (type === contents.encrypted) {
        const info = child(held, 1, tags.sequence);
        bag = await this.#open(child(info, 1, tags.sequence), octets(child(info, 2)));
      } else throw new UnknownProtection(type);
      if (bag === null || !(await this.#bags(sequenceOf(bag), 0))) return null;
    }
    return { keys: this.#keys, certificates: this.#certificates };
  }

  #open(algorithm: Ber, text: Buffer): Promise<Buffer | null> {
    return decrypt(algorithm, text, this.#opener);
  }

  async #bags(list: Ber, depth: number): Promise<boolean> {
    if (depth > deepestBag) throw new BerError("it is nested too deeply");
    for (const bag of list.children) {
      if (this.#keys.length > mostKeys || this.#certificates.length > mostCertificates)
        throw new UnknownProtection("too many keys or certificates");
      const value = child(child(bag, 1, tags.explicit0), 0);
      switch (oid(child(bag, 0))) {
        case bags.key:
          this.#keys.push(derOf(value));
          break;
        case bags.encryptedKey: {
          const key = await this.#open(child(value, 0, tags.sequence), octets(child(value, 1, tags.octetString)));
          if (key === null) return false;
          // What a wrong passphrase gives is no key; where there is a MAC, that has been found before.
          integer(child(sequenceOf(key), 0));
          this.#keys.push(key);
          break;
        }
        case bags.certificate:
          if (oid(child(value, 0)) === x509Certificate)
            this.#certificates.push(octets(child(child(value, 1, tags.explicit0), 0)));
          break;
        case bags.nested:
          if (!(await this.#bags(value, depth + 1))) return false;
          break;
      }
    }
    return true;
  }
}

function sequenceOf(bytes: Buffer): Ber {
  const found = readBer(bytes);
  if (found.tag !== tags.sequence) throw new BerError("not a sequence");
  return found;
}

/** The DER of an element, however its lengths were written. */
function derOf({ tag, content, children }: Ber): Buffer {
  const inside = children.length === 0 ? content : Buffer.concat(children.map(derOf));
  const { length } = inside;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  if (length > 0xffff) throw new BerError("a key is too long");
  return Buffer.concat([Buffer.from([tag, ...size]), inside]);
}
