import { createPrivateKey } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { certificatesIn } from "../../../../src/engine/tls/client-certificate.ts";
import { checkTlsSettings, type TlsSettings } from "../../../../src/engine/tls/settings.ts";
import { createTlsIdentity } from "../../../../src/engine/tls/identity.ts";
import { AppError } from "../../../../src/shared/errors.ts";
import { createPki, type Identity, type Pki } from "../../../support/access-proxy/index.ts";

let pki: Pki;
beforeAll(async () => {
  pki = await createPki({ names: ["proxy.corp.test"] });
});
afterAll(() => pki.remove());

const withClient = (cert: string, key: string, passphrase?: string): TlsSettings => ({
  verify: true,
  ca: [],
  clientCertificate: { cert, key, ...(passphrase === undefined ? {} : { passphrase }) },
});
const settingsOf = ({ certPem, keyPem }: Identity): TlsSettings => withClient(certPem, keyPem);

function refusal(settings: TlsSettings): AppError {
  try {
    checkTlsSettings(settings);
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    return error as AppError;
  }
  throw new Error("it was accepted");
}

/** A PEM block that looks right and is not. */
const damaged = (pem: string): string => pem.replace(/^(-----BEGIN [A-Z ]+-----\n).{20}/, "$1AAAAAAAAAAAAAAAAAAAA");

describe("CA certificates", () => {
  it("are accepted one by one, in bundles and with text around them", () => {
    checkTlsSettings({ verify: true, ca: [] });
    checkTlsSettings({ verify: true, ca: [pki.caPem, pki.clientCaPem] });
    checkTlsSettings({ verify: true, ca: [`# Corp CA\n${pki.caPem}\nsubject=x\n${pki.clientCaPem}`] });
    checkTlsSettings({ verify: true, ca: [pki.caPem.replaceAll("\n", "\r\n")] });
    expect(certificatesIn(`${pki.caPem}${pki.clientCaPem}`, "setting-invalid")).toHaveLength(2);
  });

  it.each([
    ["", /not a certificate in PEM form/],
    ["junk", /not a certificate in PEM form/],
    ["\u0030\u0082\u0001\u000a", /not a certificate in PEM form/],
    ["-----BEGIN CERTIFICATE-----\njunk\n-----END CERTIFICATE-----\n", /damaged/],
    ["-----BEGIN CERTIFICATE-----\n", /not a certificate in PEM form/],
  ])("are refused when they are %j", (pem, message) => {
    const error = refusal({ verify: true, ca: [pem] });
    expect(error).toMatchObject({ code: "setting-invalid", retryable: false });
    expect(error.message).toMatch(message);
    expect(error.userAction).toBeTruthy();
  });

  it("are refused when one of a bundle is damaged, or a key was given instead", () => {
    expect(refusal({ verify: true, ca: [`${pki.caPem}${damaged(pki.clientCaPem)}`] }).message).toMatch(/damaged/);
    const error = refusal({ verify: true, ca: [pki.server.keyPem] });
    expect(error.message).toMatch(/not a certificate/);
    expect(JSON.stringify(error.toData())).not.toContain(pki.server.keyPem.split("\n")[1]);
  });

  it("are judged even where they would not be used", () => {
    expect(refusal({ verify: false, ca: ["junk"] }).code).toBe("setting-invalid");
  });
});

