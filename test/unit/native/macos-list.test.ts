import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { listedLine } from "../../../src/engine/tls/remote-key/messages.ts";

// Written by hand from the contract, not recorded: what native/macos prints has not been seen yet.
const file = path.join(import.meta.dirname, "../../fixtures/native/macos-list-by-hand.jsonl");

test("the engine reads a list as the program for macOS is to print it", () => {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n").map(listedLine);
  expect(lines.pop()).toBe("end");
  const found = lines.filter((line) => line !== null && line !== "end");
  expect(found).toHaveLength(lines.length);
  expect(found.map(({ der, key, where }) => [new X509Certificate(der).subject.split("\n").at(-1), key, where])).toEqual(
    [
      ["O=Corp", "stays", "the macOS keychain"],
      ["O=Corp", "stays", "the card com.apple.pivtoken:0123456789ABCDEF"],
      ["CN=Corp People CA", "none", "the macOS keychain"],
      ["CN=Corp CA", "none", "the macOS keychain"],
    ],
  );
  for (const { id, der } of found) expect(id).toBe(createHash("sha256").update(der).digest("hex"));
});

test("keys of that list are among those that native/macos prints", () => {
  const source = readFileSync(path.join(import.meta.dirname, "../../../native/macos/keychain.swift"), "utf8");
  const [first = ""] = readFileSync(file, "utf8").split("\n");
  const printed = /sayLine\(\[(.+)\]\)/.exec(source)?.[1] ?? "";
  const names = [...printed.matchAll(/"(\w+)":/g)].map(([, name]) => name);
  expect(Object.keys(JSON.parse(first) as object)).toEqual(names.sort());
});
