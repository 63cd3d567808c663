import { expect, test } from "vitest";
import { pemBlocks, pemParts } from "../../../src/shared/pem.ts";

const certificate = "-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----";
const key = "-----BEGIN EC PRIVATE KEY-----\nBBB\n-----END EC PRIVATE KEY-----";

test("blocks are told apart, whatever stands around them and even where line breaks are missing", () => {
  const text = `\uFEFFBag Attributes\r\n${certificate}${key}\nfoot -----END CERTIFICATE-----`;
  expect(pemBlocks(text)).toEqual([
    { kind: "CERTIFICATE", text: certificate, isWhole: true },
    { kind: "EC PRIVATE KEY", text: key, isWhole: true },
  ]);
  expect(pemBlocks("-----BEGIN a-----\n-----END a-----")).toEqual([]);
});

test("a block without its end is told, and takes nothing of the next one with it", () => {
  const cut = "-----BEGIN CERTIFICATE-----\nAA\n";
  expect(pemBlocks(`${cut}${certificate}`)).toEqual([
    { kind: "CERTIFICATE", text: cut, isWhole: false },
    { kind: "CERTIFICATE", text: certificate, isWhole: true },
  ]);
  expect(pemBlocks(`${certificate}\n${cut}`).map(({ isWhole }) => isWhole)).toEqual([true, false]);
});

test("a certificate that is cut short stays with those that are whole, or nobody would see that one is missing", () => {
  const cut = "-----BEGIN CERTIFICATE-----\nAA";
  expect(pemParts(`${certificate}\n${cut}`).certificates).toBe(`${certificate}\n${cut}\n`);
  expect(pemParts(cut)).toEqual({ certificates: "", key: "" });
  expect(pemParts(`${key.slice(0, -3)}\n${key}`).key).toBe(key);
});

// The expression that was here before looked to the end of the text at each of them, and so had no end within the limit of a test.
test("a megabyte of nothing but beginnings is gone through once, and holds nothing", () => {
  for (const line of ["-----BEGIN CERTIFICATE-----", "-----BEGIN A PRIVATE KEY-----", "-----BEGIN ", "-----"]) {
    const text = line.repeat(Math.floor((1024 * 1024) / line.length));
    expect(pemParts(text)).toEqual({ certificates: "", key: "" });
  }
});
