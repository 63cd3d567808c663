import { createPrivateKey, X509Certificate } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { checkClientCertificate, ClientCertificateError } from "../../../../src/engine/tls/client-certificate.ts";
import { describeCertificate } from "../../../../src/engine/tls/describe.ts";
import { openPkcs12 } from "../../../../src/engine/tls/pkcs12/open-pkcs12.ts";
import { Authority, type Issued } from "../../../support/certificates.ts";
import { damages } from "../../../support/damage.ts";
import {
  certificateBag,
  encryptedBags,
  encryptedKeyBag,
  keyBag,
  oldBags,
  oldMac,
  pbmac1,
  pkcs12File,
  plainBags,
  plainPair,
} from "../../../support/pkcs12-by-hand.ts";
import { samples } from "./pkcs12-samples.ts";

let corp: Authority;
let ada: Issued;
let before: Issued;
beforeAll(async () => {
  corp = await Authority.root("CN=Corp CA");
  [ada, before] = await Promise.all([
    corp.issue({ subject: "CN=ada" }),
    corp.issue({ subject: "CN=ada before", fromDays: -30, toDays: -2 }),
  ]);
});

async function refusal(bytes: Buffer, passphrase: string): Promise<ClientCertificateError> {
  const ended = await openPkcs12(bytes, passphrase, "ada.p12").catch((error: unknown) => error);
  expect(ended).toBeInstanceOf(ClientCertificateError);
  return ended as ClientCertificateError;
}

describe("what a PKCS#12 file may cost", () => {
  it("a MAC that is longer than its hash is damage, and not thousands of keys", async () => {
    const words = { part: "certificate", message: "ada.p12 is damaged." };
    expect(await refusal(pkcs12File([], oldMac(60_000, 5_000_000)), "x")).toMatchObject(words);
    expect(await refusal(pkcs12File([plainPair(ada)], pbmac1("x", 4_000)), "x")).toMatchObject(words);
  });

  it("rounds are counted for all of the file, before they are made", async () => {
    const mac = pbmac1("x");
    // The two keys of triple DES take ten million by themselves.
    const error = await refusal(pkcs12File([oldBags(5_000_000)], mac), "x");
    expect(error.message).toBe("ada.p12 is protected in a way that Culvert does not know (more than 10000000 rounds).");
  });

  it("keys and certificates have a bound, since each is tried with each", async () => {
    const keys = Array.from({ length: 40 }, () => keyBag(ada.key));
    expect((await refusal(pkcs12File([plainBags(...keys)]), "")).message).toMatch(/too many keys or certificates/);
    const chain = Array.from({ length: 300 }, () => certificateBag(corp.pem));
    await openPkcs12(pkcs12File([plainPair(ada), plainBags(...chain)]), "", "ada.p12");
  });
});

describe("a PKCS#12 file", () => {
  it("with PBMAC1 opens with its passphrase alone", async () => {
    const bytes = pkcs12File([plainPair(ada)], pbmac1("open sesame"));
    const { cert, key } = await openPkcs12(bytes, "open sesame", "ada.p12");
    expect(new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))).toBe(true);
    expect((await refusal(bytes, "open")).part).toBe("passphrase");
  });

  it("without a MAC: junk of a wrong passphrase is never taken for what is in the file", async () => {
    const encryptedKey = pkcs12File([plainBags(certificateBag(ada.cert), encryptedKeyBag(ada.key, "right"))]);
    const encryptedAll = pkcs12File([encryptedBags("right", certificateBag(ada.cert), keyBag(ada.key))]);
    for (const bytes of [encryptedKey, encryptedAll]) {
      await openPkcs12(bytes, "right", "ada.p12");
      // One in 256 has good padding.
      for (let wrong = 0; wrong < 2_000; wrong += 1)
        expect(await refusal(bytes, `wrong ${wrong}`)).toMatchObject({ part: "passphrase" });
    }
  });

  it("with what was used before as well gives what is valid now", async () => {
    const bags = [certificateBag(before.cert), certificateBag(ada.cert), keyBag(before.key), keyBag(ada.key)];
    const { cert, key } = await openPkcs12(pkcs12File([plainBags(...bags)]), "", "ada.p12");
    expect(describeCertificate(cert).name).toBe("ada");
    expect(checkClientCertificate({ cert, key }).leaf.subject).toBe("CN=ada");
    const old = await openPkcs12(pkcs12File([plainPair(before)]), "", "ada.p12");
    expect(describeCertificate(old.cert).name).toBe("ada before");
  });

  it("whose damage nobody checks by a MAC ends in one sentence or in a certificate that can be shown", async () => {
    // The same in every run.
    const sample = await openPkcs12(Buffer.from(samples.empty.file, "base64"), "", "ada.p12");
    const files = [
      pkcs12File([plainPair(sample)]),
      pkcs12File([encryptedBags("x", certificateBag(sample.cert), encryptedKeyBag(sample.key, "x"))]),
    ];
    for (const good of files)
      await fc.assert(
        fc.asyncProperty(damages(good), async (bytes) => {
          try {
            const { cert, key } = await openPkcs12(bytes, "x", "ada.p12");
            const { validFrom, validTo } = describeCertificate(cert);
            expect([validFrom, validTo].some(Number.isNaN)).toBe(false);
            checkClientCertificate({ cert, key });
          } catch (error) {
            expect(error).toBeInstanceOf(ClientCertificateError);
          }
        }),
        { numRuns: 1_500, seed: 20_260_101, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true },
      );
  }, 90_000);
});
