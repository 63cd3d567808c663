import type { TlsSettings } from "../../engine/index.ts";
import { AppError, asAppError } from "../../shared/errors.ts";
import { readCertificateSearch } from "./certificate-search.ts";
import { readClientCertificate } from "./client-certificate.ts";
import type { ParsedArguments } from "./parse-arguments.ts";
import { readGivenBytes } from "./read-file.ts";
import { naming } from "./usage.ts";

/** The value of --ca-cert: PEM, or PEM in base64, as the existing client takes it. */
function decodedCa(value: string): string {
  if (value.includes("-----BEGIN CERTIFICATE-----")) return value;
  const packed = value.replace(/\s+/g, "");
  const text = /^[A-Za-z0-9+/]+=*$/.test(packed) ? Buffer.from(packed, "base64").toString("utf8") : "";
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new AppError("setting-invalid", "This is neither a PEM certificate nor one in base64.", {
    userAction: "Name a PEM file with --alternate-ca-path instead.",
  });
}

/** Reads one flag's file, a certificate in DER as PEM; the error names the flag. */
async function fileOf(flag: string, file: string, command: string): Promise<string> {
  const bytes = await readGivenBytes(file).catch((thrown: unknown) => {
    throw naming(`--${flag}`, command, asAppError(thrown));
  });
  const { pemOf } = await import("../../engine/index.ts");
  // Of other DER the check of the settings says that it is no certificate.
  return pemOf(bytes) ?? bytes.toString("utf8");
}

async function check(flag: string, command: string, settings: TlsSettings): Promise<void> {
  const { checkTlsSettings } = await import("../../engine/index.ts");
  try {
    checkTlsSettings(settings);
  } catch (thrown) {
    throw naming(flag, command, asAppError(thrown));
  }
}

/**
 * Reads the TLS flags and their files, once.
 * @throws AppError of the usage kind that names the flag.
 */
export async function readTlsSettings(given: ParsedArguments, command: string): Promise<TlsSettings> {
  const search = await readCertificateSearch(given, command);
  const verify = !given.on("disable-tls-verification");
  const ca: string[] = [];

  const caPath = given.text("alternate-ca-path") ?? "";
  if (caPath !== "") {
    const pem = await fileOf("alternate-ca-path", caPath, command);
    await check(`--alternate-ca-path ${caPath}`, command, { verify, ca: [pem] });
    ca.push(pem);
  }
  const caText = given.text("ca-cert") ?? "";
  if (caText !== "") {
    try {
      ca.push(decodedCa(caText));
    } catch (thrown) {
      throw naming("--ca-cert", command, asAppError(thrown));
    }
    await check("--ca-cert", command, { verify, ca });
  }

  const client = await readClientCertificate(given, command);
  return { verify, ca, ...client, ...search };
}
