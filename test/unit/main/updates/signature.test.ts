import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { expect, test } from "vitest";
import {
  isSigned,
  publicKeyOf,
  publicKeysOf,
  publicTextOf,
  signatureOf,
} from "../../../../src/main/updates/signature.ts";

const newKey = (): { readonly pem: string; readonly text: string; readonly key: KeyObject } => {
  const pem = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  const text = publicTextOf(pem);
  const key = publicKeyOf(text);
  if (key === null) throw new Error("no key");
  return { pem, text, key };
};
const one = newKey();
const other = newKey();
const content = Buffer.from("version: 1.5.0\n");
const name = "latest-linux.yml";

test("a signature holds for the content, the name and the key it was made with, and for nothing else", () => {
  const line = signatureOf(name, content, one.pem);
  expect(isSigned(name, content, `${line}\n`, [one.key])).toBe(true);
  expect(isSigned(name, content, line, [other.key])).toBe(false);
  expect(isSigned(name, content, line, [])).toBe(false);
  expect(isSigned("latest.yml", content, line, [one.key])).toBe(false);
  expect(isSigned(name, Buffer.from("version: 1.5.1\n"), line, [one.key])).toBe(false);
  expect(isSigned(name, Buffer.concat([content, content]), line, [one.key])).toBe(false);
});

test("while keys change, one of several signatures by one of several keys is enough", () => {
  const lines = `${signatureOf(name, content, one.pem)}\n${signatureOf(name, content, other.pem)}\n`;
  expect(isSigned(name, content, lines, [other.key])).toBe(true);
  expect(isSigned(name, content, lines, [newKey().key, one.key])).toBe(true);
});

test.each([
  ["nothing", ""],
  ["blanks", "\n \n"],
  ["a page", "<html>not found</html>"],
  ["half a signature", signatureOf(name, content, one.pem).slice(0, 40)],
  ["zeros", Buffer.alloc(64).toString("base64")],
  ["too many lines", `${`${Buffer.alloc(64).toString("base64")}\n`.repeat(8)}${signatureOf(name, content, one.pem)}`],
])("%s is no signature", (_what, text) => {
  expect(isSigned(name, content, text, [one.key])).toBe(false);
});

test("public keys are read all or not at all", () => {
  expect(publicKeysOf(`${one.text}, ${other.text}\n`)).toHaveLength(2);
  expect(publicKeysOf("")).toEqual([]);
  expect(publicKeysOf(`${one.text} short`)).toBeNull();
  expect(publicKeysOf(one.text.slice(4))).toBeNull();
  expect(publicKeysOf(one.pem)).toBeNull();
});

test("another kind of key signs nothing", () => {
  const pem = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "pem", type: "pkcs8" });
  expect(() => signatureOf(name, content, pem.toString())).toThrow("This is not an Ed25519 key");
  expect(() => publicTextOf(pem.toString())).toThrow("This is not an Ed25519 key");
});
