import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { builderOverrides, downloadProblem } from "../../../scripts/packaging/builder-config.ts";

const key = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" }).x ?? "";
const publicKey = Buffer.from(key, "base64url").toString("base64");

test("without anything set nothing is signed and no feed is built in", () => {
  expect(builderOverrides({})).toEqual({ publish: null });
  // A workflow sets what it has no secret for to "".
  const empty = { CULVERT_UPDATE_URL: "", CULVERT_AZURE_ENDPOINT: "", CULVERT_HOMEPAGE: " " };
  expect(builderOverrides(empty)).toEqual({ publish: null });
});

test("a feed, a homepage and a maintainer come from the environment", () => {
  const env = {
    CULVERT_UPDATE_URL: "https://updates.example.com/culvert/",
    CULVERT_UPDATE_KEYS: publicKey,
    CULVERT_HOMEPAGE: "https://culvert.example.com",
    CULVERT_MAINTAINER: "Ada <ada@example.com>",
  };
  expect(builderOverrides(env)).toEqual({
    publish: { provider: "generic", url: "https://updates.example.com/culvert/" },
    extraMetadata: { homepage: "https://culvert.example.com" },
    linux: { maintainer: "Ada <ada@example.com>" },
  });
});

test.each([
  [{ CULVERT_HOMEPAGE: "http://culvert.example.com" }, "CULVERT_HOMEPAGE is not an https address"],
  [{ CULVERT_HOMEPAGE: "culvert" }, "CULVERT_HOMEPAGE is not an https address"],
  [{ CULVERT_UPDATE_URL: "http://updates.example.com" }, "https"],
  [{ CULVERT_UPDATE_URL: "https://updates.example.com" }, "CULVERT_UPDATE_KEYS"],
  [
    { CULVERT_AZURE_ENDPOINT: "https://weu.codesigning.azure.net" },
    "CULVERT_AZURE_PUBLISHER, CULVERT_AZURE_PROFILE, CULVERT_AZURE_ACCOUNT",
  ],
])("what is set in part or wrong ends the build before it begins: %j", (env, message) => {
  expect(() => builderOverrides(env)).toThrow(message);
});

test("Azure signs where all of it is told", () => {
  const env = {
    CULVERT_AZURE_PUBLISHER: "Culvert",
    CULVERT_AZURE_ENDPOINT: "https://weu.codesigning.azure.net",
    CULVERT_AZURE_PROFILE: "release",
    CULVERT_AZURE_ACCOUNT: "culvert",
  };
  expect(builderOverrides(env).win).toEqual({
    azureSignOptions: {
      publisherName: "Culvert",
      endpoint: "https://weu.codesigning.azure.net",
      certificateProfileName: "release",
      codeSigningAccountName: "culvert",
    },
  });
});

test("a download that fails is one line that says what to set, and other errors stay what they are", () => {
  expect(downloadProblem("getaddrinfo ENOTFOUND github.com\n  at electronGet.js")).toContain("ELECTRON_MIRROR");
  expect(downloadProblem("HTTPError: 404 for https://example.com/nsis-3.0.4.1.7z")).toContain(
    "ELECTRON_BUILDER_BINARIES_MIRROR",
  );
  expect(downloadProblem("Error: Cannot find dist/cli")).toBeNull();
});
