import { createPrivateKey, X509Certificate } from "node:crypto";
import { expect, it } from "vitest";
import { checkClientCertificate } from "../../../../src/engine/tls/client-certificate.ts";
import { pemOf } from "../../../../src/engine/tls/pem-of.ts";
import { Authority, derOf } from "../../../support/certificates.ts";
import { samples } from "./pkcs12-samples.ts";

const root = await Authority.root("CN=Corp CA");
const [ec, rsa] = await Promise.all([
  root.issue({ subject: "CN=ada" }),
  root.issue({ subject: "CN=rsa", kind: "rsa" }),
]);

it("gives a certificate in DER as PEM", () => {
  const pem = pemOf(derOf(ec.cert)) ?? "";
  expect(new X509Certificate(pem).fingerprint256).toBe(new X509Certificate(ec.cert).fingerprint256);
});

it.each([
  ["PKCS#8", ec, "pkcs8", "PRIVATE KEY"],
  ["PKCS#8 of RSA", rsa, "pkcs8", "PRIVATE KEY"],
  ["SEC1, too short to look binary", ec, "sec1", "EC PRIVATE KEY"],
  ["PKCS#1", rsa, "pkcs1", "RSA PRIVATE KEY"],
] as const)("gives a private key in DER as PEM: %s", (_name, { cert, key }, type, label) => {
  const der = createPrivateKey(key).export({ type, format: "der" } as never) as unknown as Buffer;
  const pem = pemOf(der) ?? "";
  expect(pem).toMatch(new RegExp(`^-----BEGIN ${label}-----\n`));
  checkClientCertificate({ cert, key: pem });
});

it("gives an encrypted key in DER as PEM that is still encrypted", () => {
  const passphrase = "öffne dich";
  const options = { type: "pkcs8", format: "der", cipher: "aes-256-cbc", passphrase } as const;
  const pem = pemOf(createPrivateKey(ec.key).export(options)) ?? "";
  expect(() => checkClientCertificate({ cert: ec.cert, key: pem })).toThrow("it needs its passphrase");
  checkClientCertificate({ cert: ec.cert, key: pem, passphrase });
});

it("leaves a text as it is, and knows nothing else", () => {
  for (const text of ["", "0", "0 1 2", ec.cert, ec.key]) expect(pemOf(Buffer.from(text))).toBe(text);
  expect(pemOf(Buffer.from(samples.nss.file, "base64"))).toBeNull();
  expect(pemOf(derOf(ec.cert).subarray(0, 200))).toBeNull();
});
