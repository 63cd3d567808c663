import { createPrivateKey, X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { ClientCertificateError, openPkcs12 } from "../../src/engine/index.ts";
import { Authority, type Issued } from "../support/certificates.ts";
import { makePkcs12, openssl } from "../support/pkcs12.ts";
import { lacks } from "../support/services/programs.ts";

let corp: Authority;
let ada: Issued;
beforeAll(async () => {
  corp = await Authority.root("CN=Corp CA");
  ada = await corp.issue({ subject: "CN=ada" });
});

const both = (way: string): string[] => ["-keypbe", way, "-certpbe", way];

async function refusal(file: Buffer, passphrase: string): Promise<ClientCertificateError> {
  const ended = await openPkcs12(file, passphrase, "ada.p12").catch((error: unknown) => error);
  expect(ended).toBeInstanceOf(ClientCertificateError);
  return ended as ClientCertificateError;
}

describe.skipIf(lacks(openssl))("PKCS#12 files of the OpenSSL that is here", () => {
  it.each([
    ["AES-128-CBC", both("AES-128-CBC")],
    ["AES-192-CBC", both("AES-192-CBC")],
    ["DES-EDE3-CBC", both("DES-EDE3-CBC")],
    ["PBE-SHA1-3DES", both("PBE-SHA1-3DES")],
    ["PBE-SHA1-2DES", both("PBE-SHA1-2DES")],
    ["PBE-SHA1-RC2-128", ["-legacy", ...both("PBE-SHA1-RC2-128")]],
    ["PBE-SHA1-RC2-40", ["-legacy", ...both("PBE-SHA1-RC2-40")]],
    ["a certificate in the clear", ["-certpbe", "NONE"]],
    ["nothing encrypted", both("NONE")],
    ["no MAC", ["-nomac"]],
    ["no MAC and a certificate in the clear", ["-nomac", "-certpbe", "NONE"]],
    ["a MAC of SHA-1", ["-macalg", "sha1"]],
    ["a MAC of SHA-224", ["-macalg", "sha224"]],
    ["a MAC of SHA-384", ["-macalg", "sha384"]],
    ["a MAC of SHA-512", ["-macalg", "sha512"]],
    ["one round", ["-iter", "1"]],
    ["many rounds", ["-iter", "100000"]],
    ["names", ["-name", "Ada Łovelace", "-caname", "root"]],
  ])("with %s open with their passphrase alone", async (_, args) => {
    // Beyond the Basic Multilingual Plane: two units of UTF-16.
    const passphrase = "𝒫ä😀 ß";
    const file = await makePkcs12({ ...ada, chain: corp.pem, passphrase, args });
    const { cert, key } = await openPkcs12(file, passphrase, "ada.p12");
    expect(new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect(cert.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect((await refusal(file, "wrong")).part).toBe("passphrase");
    expect((await refusal(file, "")).message).toBe("ada.p12 needs its passphrase.");
  });

  it.each([
    ["RC4", ["-legacy", ...both("PBE-SHA1-RC4-128")]],
    ["DES", ["-legacy", ...both("PBE-MD5-DES")]],
    ["Camellia", both("CAMELLIA-256-CBC")],
    ["a MAC of SHA-3", ["-macalg", "sha3-256"]],
  ])("with %s are told with the way to convert them", async (_, args) => {
    const file = await makePkcs12({ ...ada, passphrase: "x", args });
    const { part, message, userAction } = await refusal(file, "x");
    expect(part).toBe("certificate");
    expect(message).toMatch(/^ada\.p12 is protected in a way that Culvert does not know/);
    expect(userAction).toMatch(/openssl pkcs12/);
  });
});
