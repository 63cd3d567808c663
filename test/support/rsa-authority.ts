import { webcrypto } from "node:crypto";
import "./access-proxy/metadata-polyfill.ts";
import * as x509 from "@peculiar/x509";
import type { Issued } from "./certificates.ts";

const day = 86_400_000;
const rsa = {
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};

export interface RsaRequest {
  readonly subject: string;
  readonly usage: "client" | "server";
  /** Names and addresses it is for. */
  readonly names?: readonly string[];
  readonly addresses?: readonly string[];
  /** Days from now; may be negative. */
  readonly fromDays?: number;
  readonly toDays?: number;
}

async function keyPem({ privateKey }: webcrypto.CryptoKeyPair): Promise<string> {
  const der = await webcrypto.subtle.exportKey("pkcs8", privateKey);
  return `${x509.PemConverter.encode(der, "PRIVATE KEY")}\n`;
}

/**
 * A CA that Mono can work with: it knows no ECDSA in chains, and keeps certificates in its stores by their subject key identifier.
 * `Authority` of certificates.ts has neither RSA roots nor that extension.
 */
export class RsaAuthority {
  readonly pem: string;
  /** Its private key, for a server that shows the CA itself. */
  readonly key: string;
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #certificate: x509.X509Certificate;

  private constructor(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair, key: string) {
    this.pem = `${certificate.toString("pem")}\n`;
    this.key = key;
    this.#certificate = certificate;
    this.#keys = keys;
  }

  /** @param like It gets the serial number and the key identifier of this one, but never its key. */
  static async root(name: string, like?: RsaAuthority): Promise<RsaAuthority> {
    const keys = await webcrypto.subtle.generateKey(rsa, true, ["sign", "verify"]);
    const extensions = await RsaAuthority.#ofAuthority(keys.publicKey);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned(
      {
        name,
        notBefore: new Date(Date.now() - 400 * day),
        notAfter: new Date(Date.now() + 400 * day),
        signingAlgorithm: rsa,
        keys,
        extensions: like ? like.#certificate.extensions : extensions,
        ...(like ? { serialNumber: like.#certificate.serialNumber } : {}),
      },
      webcrypto,
    );
    return new RsaAuthority(certificate, keys, await keyPem(keys));
  }

  /** A CA below this one. */
  async intermediate(subject: string): Promise<RsaAuthority> {
    const keys = await webcrypto.subtle.generateKey(rsa, true, ["sign", "verify"]);
    const extensions = await RsaAuthority.#ofAuthority(keys.publicKey);
    return new RsaAuthority(await this.#sign(subject, keys, -1, 300, extensions), keys, await keyPem(keys));
  }

  async issue(request: RsaRequest): Promise<Issued> {
    const { subject, usage, names = [], addresses = [], fromDays = -1, toDays = 30 } = request;
    const keys = await webcrypto.subtle.generateKey(rsa, true, ["sign", "verify"]);
    const { clientAuth, serverAuth } = x509.ExtendedKeyUsage;
    const alternatives = [
      ...names.map((value) => ({ type: "dns" as const, value })),
      ...addresses.map((value) => ({ type: "ip" as const, value })),
    ];
    const certificate = await this.#sign(subject, keys, fromDays, toDays, [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.ExtendedKeyUsageExtension([usage === "client" ? clientAuth : serverAuth]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ...(alternatives.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(alternatives)]),
    ]);
    return { cert: `${certificate.toString("pem")}\n`, key: await keyPem(keys) };
  }

  static async #ofAuthority(key: webcrypto.CryptoKey): Promise<x509.Extension[]> {
    return [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(key, false, webcrypto),
    ];
  }

  #sign(
    subject: string,
    { publicKey }: webcrypto.CryptoKeyPair,
    fromDays: number,
    toDays: number,
    extensions: x509.Extension[],
  ): Promise<x509.X509Certificate> {
    return x509.X509CertificateGenerator.create(
      {
        subject,
        issuer: this.#certificate.subjectName.toJSON(),
        notBefore: new Date(Date.now() + fromDays * day),
        notAfter: new Date(Date.now() + toDays * day),
        signingAlgorithm: rsa,
        publicKey,
        signingKey: this.#keys.privateKey,
        extensions,
      },
      webcrypto,
    );
  }
}
