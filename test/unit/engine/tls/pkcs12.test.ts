import { createPrivateKey, X509Certificate } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { ClientCertificateError } from "../../../../src/engine/tls/client-certificate.ts";
import { openPkcs12 } from "../../../../src/engine/tls/pkcs12/open-pkcs12.ts";
import { decryptRc2 } from "../../../../src/engine/tls/pkcs12/rc2.ts";
import { isPkcs12, looksBinary } from "../../../../src/engine/tls/pkcs12/read-pkcs12.ts";
import { sampleFingerprint, samples } from "./pkcs12-samples.ts";

const bytesOf = (sample: keyof typeof samples): Buffer => Buffer.from(samples[sample].file, "base64");

async function refusal(bytes: Uint8Array, passphrase: string, name = "ada.p12"): Promise<ClientCertificateError> {
  try {
    await openPkcs12(bytes, passphrase, name);
  } catch (error) {
    expect(error).toBeInstanceOf(ClientCertificateError);
    return error as ClientCertificateError;
  }
  throw new Error("it was opened");
}

describe("a PKCS#12 file", () => {
  // What NSS writes takes 600,000 rounds three times.
  it.each(["openssl3", "openssl1", "empty", "nss", "java"] as const)(
    "of %s opens with its passphrase alone",
    { timeout: 60_000 },
    async (name) => {
      const { passphrase } = samples[name];
      const { cert, key } = await openPkcs12(bytesOf(name), passphrase, "ada.p12");
      const certificate = new X509Certificate(cert);
      expect(certificate.fingerprint256).toBe(sampleFingerprint);
      expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
      expect(await refusal(bytesOf(name), `${passphrase}x`)).toMatchObject({
        code: "client-certificate-invalid",
        part: "passphrase",
        message: "The passphrase does not open ada.p12.",
      });
      if (passphrase === "") return;
      expect(await refusal(bytesOf(name), "")).toMatchObject({
        part: "passphrase",
        message: "ada.p12 needs its passphrase.",
      });
    },
  );

  it("that is protected in an unknown way is told with what to do", async () => {
    const error = await refusal(bytesOf("rc4"), samples.rc4.passphrase);
    expect(error).toMatchObject({ part: "certificate" });
    expect(error.message).toMatch(/^ada\.p12 is protected in a way that Culvert does not know/);
    expect(error.userAction).toMatch(/openssl pkcs12 -legacy/);
    // The MAC comes first, and the passphrase with it.
    expect((await refusal(bytesOf("rc4"), "wrong")).part).toBe("passphrase");
  });

  it("is known by its form, and nothing else is taken for one", async () => {
    const der = new X509Certificate((await openPkcs12(bytesOf("empty"), "", "")).cert).raw;
    expect([isPkcs12(bytesOf("nss")), looksBinary(bytesOf("nss"))]).toEqual([true, true]);
    expect([isPkcs12(der), looksBinary(der)]).toEqual([false, true]);
    for (const text of ["", "0", "0 s:CN=x\n-----BEGIN CERTIFICATE-----", "junk"])
      expect([isPkcs12(Buffer.from(text)), looksBinary(Buffer.from(text))]).toEqual([false, false]);
    for (const bytes of [der, Buffer.from("junk"), Buffer.alloc(0)])
      expect((await refusal(bytes, "")).message).toBe(
        "ada.p12 is neither a certificate in PEM form nor a PKCS#12 file.",
      );
  });

  it("whose name holds what could mislead is told without that", async () => {
    const { message } = await refusal(bytesOf("openssl3"), "x", "a\n\u001b[2J.p12");
    expect([message.includes("\n"), message.includes("\u001b")]).toEqual([false, false]);
  });

  it("that asks for more rounds than anybody makes does not keep the app", async () => {
    const bytes = Buffer.from(bytesOf("openssl1"));
    // The rounds of the MAC are the last number: 2048.
    expect(bytes.subarray(-4).toString("hex")).toBe("02020800");
    const slow = Buffer.concat([bytes.subarray(0, -4), Buffer.from("02047fffffff", "hex")]);
    // The lengths of the two sequences around it, and of the file.
    slow.writeUInt16BE(slow.length - 4, 2);
    const mac = slow.indexOf(Buffer.from("30313021", "hex"));
    slow[mac + 1] = 0x33;
    const error = await refusal(slow, samples.openssl1.passphrase);
    expect(error.message).toMatch(/does not know \(2147483647 rounds\)/);
  });

  it("that is damaged is refused in one sentence, whatever the damage", { timeout: 60_000 }, async () => {
    const good = bytesOf("openssl1");
    const damage = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(damage, fc.nat(good.length), async (changes, length) => {
        const bytes = Buffer.from(good.subarray(0, length));
        for (const [at, value] of changes) if (at < length) bytes[at] = value;
        if (bytes.equals(good)) return;
        const ended = await openPkcs12(bytes, samples.openssl1.passphrase, "ada.p12").catch((error: unknown) => error);
        // A bit of what nobody reads, such as a friendly name, may be another; the MAC sees the rest.
        if (ended instanceof Error) expect(ended).toBeInstanceOf(ClientCertificateError);
      }),
      { numRuns: 200 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        await refusal(bytes, "");
      }),
    );
  });
});

// RFC 2268 §5. One block in CBC with an IV of zeros is the block itself.
test.each([
  ["0000000000000000", 63, "0000000000000000", "ebb773f993278eff"],
  ["ffffffffffffffff", 64, "ffffffffffffffff", "278b27e42e2f0d49"],
  ["3000000000000000", 64, "1000000000000001", "30649edf9be7d2c2"],
  ["88", 64, "0000000000000000", "61a8a244adacccf0"],
  ["88bca90e90875a", 64, "0000000000000000", "6ccf4308974c267f"],
  ["88bca90e90875a7f0f79c384627bafb2", 64, "0000000000000000", "1a807d272bbe5db1"],
  ["88bca90e90875a7f0f79c384627bafb2", 128, "0000000000000000", "2269552ab0f85ca6"],
  ["88bca90e90875a7f0f79c384627bafb216f80a6f85920584c42fceb0be255daf1e", 129, "0000000000000000", "5b78d3a43dfff1f1"],
])("RC2 with the key %s and %i bits", (key, bits, plain, cipher) => {
  const hex = (text: string): Buffer => Buffer.from(text, "hex");
  expect(decryptRc2(hex(key), bits, Buffer.alloc(8), hex(cipher))?.toString("hex")).toBe(plain);
  expect(decryptRc2(hex(key), bits, Buffer.alloc(8), hex(`${cipher}00`))).toBeNull();
});
