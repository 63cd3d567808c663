import { createPrivateKey, X509Certificate } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import {
  certificatesIn,
  checkClientCertificate,
  ClientCertificateError,
} from "../../../../src/engine/tls/client-certificate.ts";
import { describeCertificate } from "../../../../src/engine/tls/describe.ts";
import { keyUsesOf, mayProveClient } from "../../../../src/engine/tls/key-usage.ts";
import { openPkcs12 } from "../../../../src/engine/tls/pkcs12/open-pkcs12.ts";
import { AppError } from "../../../../src/shared/errors.ts";
import { Authority, derOf, type Issued } from "../../../support/certificates.ts";
import { damages } from "../../../support/damage.ts";
import { integer, objectId, octetString, pemOf, sequence } from "../../../support/der.ts";
import { encryptedKey } from "../../../support/pkcs12-by-hand.ts";
import { samples } from "./pkcs12-samples.ts";
import { refusal } from "./refused-certificate.ts";

let root: Authority;
let middle: Authority;
let ada: Issued;
beforeAll(async () => {
  root = await Authority.root("CN=Corp CA");
  middle = await root.intermediate("CN=Corp Issuing CA");
  ada = await middle.issue({ subject: "CN=ada" });
});

/** The certificate with other octets in the place of these, which are as many. Its signature no longer fits, which nobody looks at here. */
function altered(pem: string, from: Buffer, to: Buffer): string {
  const bytes = derOf(pem);
  const at = bytes.indexOf(from);
  if (at < 0) throw new Error("these octets are not in it");
  to.copy(bytes, at);
  return pemOf("CERTIFICATE", bytes);
}

const damagedCertificate = {
  part: "certificate",
  message: "The client certificate is damaged: it looks like PEM but cannot be read.",
};

describe("a certificate", () => {
  it("behind which another one is cut short is refused: half of a renewal looks like that", () => {
    const text = ada.cert + middle.pem;
    checkClientCertificate({ cert: text, key: ada.key });
    for (const length of [ada.cert.length + 30, text.length - 40])
      expect(refusal(text.slice(0, length), ada.key)).toMatchObject(damagedCertificate);
    expect(() => certificatesIn(text.slice(0, -40), "setting-invalid")).toThrow(/^The CA certificate is damaged/);
  });

  it("whose dates are none is damaged: OpenSSL reads it, and nobody could tell when it ends", () => {
    // UTCTime, with a month that there is not.
    const bytes = derOf(ada.cert);
    const dates = bytes.subarray(bytes.indexOf(Buffer.from("170d", "hex")));
    const to = Buffer.from(dates.subarray(0, 15));
    to.write("77", 4);
    const text = altered(ada.cert, Buffer.from(dates.subarray(0, 15)), to);
    expect(new X509Certificate(text).checkPrivateKey(createPrivateKey(ada.key))).toBe(true);
    expect(refusal(text, ada.key)).toMatchObject(damagedCertificate);
    expect(() => describeCertificate(text)).toThrow(ClientCertificateError);
  });

  it("whose uses cannot be read is described without them", () => {
    const clientAuth = objectId("1.3.6.1.5.5.7.3.2");
    const text = altered(ada.cert, clientAuth, Buffer.concat([Buffer.from([0x04]), clientAuth.subarray(1)]));
    expect(describeCertificate(text)).toMatchObject({ name: "ada", uses: ["digital signature"] });
    const certificate = new X509Certificate(text);
    expect([keyUsesOf(certificate), mayProveClient(certificate)]).toEqual([["digital signature"], true]);
  });

  it("that stands in the file several times is sent once", () => {
    const { chain } = checkClientCertificate({ cert: (ada.cert + middle.pem + root.pem).repeat(3), key: ada.key });
    expect(chain.match(/BEGIN/g)).toHaveLength(3);
  });

  it("that stands beside a renewed one with the same key is not the one that is used", async () => {
    const [old, renewed] = await middle.issueAgain({ subject: "CN=ada" }, [
      { fromDays: -30, toDays: -2 },
      { fromDays: -1, toDays: 30 },
    ]);
    const cert = `${old?.cert ?? ""}${renewed?.cert ?? ""}`;
    const { leaf } = checkClientCertificate({ cert, key: old?.key ?? "" });
    expect(leaf.fingerprint256).toBe(new X509Certificate(renewed?.cert ?? "").fingerprint256);
    expect(describeCertificate(cert).fingerprint).toBe(leaf.fingerprint256);
  });
});

