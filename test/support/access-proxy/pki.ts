import { webcrypto } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import "./metadata-polyfill.ts";
import * as x509 from "@peculiar/x509";
import { temporaryFolder } from "../temporary-folder.ts";

/** A certificate with its private key, both as PEM and as files. */
export interface Identity {
  readonly certPem: string;
  readonly keyPem: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** Which leaf the proxy shows: a good one or one with exactly one thing wrong. */
export type ServerCertificate = "good" | "expired" | "wrong-name" | "not-yet-valid";

/** Everything a test needs in certificates. `serverCa` signs the proxy, `clientCa` the clients; `otherCa` is trusted by nobody. */
export interface Pki {
  readonly folder: string;
  readonly caPem: string;
  readonly caFile: string;
  readonly clientCaPem: string;
  readonly clientCaFile: string;
  readonly server: Identity;
  /** Accepted by the proxy. */
  readonly client: Identity;
  /** As `client`, for a second user: to see which of two was chosen. */
  readonly secondClient: Identity;
  /** Signed by the right CA, but out of date. */
  readonly expiredClient: Identity;
  /** Signed by a CA that the proxy does not know. */
  readonly strangerClient: Identity;
  /** Issues another client certificate from the accepted CA. */
  issueClient(name: string): Promise<Identity>;
  /** Removes the folder with the PEM files. */
  remove(): void;
}

export interface PkiOptions {
  readonly names: readonly string[];
  readonly addresses?: readonly string[];
  readonly certificate?: ServerCertificate;
}

const day = 86_400_000;
const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

interface Authority {
  readonly pem: string;
  readonly subject: string;
  readonly keys: webcrypto.CryptoKeyPair;
}

interface LeafRequest {
  readonly name: string;
  readonly usage: "server" | "client";
  readonly names?: readonly string[];
  readonly addresses?: readonly string[];
  readonly from?: Date;
  readonly to?: Date;
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

async function newAuthority(commonName: string): Promise<Authority> {
  const keys = await newKeys();
  const subject = `CN=${commonName}, O=Culvert tests`;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: subject,
      notBefore: new Date(Date.now() - day),
      notAfter: new Date(Date.now() + 30 * day),
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 1, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    },
    webcrypto,
  );
  return { pem: certificate.toString("pem") + "\n", subject, keys };
}

async function newLeaf(authority: Authority, request: LeafRequest): Promise<{ certPem: string; keyPem: string }> {
  const keys = await newKeys();
  const usage = request.usage === "server" ? x509.ExtendedKeyUsage.serverAuth : x509.ExtendedKeyUsage.clientAuth;
  const alternatives = [
    ...(request.names ?? []).map((value) => ({ type: "dns" as const, value })),
    ...(request.addresses ?? []).map((value) => ({ type: "ip" as const, value })),
  ];
  const certificate = await x509.X509CertificateGenerator.create(
    {
      subject: `CN=${request.name}, O=Culvert tests`,
      issuer: authority.subject,
      notBefore: request.from ?? new Date(Date.now() - day),
      notAfter: request.to ?? new Date(Date.now() + 30 * day),
      signingAlgorithm: algorithm,
      publicKey: keys.publicKey,
      signingKey: authority.keys.privateKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([usage]),
        await x509.AuthorityKeyIdentifierExtension.create(authority.keys.publicKey),
        ...(alternatives.length > 0 ? [new x509.SubjectAlternativeNameExtension(alternatives)] : []),
      ],
    },
    webcrypto,
  );
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  const lines = pkcs8.match(/.{1,64}/g) ?? [];
  return {
    certPem: certificate.toString("pem") + "\n",
    keyPem: `-----BEGIN PRIVATE KEY-----\n${lines.join("\n")}\n-----END PRIVATE KEY-----\n`,
  };
}

function serverRequest(options: PkiOptions): LeafRequest {
  const good: LeafRequest = {
    name: "Culvert test proxy",
    usage: "server",
    names: options.names,
    addresses: options.addresses ?? ["127.0.0.1", "::1"],
  };
  switch (options.certificate ?? "good") {
    case "good":
      return good;
    case "expired":
      return { ...good, from: new Date(Date.now() - 3 * day), to: new Date(Date.now() - day) };
    case "not-yet-valid":
      return { ...good, from: new Date(Date.now() + day), to: new Date(Date.now() + 3 * day) };
    case "wrong-name":
      return { ...good, names: ["somewhere-else.test"], addresses: ["192.0.2.1"] };
  }
}

/** Makes the CAs and certificates of one stand-in and writes them to a temporary folder. */
export async function createPki(options: PkiOptions): Promise<Pki> {
  const folder = temporaryFolder("pki");
  const write = (name: string, text: string): string => {
    const file = path.join(folder, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  const identity = async (name: string, authority: Authority, request: LeafRequest): Promise<Identity> => {
    const leaf = await newLeaf(authority, request);
    return { ...leaf, certFile: write(`${name}.crt`, leaf.certPem), keyFile: write(`${name}.key`, leaf.keyPem) };
  };
  const [serverCa, clientCa, otherCa] = await Promise.all([
    newAuthority("Culvert test CA"),
    newAuthority("Culvert test client CA"),
    newAuthority("Culvert stranger CA"),
  ]);
  const outdated = { from: new Date(Date.now() - 3 * day), to: new Date(Date.now() - day) };
  const [server, client, secondClient, expiredClient, strangerClient] = await Promise.all([
    identity("server", serverCa, serverRequest(options)),
    identity("client", clientCa, { name: "alice", usage: "client" }),
    identity("second-client", clientCa, { name: "bob", usage: "client" }),
    identity("expired-client", clientCa, { name: "alice", usage: "client", ...outdated }),
    identity("stranger-client", otherCa, { name: "alice", usage: "client" }),
  ]);
  return {
    folder,
    caPem: serverCa.pem,
    caFile: write("ca.crt", serverCa.pem),
    clientCaPem: clientCa.pem,
    clientCaFile: write("client-ca.crt", clientCa.pem),
    server,
    client,
    secondClient,
    expiredClient,
    strangerClient,
    issueClient: (name) => identity(`client-${name}`, clientCa, { name, usage: "client" }),
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