describe("client certificates", () => {
  it("are accepted with their key, alone or with their chain", () => {
    checkTlsSettings(settingsOf(pki.client));
    checkTlsSettings(withClient(`${pki.client.certPem}${pki.clientCaPem}`, pki.client.keyPem));
  });

  it("are refused without a certificate, or with a damaged one", () => {
    expect(refusal(withClient("junk", pki.client.keyPem))).toMatchObject({ code: "client-certificate-invalid" });
    expect(refusal(withClient(damaged(pki.client.certPem), pki.client.keyPem))).toMatchObject({
      code: "client-certificate-invalid",
      message: expect.stringContaining("damaged") as string,
    });
    expect(refusal(withClient(pki.client.keyPem, pki.client.keyPem)).code).toBe("client-certificate-invalid");
  });

  it("are refused with the key of another", () => {
    const error = refusal(withClient(pki.client.certPem, pki.secondClient.keyPem));
    expect(error.code).toBe("client-certificate-invalid");
    expect(error.message).toMatch(/does not belong/);
  });

  it("are accepted when the chain comes before the certificate itself", () => {
    checkTlsSettings(withClient(`${pki.clientCaPem}${pki.client.certPem}`, pki.client.keyPem));
  });

  it("are refused when they have ended, and say when", () => {
    const error = refusal(settingsOf(pki.expiredClient));
    expect(error.code).toBe("client-certificate-invalid");
    expect(error.message).toMatch(/ended on .*\d{4}/);
  });

  it.each(["", "junk", "-----BEGIN PRIVATE KEY-----\njunk\n-----END PRIVATE KEY-----\n"])(
    "are refused with the key %j",
    (key) => {
      const error = refusal(withClient(pki.client.certPem, key));
      expect(error.code).toBe("client-certificate-invalid");
      expect(error.message).toMatch(/cannot be read/);
      expect(error.cause).toBeUndefined();
    },
  );

  it("are refused with a certificate in the place of the key", () => {
    expect(refusal(withClient(pki.client.certPem, pki.client.certPem)).message).toMatch(/cannot be read/);
  });

  it("open with the passphrase of an encrypted key, and only with it", () => {
    const key = createPrivateKey(pki.client.keyPem)
      .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "open sesame" })
      .toString();
    checkTlsSettings(withClient(pki.client.certPem, key, "open sesame"));
    for (const passphrase of [undefined, "", "wrong"]) {
      const error = refusal(withClient(pki.client.certPem, key, passphrase));
      expect(error.code).toBe("client-certificate-invalid");
      expect(error.message).toMatch(/is encrypted: it needs|passphrase does not open/);
      expect(JSON.stringify(error.toData())).not.toMatch(/sesame|wrong/);
    }
    expect(() => createTlsIdentity(withClient(pki.client.certPem, key, "open sesame")).context()).not.toThrow();
  });

  it("say the same of an encrypted key of the old form", () => {
    const key = createPrivateKey(pki.client.keyPem)
      .export({ type: "sec1", format: "pem", cipher: "aes-256-cbc", passphrase: "open sesame" })
      .toString();
    checkTlsSettings(withClient(pki.client.certPem, key, "open sesame"));
    expect(refusal(withClient(pki.client.certPem, key)).message).toMatch(/encrypted/);
  });

  it("do not mind a passphrase that is not needed", () => {
    checkTlsSettings(withClient(pki.client.certPem, pki.client.keyPem, "needless"));
  });
});

describe("the identity of a tunnel's TLS", () => {
  const base: TlsSettings = { verify: true, ca: [] };

  it("is the same for the same settings, and another for any other", () => {
    const variants: TlsSettings[] = [
      base,
      { ...base, verify: false },
      { ...base, ca: [pki.caPem] },
      { ...base, ca: [pki.clientCaPem] },
      settingsOf(pki.client),
      settingsOf(pki.secondClient),
      { ...settingsOf(pki.client), verify: false },
    ];
    const keys = variants.map((settings) => createTlsIdentity(settings).key);
    expect(new Set(keys).size).toBe(variants.length);
    expect(variants.map((settings) => createTlsIdentity({ ...settings, ca: [...settings.ca] }).key)).toEqual(keys);
  });

  it("holds no secret in its key", () => {
    const { key, hasClientCertificate, verify } = createTlsIdentity(settingsOf(pki.client));
    expect(key).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect([hasClientCertificate, verify]).toEqual([true, true]);
    expect(createTlsIdentity({ ...base, verify: false })).toMatchObject({ verify: false, hasClientCertificate: false });
  });

  it("is made of one context, and of checked settings only", () => {
    const identity = createTlsIdentity({ ...base, ca: [pki.caPem] });
    expect(identity.context()).toBe(identity.context());
    expect(() => createTlsIdentity({ ...base, ca: ["junk"] })).toThrow(AppError);
  });
});
