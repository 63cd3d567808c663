import { createCipheriv, createHmac, createPrivateKey, pbkdf2Sync, X509Certificate } from "node:crypto";
import type { Issued } from "./certificates.ts";
import { der, explicit, integer, nothing, objectId, octetString, sequence } from "./der.ts";

const data = objectId("1.2.840.113549.1.7.1");
const bag = (kind: number, value: Buffer): Buffer =>
  sequence(objectId(`1.2.840.113549.1.12.10.1.${kind}`), explicit(value));

/** A bag with a certificate. */
export const certificateBag = (pem: string): Buffer =>
  bag(3, sequence(objectId("1.2.840.113549.1.9.22.1"), explicit(octetString(new X509Certificate(pem).raw))));

const keyOf = (pem: string): Buffer => createPrivateKey(pem).export({ type: "pkcs8", format: "der" });

/** A bag with a key that is not encrypted. */
export const keyBag = (pem: string): Buffer => bag(1, keyOf(pem));

/** DER of a key that is encrypted with AES-128 by PBES2 of one round; the same for the same key and passphrase. */
export function encryptedKey(pem: string, passphrase: string): Buffer {
  const { algorithm, text } = encrypted(keyOf(pem), passphrase);
  return sequence(algorithm, octetString(text));
}

/** A bag with such a key. */
export const encryptedKeyBag = (pem: string, passphrase: string): Buffer => bag(2, encryptedKey(pem, passphrase));

/** Bags that are not encrypted. */
export const plainBags = (...bags: readonly Buffer[]): Buffer =>
  sequence(data, explicit(octetString(sequence(...bags))));

/** Bags that are encrypted as `encryptedKeyBag`. */
export function encryptedBags(passphrase: string, ...bags: readonly Buffer[]): Buffer {
  const { algorithm, text } = encrypted(sequence(...bags), passphrase);
  return encryptedData(algorithm, text);
}

/** Something encrypted with triple DES in the old way. */
export function oldBags(rounds: number): Buffer {
  const parameters = sequence(octetString(Buffer.alloc(8)), integer(rounds));
  return encryptedData(sequence(objectId("1.2.840.113549.1.12.1.3"), parameters), Buffer.alloc(8));
}

function encryptedData(algorithm: Buffer, text: Buffer): Buffer {
  const info = sequence(data, algorithm, der(0x80, text));
  return sequence(objectId("1.2.840.113549.1.7.6"), explicit(sequence(integer(0), info)));
}

function pbkdf2(salt: Buffer, rounds: number, ...more: readonly Buffer[]): Buffer {
  return sequence(objectId("1.2.840.113549.1.5.12"), sequence(octetString(salt), integer(rounds), ...more));
}

function encrypted(plain: Buffer, passphrase: string): { readonly algorithm: Buffer; readonly text: Buffer } {
  const [salt, iv] = [Buffer.alloc(8, 1), Buffer.alloc(16, 2)];
  const cipher = createCipheriv("aes-128-cbc", pbkdf2Sync(passphrase, salt, 1, 16, "sha1"), iv);
  const scheme = sequence(objectId("2.16.840.1.101.3.4.1.2"), octetString(iv));
  return {
    algorithm: sequence(objectId("1.2.840.113549.1.5.13"), sequence(pbkdf2(salt, 1), scheme)),
    text: Buffer.concat([cipher.update(plain), cipher.final()]),
  };
}

/** A file of such bags. @param mac what comes behind them; see below. */
export function pkcs12File(bags: readonly Buffer[], mac: (safe: Buffer) => readonly Buffer[] = () => []): Buffer {
  const safe = sequence(...bags);
  return sequence(integer(3), sequence(data, explicit(octetString(safe))), ...mac(safe));
}

/** A MAC of SHA-1 by the way of PKCS#12 itself, which is right for nothing. */
export const oldMac = (octets: number, rounds: number) => (): Buffer[] => {
  const digest = sequence(sequence(objectId("1.3.14.3.2.26"), nothing), octetString(Buffer.alloc(octets)));
  return [sequence(digest, octetString(Buffer.alloc(8)), integer(rounds))];
};

/** PBMAC1 (RFC 9579) with SHA-512, or with a value of another length. */
export const pbmac1 =
  (passphrase: string, octets = 64) =>
  (safe: Buffer): Buffer[] => {
    const salt = Buffer.alloc(8, 3);
    const right = createHmac("sha512", pbkdf2Sync(passphrase, salt, 2_000, octets, "sha256"))
      .update(safe)
      .digest();
    const derivation = pbkdf2(salt, 2_000, integer(octets), sequence(objectId("1.2.840.113549.2.9"), nothing));
    const algorithm = sequence(
      objectId("1.2.840.113549.1.5.14"),
      sequence(derivation, sequence(objectId("1.2.840.113549.2.11"), nothing)),
    );
    const value = Buffer.concat([right, Buffer.alloc(octets)]).subarray(0, octets);
    return [sequence(sequence(algorithm, octetString(value)), octetString(Buffer.from("NOT USED")), integer(1))];
  };

/** A certificate and its key in plain bags. */
export const plainPair = ({ cert, key }: Issued): Buffer => plainBags(certificateBag(cert), keyBag(key));
