import path from "node:path";
import type { ClientCertificate, ClientCertificateSource } from "../../engine/index.ts";
import { AppError, asAppError } from "../../shared/errors.ts";
import type { ParsedArguments } from "./parse-arguments.ts";
import { isRereadable, readGivenBytes } from "./read-file.ts";
import { naming, usageError } from "./usage.ts";

/** The files that a client certificate is in. */
interface Files {
  readonly certificate: string;
  /** null: with the certificate. */
  readonly key: string | null;
  readonly passphrase: string | null;
}

/** What the flags say about a client certificate. */
export interface GivenClientCertificate {
  readonly clientCertificate: ClientCertificate;
  /** Left out where the files can be read only once, such as pipes. */
  readonly clientCertificateSource?: ClientCertificateSource;
}

const flags = ["client-cert", "client-key", "client-key-passphrase-file"] as const;

const holdsKey = (pem: string): boolean => pem.includes("PRIVATE KEY-----");

/**
 * Reads the client certificate that the flags name: files in PEM or DER, or one PKCS#12 file.
 * @returns null where none is named.
 * @throws AppError of the usage kind that names the flag.
 */
export async function readClientCertificate(
  given: ParsedArguments,
  command: string,
): Promise<GivenClientCertificate | null> {
  const [certificate = "", key = "", passphrase = ""] = flags.map((flag) => given.text(flag));
  if (certificate === "" && key === "" && passphrase === "") return null;
  if (certificate === "") {
    const flag = key === "" ? "client-key-passphrase-file" : "client-key";
    throw usageError(`--${flag} needs the certificate of that key: --client-cert FILE.`, command);
  }
  const files: Files = {
    certificate,
    key: key === "" ? null : key,
    passphrase: passphrase === "" ? null : passphrase,
  };
  const { checkClientCertificate, FollowedFiles, stampOf } = await import("../../engine/index.ts");
  const names = namesOf(files);
  const stamp = await stampOf(names);
  const clientCertificate = await read(files, command);
  try {
    checkClientCertificate(clientCertificate);
  } catch (thrown) {
    throw refusal(files.key === null ? "--client-cert" : "--client-cert and --client-key", files, command, thrown);
  }
  const rereadable = await Promise.all(names.map((name) => isRereadable(name).catch(() => false)));
  return rereadable.every(Boolean)
    ? {
        clientCertificate,
        clientCertificateSource: new FollowedFiles({ files: names, stamp, read: () => read(files, command) }),
      }
    : { clientCertificate };
}

/** Names the flags, and the one that is missing where only the passphrase is. */
function refusal(flagsOfIt: string, { passphrase }: Files, command: string, thrown: unknown): AppError {
  const error = naming(flagsOfIt, command, asAppError(thrown));
  const wantsPassphrase = thrown instanceof Error && "part" in thrown && thrown.part === "passphrase";
  return wantsPassphrase && passphrase === null
    ? new AppError(error.code, error.message, { userAction: "Give it with --client-key-passphrase-file FILE." })
    : error;
}

const namesOf = ({ certificate, key, passphrase }: Files): string[] =>
  [certificate, key, passphrase].filter((name) => name !== null);

async function bytesOf(flag: (typeof flags)[number], file: string, command: string): Promise<Buffer> {
  try {
    return await readGivenBytes(file);
  } catch (thrown) {
    throw naming(`--${flag}`, command, asAppError(thrown));
  }
}

/** Reads it anew. @throws AppError of the usage kind. */
async function read(files: Files, command: string): Promise<ClientCertificate> {
  const { isPkcs12, openPkcs12, pemOf } = await import("../../engine/index.ts");
  const passphrase =
    files.passphrase === null
      ? null
      : // The newline behind it is the editor's, as is the mark in front that Windows writes; a space may be the passphrase's.
        (await bytesOf("client-key-passphrase-file", files.passphrase, command))
          .toString("utf8")
          .replace(/^\uFEFF|\r?\n$/g, "");
  const bytes = await bytesOf("client-cert", files.certificate, command);
  const cert = pemOf(bytes);
  // What is no PEM at all is told as that, rather than as a certificate whose key is missing.
  if (cert === null || (files.key === null && !cert.includes("-----BEGIN "))) {
    if (files.key !== null && isPkcs12(bytes))
      throw usageError("--client-cert names a PKCS#12 file, which holds its key: leave out --client-key.", command);
    try {
      return await openPkcs12(bytes, passphrase ?? "", path.basename(files.certificate));
    } catch (thrown) {
      throw refusal("--client-cert", files, command, thrown);
    }
  }
  if (files.key === null && !holdsKey(cert))
    throw usageError("--client-cert needs the key of that certificate: --client-key FILE.", command);
  const keyBytes = files.key === null ? null : await bytesOf("client-key", files.key, command);
  const key = keyBytes === null ? cert : (pemOf(keyBytes) ?? keyBytes.toString("utf8"));
  return { cert, key, ...(passphrase === null ? {} : { passphrase }) };
}
