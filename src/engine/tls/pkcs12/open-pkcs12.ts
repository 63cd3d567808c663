import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { shown } from "../../../shared/address.ts";
import { ClientCertificateError, isValidNow, type ClientCertificate } from "../client-certificate.ts";
import { UnknownProtection } from "./passphrase.ts";
import { isPkcs12, readPkcs12, type Pkcs12Contents } from "./read-pkcs12.ts";

/** It asks for a passphrase, so that the key is encrypted in the new file as well. */
const makeAnew = "Convert it, and give the new file: openssl pkcs12 -legacy -in FILE -out NEW.pem";

/**
 * Opens a PKCS#12 file (.p12, .pfx) and gives its client certificate with its chain and key as PEM. Not left to TLS itself:
 * Node's `pfx` would trust every CA in the file, does not open older files, and tells nobody which certificate it is.
 * @param name of the file, for what is said about it.
 * @throws ClientCertificateError.
 */
export async function openPkcs12(bytes: Uint8Array, passphrase: string, name: string): Promise<ClientCertificate> {
  const file = shown(name);
  if (!isPkcs12(bytes)) {
    throw new ClientCertificateError(
      "certificate",
      `${file} is neither a certificate in PEM form nor a PKCS#12 file.`,
      "Give a PEM file with its key, or a .p12 or .pfx file.",
    );
  }
  const found = await contentsOf(bytes, passphrase, file);
  if (found === null) {
    throw passphrase === ""
      ? new ClientCertificateError("passphrase", `${file} needs its passphrase.`, "Give the passphrase of the file.")
      : new ClientCertificateError(
          "passphrase",
          `The passphrase does not open ${file}.`,
          "Give the passphrase that the file was exported with.",
        );
  }
  return pairOf(found, file);
}

async function contentsOf(bytes: Uint8Array, passphrase: string, file: string): Promise<Pkcs12Contents | null> {
  try {
    return await readPkcs12(bytes, passphrase);
  } catch (error) {
    if (error instanceof UnknownProtection) {
      throw new ClientCertificateError(
        "certificate",
        `${file} is protected in a way that Culvert does not know (${shown(error.message)}).`,
        makeAnew,
      );
    }
    throw damaged(file);
  }
}

const damaged = (file: string): ClientCertificateError =>
  new ClientCertificateError("certificate", `${file} is damaged.`, "Export it again, or ask its issuer for it.");

function pairOf({ keys, certificates }: Pkcs12Contents, file: string): ClientCertificate {
  if (keys.length === 0) {
    throw new ClientCertificateError("certificate", `${file} holds no private key.`, "Export it again with its key.");
  }
  let known: X509Certificate[];
  let opened: KeyObject[];
  try {
    known = certificates.map((der) => new X509Certificate(der));
    opened = keys.map((key) => createPrivateKey({ key, format: "der", type: "pkcs8" }));
  } catch {
    throw damaged(file);
  }
  const pairs = opened.flatMap((key) =>
    known.filter((certificate) => certificate.checkPrivateKey(key)).map((leaf) => ({ key, leaf })),
  );
  // An export may hold what was used before as well.
  const pair = pairs.find(({ leaf }) => isValidNow(leaf)) ?? pairs[0];
  if (pair) {
    const { key, leaf } = pair;
    const chain = [leaf, ...known.filter((one) => one !== leaf)].map((one) => one.toString());
    return { cert: chain.join(""), key: key.export({ type: "pkcs8", format: "pem" }).toString() };
  }
  throw new ClientCertificateError(
    "certificate",
    `${file} holds no certificate for its private key.`,
    "Export it again with its certificate.",
  );
}
