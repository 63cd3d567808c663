import { createPrivateKey, X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { checkClientCertificate, ClientCertificateError } from "../../../../src/engine/tls/client-certificate.ts";
import { describeCertificate } from "../../../../src/engine/tls/describe.ts";
import { createTlsIdentity } from "../../../../src/engine/tls/identity.ts";
import { dayOf } from "../../../../src/shared/words/format.ts";
import { Authority, type Issued } from "../../../support/certificates.ts";
import { refusal } from "./refused-certificate.ts";

let root: Authority;
let middle: Authority;
let ada: Issued;
let rsa: Issued;
beforeAll(async () => {
  root = await Authority.root("CN=Corp CA, O=Corp");
  middle = await root.intermediate("CN=Corp Issuing CA, O=Corp");
  [ada, rsa] = await Promise.all([
    middle.issue({ subject: "CN=ada, O=Corp", names: ["ada.corp.test"] }),
    middle.issue({ subject: "CN=rsa, O=Corp", kind: "rsa" }),
  ]);
});

const subjects = (pem: string): string[] =>
  (pem.match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g) ?? []).map((one) => new X509Certificate(one).subject);

describe("the chain of a client certificate", () => {
  it("is sent leaf first, however the file orders it", async () => {
    const other = await Authority.root("CN=Other CA");
    const orders = [
      ada.cert + middle.pem + root.pem,
      root.pem + middle.pem + ada.cert,
      middle.pem + ada.cert + root.pem,
    ];
    for (const cert of orders) {
      const { leaf, chain } = checkClientCertificate({ cert, key: ada.key });
      expect(leaf.subject).toContain("CN=ada");
      expect(subjects(chain).map((name) => /CN=(.*)/.exec(name)?.[1])).toEqual(["ada", "Corp Issuing CA", "Corp CA"]);
    }
    const { chain } = checkClientCertificate({ cert: other.pem + ada.cert + middle.pem, key: ada.key });
    expect(subjects(chain).map((name) => /CN=(.*)/.exec(name)?.[1])).toEqual(["ada", "Corp Issuing CA", "Other CA"]);
  });

  it("is described by the certificate that issued none of the others", () => {
    for (const pem of [ada.cert + middle.pem, root.pem + middle.pem + ada.cert])
      expect(describeCertificate(pem)).toMatchObject({
        name: "ada",
        issuerName: "Corp Issuing CA",
        names: ["DNS:ada.corp.test"],
        uses: ["client authentication"],
        fingerprint: new X509Certificate(ada.cert).fingerprint256,
      });
    expect(describeCertificate(ada.cert).subject.split(", ").sort()).toEqual(["CN=ada", "O=Corp"]);
    expect(() => describeCertificate("junk")).toThrow(ClientCertificateError);
  });
});

describe("encrypted keys", () => {
  const passphrase = "öffne dich";
  const encrypted = (key: string, type: "pkcs8" | "sec1" | "pkcs1", cipher: string): string =>
    createPrivateKey(key)
      .export({ type, format: "pem", cipher, passphrase } as never)
      .toString();

  it.each([
    ["ec", "pkcs8", "aes-256-cbc", "BEGIN ENCRYPTED PRIVATE KEY"],
    ["rsa", "pkcs8", "aes-128-cbc", "BEGIN ENCRYPTED PRIVATE KEY"],
    ["rsa", "pkcs8", "des-ede3-cbc", "BEGIN ENCRYPTED PRIVATE KEY"],
    ["ec", "sec1", "aes-256-cbc", "Proc-Type: 4,ENCRYPTED"],
    ["rsa", "pkcs1", "aes-256-cbc", "Proc-Type: 4,ENCRYPTED"],
    ["rsa", "pkcs1", "des-ede3-cbc", "Proc-Type: 4,ENCRYPTED"],
  ] as const)("%s, %s with %s: the passphrase opens it, a wrong one and none do not", (kind, type, cipher, mark) => {
    const { cert, key: plain } = kind === "ec" ? ada : rsa;
    const key = encrypted(plain, type, cipher);
    expect(key).toContain(mark);
    checkClientCertificate({ cert, key, passphrase });
    const clientCertificate = { cert, key, passphrase };
    expect(() => createTlsIdentity({ verify: true, ca: [], clientCertificate }).context()).not.toThrow();
    const wrong = refusal(cert, key, "falsch");
    expect(wrong).toMatchObject({ part: "passphrase", message: "The passphrase does not open this private key." });
    for (const none of [undefined, ""])
      expect(refusal(cert, key, none)).toMatchObject({
        part: "passphrase",
        message: "The private key is encrypted: it needs its passphrase.",
      });
    expect(JSON.stringify(wrong.toData())).not.toMatch(/öffne|falsch/);
  });
});

describe("what cannot be used is refused beside the part that can mend it", () => {
  const days = (count: number): string => dayOf(Date.now() + count * 86_400_000);

  it("the key of another", () => {
    for (const cert of [ada.cert, root.pem + middle.pem + ada.cert])
      expect(refusal(cert, rsa.key)).toMatchObject({
        part: "key",
        message: 'This key does not belong to the certificate of "ada", signed by "Corp Issuing CA".',
        beside: "This key does not belong to this certificate.",
      });
  });

  it("one key of several, where another one stands first", () => {
    const first = "Put the key that the certificate was requested with first: of several, only that one counts.";
    expect(refusal(ada.cert, rsa.key + ada.key)).toMatchObject({ part: "key", userAction: first });
    checkClientCertificate({ cert: ada.cert, key: ada.key + rsa.key });
  });

  it("an expired one, and one that is not valid yet", async () => {
    const [over, early] = await Promise.all([
      middle.issue({ subject: "CN=over", fromDays: -30, toDays: -2 }),
      middle.issue({ subject: "CN=early", fromDays: 2 }),
    ]);
    expect(refusal(over.cert, over.key)).toMatchObject({
      part: "certificate",
      message: `The certificate of "over", signed by "Corp Issuing CA", ended on ${days(-2)}.`,
      beside: `This certificate ended on ${days(-2)}.`,
    });
    expect(refusal(early.cert, early.key)).toMatchObject({
      part: "certificate",
      message: `The certificate of "early", signed by "Corp Issuing CA", is not valid before ${days(2)}.`,
      beside: `This certificate is not valid before ${days(2)}.`,
      validFrom: Date.parse(new X509Certificate(early.cert).validFrom),
    });
  });

  it("one that was made for servers; one without bounds is fine", async () => {
    const [server, free] = await Promise.all([
      middle.issue({ subject: "CN=server", usage: "server" }),
      middle.issue({ subject: "CN=free", usage: "none" }),
    ]);
    expect(refusal(server.cert, server.key)).toMatchObject({
      part: "certificate",
      message:
        'The certificate of "server", signed by "Corp Issuing CA", is not for client authentication, but for server authentication.',
      beside: "This certificate is not for client authentication, but for server authentication.",
    });
    checkClientCertificate(free);
  });
});
