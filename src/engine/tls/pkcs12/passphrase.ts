import { createDecipheriv, hash as hashOf, pbkdf2 } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { promisify } from "node:util";
import { BerError, child, integer, octets, oid, tags, type Ber } from "../ber.ts";
import { decryptRc2 } from "./rc2.ts";

/** More rounds than any program makes (600,000 at most), and few enough to end. */
const mostRounds = 5_000_000;

/** Rounds for all of a file, since a small one can ask for them again and again. */
const mostRoundsInAll = 10_000_000;

/** Rounds until other work has its turn, since these run on the main thread. */
const roundsInOneGo = 20_000;

/** Something that this reader does not know, which need not be a fault of the file. */
export class UnknownProtection extends Error {}

/** What opening one file may cost. */
export class Effort {
  #left = mostRoundsInAll;

  /** To be called before the rounds for so many octets are made. @throws UnknownProtection. */
  spend(hash: string, rounds: number, length: number): void {
    this.#left -= rounds * Math.ceil(length / digestLength(hash));
    if (this.#left < 0) throw new UnknownProtection(`more than ${mostRoundsInAll} rounds`);
  }
}

const digests: Readonly<Record<string, string>> = {
  "1.3.14.3.2.26": "sha1",
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
  "2.16.840.1.101.3.4.2.4": "sha224",
};

export const hmacs: Readonly<Record<string, string>> = {
  "1.2.840.113549.2.7": "sha1",
  "1.2.840.113549.2.8": "sha224",
  "1.2.840.113549.2.9": "sha256",
  "1.2.840.113549.2.10": "sha384",
  "1.2.840.113549.2.11": "sha512",
};

const ciphers: Readonly<Record<string, { readonly name: string; readonly keyLength: number }>> = {
  "2.16.840.1.101.3.4.1.2": { name: "aes-128-cbc", keyLength: 16 },
  "2.16.840.1.101.3.4.1.22": { name: "aes-192-cbc", keyLength: 24 },
  "2.16.840.1.101.3.4.1.42": { name: "aes-256-cbc", keyLength: 32 },
  "1.2.840.113549.3.7": { name: "des-ede3-cbc", keyLength: 24 },
};

/** Of PKCS#12 itself (RFC 7292, appendix C). */
const oldCiphers: Readonly<Record<string, { readonly cipher: "3des" | "rc2"; readonly keyLength: number }>> = {
  "1.2.840.113549.1.12.1.3": { cipher: "3des", keyLength: 24 },
  "1.2.840.113549.1.12.1.4": { cipher: "3des", keyLength: 16 },
  "1.2.840.113549.1.12.1.5": { cipher: "rc2", keyLength: 16 },
  "1.2.840.113549.1.12.1.6": { cipher: "rc2", keyLength: 5 },
};

const pbes2 = "1.2.840.113549.1.5.13";
const pbkdf2Oid = "1.2.840.113549.1.5.12";

const known = (table: Readonly<Record<string, string>>, id: string): string => {
  const name = table[id];
  if (name === undefined) throw new UnknownProtection(id);
  return name;
};

/** A number of rounds that can be made. @throws UnknownProtection. */
export function roundsOf(ber: Ber): number {
  const rounds = integer(ber);
  if (rounds < 1 || rounds > mostRounds) throw new UnknownProtection(`${rounds} rounds`);
  return rounds;
}

/** The hash that an AlgorithmIdentifier names. @throws UnknownProtection. */
export const digestOf = (algorithm: Ber): string => known(digests, oid(child(algorithm, 0)));

export const digestLength = (hash: string): number => hashOf(hash, "", "buffer").length;

/** How PKCS#12 writes a passphrase: UTF-16 with a zero behind it. Some programs leave out even that for none at all. */
export const passphraseForms = (passphrase: string): readonly Buffer[] => {
  const wide = Buffer.from(`${passphrase}\0`, "utf16le").swap16();
  return passphrase === "" ? [wide, Buffer.alloc(0)] : [wide];
};

function repeated(bytes: Buffer, block: number): Buffer {
  return Buffer.alloc(bytes.length === 0 ? 0 : block * Math.ceil(bytes.length / block), bytes);
}

/** How a key comes out of a passphrase. */
interface Derivation {
  readonly salt: Buffer;
  readonly rounds: number;
  /** Octets. */
  readonly length: number;
}

/**
 * The key derivation of PKCS#12 (RFC 7292, appendix B.2).
 * @param purpose 1 a key, 2 an IV, 3 a MAC.
 * @throws UnknownProtection.
 */
export async function pkcs12Key(
  effort: Effort,
  hash: string,
  purpose: 1 | 2 | 3,
  passphrase: Buffer,
  { salt, rounds, length }: Derivation,
): Promise<Buffer> {
  effort.spend(hash, rounds, length);
  const block = hash === "sha384" || hash === "sha512" ? 128 : 64;
  const input = Buffer.concat([repeated(salt, block), repeated(passphrase, block)]);
  const diversifier = Buffer.alloc(block, purpose);
  const parts: Buffer[] = [];
  for (let made = 0; made < length;) {
    let part = hashOf(hash, Buffer.concat([diversifier, input]), "buffer");
    for (let round = 1; round < rounds; round += 1) {
      if (round % roundsInOneGo === 0) await nextTurn();
      part = hashOf(hash, part, "buffer");
    }
    parts.push(part);
    made += part.length;
    const step = repeated(part, block).subarray(0, block);
    for (let at = 0; at < input.length; at += block) addOneMore(input.subarray(at, at + block), step);
  }
  return Buffer.concat(parts).subarray(0, length);
}

/** Adds `step` and one to a big-endian number, without what no longer fits. */
function addOneMore(number: Buffer, step: Buffer): void {
  let carry = 1;
  for (let at = number.length - 1; at >= 0; at -= 1) {
    carry += (number[at] ?? 0) + (step[at] ?? 0);
    number[at] = carry & 0xff;
    carry >>= 8;
  }
}

/** PBKDF2 by its parameters. @param length where they do not tell. @throws UnknownProtection. */
export async function pbkdf2Key(effort: Effort, algorithm: Ber, passphrase: Buffer, length: number): Promise<Buffer> {
  if (oid(child(algorithm, 0)) !== pbkdf2Oid) throw new UnknownProtection(oid(child(algorithm, 0)));
  const [salt, rounds, ...rest] = child(algorithm, 1, tags.sequence).children;
  if (!salt || !rounds) throw new BerError("a part is missing");
  const told = rest.find(({ tag }) => tag === tags.integer);
  const prf = rest.find(({ tag }) => tag === tags.sequence);
  if (told && integer(told) !== length) throw new UnknownProtection(`a key of ${integer(told)} octets`);
  const hash = prf ? known(hmacs, oid(child(prf, 0))) : "sha1";
  const count = roundsOf(rounds);
  effort.spend(hash, count, length);
  return promisify(pbkdf2)(passphrase, octets(salt), count, length, hash);
}

/** What a file is opened with. */
export interface Opener {
  readonly effort: Effort;
  readonly passphrase: string;
  /** One of `passphraseForms`. */
  readonly form: Buffer;
}

/**
 * Opens what is encrypted with a passphrase. A wrong one gives null or junk.
 * @param algorithm its AlgorithmIdentifier.
 * @throws UnknownProtection, BerError.
 */
export async function decrypt(
  algorithm: Ber,
  text: Buffer,
  { effort, passphrase, form }: Opener,
): Promise<Buffer | null> {
  const id = oid(child(algorithm, 0));
  const old = oldCiphers[id];
  if (old) return decryptOld(old, child(algorithm, 1, tags.sequence), text, { effort, form });
  if (id !== pbes2) throw new UnknownProtection(id);
  const [derivation, scheme] = child(algorithm, 1, tags.sequence).children;
  if (!derivation || !scheme) throw new BerError("a part is missing");
  const cipher = ciphers[oid(child(scheme, 0))];
  if (!cipher) throw new UnknownProtection(oid(child(scheme, 0)));
  const key = await pbkdf2Key(effort, derivation, Buffer.from(passphrase, "utf8"), cipher.keyLength);
  return decipher(cipher.name, key, octets(child(scheme, 1, tags.octetString)), text);
}

async function decryptOld(
  { cipher, keyLength }: { readonly cipher: "3des" | "rc2"; readonly keyLength: number },
  parameters: Ber,
  text: Buffer,
  { effort, form }: Pick<Opener, "effort" | "form">,
): Promise<Buffer | null> {
  const salt = octets(child(parameters, 0, tags.octetString));
  const rounds = roundsOf(child(parameters, 1));
  const key = await pkcs12Key(effort, "sha1", 1, form, { salt, rounds, length: keyLength });
  const iv = await pkcs12Key(effort, "sha1", 2, form, { salt, rounds, length: 8 });
  if (cipher === "rc2") {
    const plain = decryptRc2(key, 8 * keyLength, iv, text);
    return plain && withoutPadding(plain);
  }
  // Two keys are three of which the last is the first once more.
  return decipher("des-ede3-cbc", keyLength === 16 ? Buffer.concat([key, key.subarray(0, 8)]) : key, iv, text);
}

function decipher(name: string, key: Buffer, iv: Buffer, text: Buffer): Buffer | null {
  let opened;
  try {
    opened = createDecipheriv(name, key, iv);
  } catch (error) {
    throw new UnknownProtection(`${name}: ${String(error)}`);
  }
  try {
    return Buffer.concat([opened.update(text), opened.final()]);
  } catch {
    return null;
  }
}

function withoutPadding(plain: Buffer): Buffer | null {
  const length = plain.at(-1) ?? 0;
  const padding = plain.subarray(plain.length - length);
  return length >= 1 && length <= 8 && padding.every((octet) => octet === length)
    ? plain.subarray(0, plain.length - length)
    : null;
}
