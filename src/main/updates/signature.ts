import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from "node:crypto";

/** Signatures in one file, so that a feed can be signed with an old and a new key. */
const maxSignatures = 8;

/** What comes before a raw Ed25519 key in its SubjectPublicKeyInfo (RFC 8410). */
const spkiHead = Buffer.from("302a300506032b6570032100", "hex");

/** A public key as it is built in: 32 bytes in base64. @returns null for anything else. */
export function publicKeyOf(base64: string): KeyObject | null {
  const raw = Buffer.from(base64, "base64");
  if (raw.length !== 32 || raw.toString("base64") !== base64) return null;
  return createPublicKey({ key: Buffer.concat([spkiHead, raw]), format: "der", type: "spki" });
}

/** The public half of a key in PEM, as it is built in. @throws where it is no Ed25519 key. */
export function publicTextOf(privatePem: string): string {
  const key = createPublicKey(ed25519(privatePem)).export({ format: "der", type: "spki" });
  return key.subarray(spkiHead.length).toString("base64");
}

/**
 * Several public keys in one text, apart by commas or blanks.
 * @returns null where one of them is not a key: a build that lacks a key it was meant to have must not pass for a whole one.
 */
export function publicKeysOf(text: string): readonly KeyObject[] | null {
  const keys = text
    .split(/[\s,]+/)
    .filter((part) => part !== "")
    .map(publicKeyOf);
  return keys.every((key) => key !== null) ? keys : null;
}

/**
 * What is signed: the content with the name of the file it belongs to, so that the signed metadata of one system cannot be served
 * as that of another.
 */
const messageOf = (name: string, content: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`culvert update metadata\n${name}\n`), content]);

function ed25519(pem: string): KeyObject {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== "ed25519") throw new Error("This is not an Ed25519 key");
  return key;
}

/** The line that goes into `NAME.sig`. @param privatePem PKCS#8. @throws where the key is no Ed25519 key. */
export const signatureOf = (name: string, content: Buffer, privatePem: string): string =>
  sign(null, messageOf(name, content), ed25519(privatePem)).toString("base64");

/** True where one of the signatures, a line each in base64, is by one of the keys. */
export function isSigned(name: string, content: Buffer, signatures: string, keys: readonly KeyObject[]): boolean {
  const lines = signatures
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (lines.length > maxSignatures) return false;
  const message = messageOf(name, content);
  return lines
    .map((line) => Buffer.from(line, "base64"))
    .filter((signature) => signature.length === 64)
    .some((signature) => keys.some((key) => verify(null, message, key, signature)));
}
