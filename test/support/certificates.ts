import { webcrypto } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import "./access-proxy/metadata-polyfill.ts";
import * as x509 from "@peculiar/x509";
import { temporaryFolder } from "./temporary-folder.ts";

const day = 86_400_000;
const ec = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const rsa = {
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};

/** A certificate with its private key, as PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

/** A distinguished name: `CN=x, O=y`, or what such a text cannot say. */
export type Subject = string | x509.JsonName;

export interface IssueRequest {
  readonly subject: Subject;
  /** "none" has no extended key usage at all. */
  readonly usage?: "client" | "server" | "none";
  readonly names?: readonly string[];
  readonly kind?: "ec" | "rsa";
  /** Days from now; may be negative. */
  readonly fromDays?: number;
  readonly toDays?: number;
}

function newKeys(kind: "ec" | "rsa" = "ec"): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(kind === "rsa" ? rsa : ec, true, ["sign", "verify"]);
}

const pemOf = (certificate: x509.X509Certificate): string => `${certificate.toString("pem")}\n`;

async function keyPem({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", privateKey));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join("\n")}\n-----END PRIVATE KEY-----\n`;
}

const caExtensions = (): x509.Extension[] => [
  new x509.BasicConstraintsExtension(true, undefined, true),
  new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
];

/** A CA that signs whatever a test needs. */
export class Authority {
  readonly pem: string;
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #certificate: x509.X509Certificate;

  private constructor(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.#certificate = certificate;
    this.#keys = keys;
    this.pem = pemOf(certificate);
  }

  static async root(subject: Subject): Promise<Authority> {
    const keys = await newKeys();
    return new Authority(await Authority.#selfSigned(subject, keys), keys);
  }

  static #selfSigned(name: Subject, keys: webcrypto.CryptoKeyPair): Promise<x509.X509Certificate> {
    return x509.X509CertificateGenerator.createSelfSigned(
      {
        name,
        notBefore: new Date(Date.now() - 400 * day),
        notAfter: new Date(Date.now() + 400 * day),
        signingAlgorithm: ec,
        keys,
        extensions: caExtensions(),
      },
      webcrypto,
    );
  }

  /** A root of another name with the same key, as PEM: quick to make by the hundred. */
  async again(subject: Subject): Promise<string> {
    return pemOf(await Authority.#selfSigned(subject, this.#keys));
  }

  /** An intermediate CA below this one. */
  async intermediate(subject: Subject, { fromDays = -1, toDays = 300 } = {}): Promise<Authority> {
    const keys = await newKeys();
    const certificate = await x509.X509CertificateGenerator.create(
      {
        subject,
        issuer: this.#certificate.subjectName.toJSON(),
        notBefore: new Date(Date.now() + fromDays * day),
        notAfter: new Date(Date.now() + toDays * day),
        signingAlgorithm: ec,
        publicKey: keys.publicKey,
        signingKey: this.#keys.privateKey,
        extensions: caExtensions(),
      },
      webcrypto,
    );
    return new Authority(certificate, keys);
  }

  /** A certificate of another CA, signed by this one, as PEM. */
  async crossSigned(other: Authority): Promise<string> {
    const certificate = await x509.X509CertificateGenerator.create(
      {
        subject: other.#certificate.subjectName.toJSON(),
        issuer: this.#certificate.subjectName.toJSON(),
        notBefore: new Date(Date.now() - day),
        notAfter: new Date(Date.now() + 300 * day),
        signingAlgorithm: ec,
        publicKey: other.#keys.publicKey,
        signingKey: this.#keys.privateKey,
        extensions: caExtensions(),
      },
      webcrypto,
    );
    return pemOf(certificate);
  }

  /** A list (CRL), as PEM, that says that these certificates were revoked. */
  async revoked(...certificates: readonly Pick<Issued, "cert">[]): Promise<string> {
    const list = await x509.X509CrlGenerator.create(
      {
        issuer: this.#certificate.subjectName.toJSON(),
        thisUpdate: new Date(Date.now() - day),
        nextUpdate: new Date(Date.now() + 30 * day),
        signingAlgorithm: ec,
        signingKey: this.#keys.privateKey,
        entries: certificates.map(({ cert }) => ({ serialNumber: new x509.X509Certificate(cert).serialNumber })),
      },
      webcrypto,
    );
    // OpenSSL knows it by this label alone.
    return `${list.toString("pem").replaceAll(" CRL-", " X509 CRL-")}\n`;
  }

  async issue(request: IssueRequest): Promise<Issued> {
    return this.#issueFor(await newKeys(request.kind), request);
  }

  /** Certificates for one and the same key, as a renewal gives them. */
  async issueAgain(
    request: IssueRequest,
    times: readonly Pick<IssueRequest, "fromDays" | "toDays">[],
  ): Promise<Issued[]> {
    const keys = await newKeys(request.kind);
    return Promise.all(times.map((time) => this.#issueFor(keys, { ...request, ...time })));
  }

  async #issueFor(keys: webcrypto.CryptoKeyPair, request: IssueRequest): Promise<Issued> {
    const { clientAuth, serverAuth } = x509.ExtendedKeyUsage;
    const usage = request.usage ?? "client";
    const names = request.names ?? [];
    const certificate = await x509.X509CertificateGenerator.create(
      {
        subject: request.subject,
        issuer: this.#certificate.subjectName.toJSON(),
        notBefore: new Date(Date.now() + (request.fromDays ?? -1) * day),
        notAfter: new Date(Date.now() + (request.toDays ?? 30) * day),
        signingAlgorithm: ec,
        publicKey: keys.publicKey,
        signingKey: this.#keys.privateKey,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          ...(usage === "none"
            ? []
            : [new x509.ExtendedKeyUsageExtension([usage === "client" ? clientAuth : serverAuth])]),
          ...(names.length === 0
            ? []
            : [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns" as const, value })))]),
        ],
      },
      webcrypto,
    );
    return { cert: pemOf(certificate), key: await keyPem(keys) };
  }
}

/** DER of the first certificate of a PEM text. */
export const derOf = (pem: string): Buffer => Buffer.from(new x509.X509Certificate(pem).rawData);

/** A folder of one test for files with certificates; nobody else can read it. */
export class CertificateFolder {
  readonly path = temporaryFolder("certificates");

  write(name: string, text: string | Buffer): string {
    const file = path.join(this.path, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