describe("an encrypted key", () => {
  const encrypted = (): string =>
    createPrivateKey(ada.key)
      .export({ type: "pkcs8", format: "pem", cipher: "aes-128-cbc", passphrase: "x" })
      .toString();

  /** Of which only the way it is encrypted is real. */
  const keyWith = (algorithm: Buffer): Buffer => sequence(algorithm, octetString(Buffer.alloc(64)));
  const pbes2 = (derivation: Buffer): Buffer => {
    const scheme = sequence(objectId("2.16.840.1.101.3.4.1.2"), octetString(Buffer.alloc(16)));
    return sequence(objectId("1.2.840.113549.1.5.13"), sequence(derivation, scheme));
  };
  const salt = octetString(Buffer.alloc(8));
  const pbkdf2 = sequence(objectId("1.2.840.113549.1.5.12"), sequence(salt, integer(2_000_000_000)));
  const scrypt = sequence(
    objectId("1.3.6.1.4.1.11591.4.11"),
    sequence(salt, integer(65_536), integer(1), integer(100_000)),
  );
  const triple = sequence(objectId("1.2.840.113549.1.12.1.3"), sequence(salt, integer(2_000_000_000)));

  it.each([
    ["PBKDF2", pbes2(pbkdf2)],
    ["scrypt", pbes2(scrypt)],
    ["triple DES of PKCS#12", triple],
  ])("that asks for hours of %s is refused before any of it", (_, algorithm) => {
    // OpenSSL takes an encrypted key under either name.
    for (const kind of ["ENCRYPTED PRIVATE KEY", "PRIVATE KEY"])
      expect(refusal(ada.cert, ada.key + pemOf(kind, keyWith(algorithm)), "x")).toMatchObject({
        part: "key",
        message: "The private key is encrypted with more rounds than Culvert makes.",
      });
  });

  it("that is cut short or damaged is not taken for a wrong passphrase", () => {
    const key = encrypted();
    const lines = key.split("\n");
    const texts = [
      key.slice(0, 150),
      [...lines.slice(0, 2), ...lines.slice(3)].join("\n"),
      key.replace("\n", "\n!"),
      key.replace("\n", "\nX-Comment: x\n\n"),
    ];
    for (const text of texts)
      expect(refusal(ada.cert, text, "x")).toMatchObject({
        part: "key",
        message: "The private key is damaged: it looks like PEM but cannot be read.",
      });
    for (const text of [key.replaceAll("\n", "\r\n"), `\uFEFF${key}`, `Bag Attributes\n${key}`, `${ada.cert}${key}`])
      checkClientCertificate({ cert: ada.cert, key: text, passphrase: "x" });
  });

  it("of the time of OpenSSL 1.0 is told as that, with the way to encrypt it anew", () => {
    const key = pemOf(
      "ENCRYPTED PRIVATE KEY",
      keyWith(sequence(objectId("1.2.840.113549.1.5.3"), sequence(salt, integer(2_048)))),
    );
    const error = refusal(ada.cert, key, "x");
    expect(error).toMatchObject({
      part: "key",
      message: "This private key is encrypted in an old way that Culvert does not know.",
    });
    expect(error.userAction).toMatch(/openssl pkcs8 -topk8/);
    expect(refusal(ada.cert, key).part).toBe("passphrase");
  });
});

describe("whatever is wrong with a PEM file", () => {
  const options = { numRuns: 800, seed: 20_260_101, interruptAfterTimeLimit: 40_000, markInterruptAsFailure: true };

  function ends(cert: string, key: string): void {
    for (const use of [
      () => void checkClientCertificate({ cert, key, passphrase: "x" }),
      () => {
        const { validFrom, validTo } = describeCertificate(cert);
        expect([validFrom, validTo].some(Number.isNaN)).toBe(false);
      },
      () => void certificatesIn(cert, "setting-invalid"),
    ])
      try {
        use();
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
      }
  }

  it("its text, the certificate within or the key within: it ends in one sentence", async () => {
    // The same in every run.
    const { cert, key } = await openPkcs12(Buffer.from(samples.empty.file, "base64"), "", "ada.p12");
    const open = createPrivateKey(key).export({ type: "pkcs8", format: "der" });
    const cases: readonly [Buffer, (bytes: Buffer) => void][] = [
      [Buffer.from(cert.repeat(2)), (bytes) => ends(bytes.toString("utf8"), key)],
      [derOf(cert), (bytes) => ends(pemOf("CERTIFICATE", bytes), key)],
      [open, (bytes) => ends(cert, pemOf("PRIVATE KEY", bytes))],
      [encryptedKey(key, "x"), (bytes) => ends(cert, pemOf("ENCRYPTED PRIVATE KEY", bytes))],
    ];
    for (const [good, use] of cases) fc.assert(fc.property(damages(good), use), options);
  }, 120_000);
});
