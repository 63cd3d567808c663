import type { TlsSettings } from "../../engine/index.ts";
import { AppError, asAppError } from "../../shared/errors.ts";
import type { ParsedArguments } from "./parse-arguments.ts";
import { readGivenFile } from "./read-file.ts";
import { naming, usageError } from "./usage.ts";

const storeFlags = ["client-cert-from-store", "client-cert-issuer", "client-cert-subject"];

function refuseStoreFlags(given: ParsedArguments): void {
  const asked = storeFlags.find((name) => given.on(name) || given.text(name) !== undefined);
  if (asked === undefined) return;
  throw new AppError("not-available-yet", `--${asked} is not available yet.`, {
    userAction: "Export the certificate and its key to PEM files, and name them with --client-cert and --client-key.",
  });
}

/** The value of --ca-cert: PEM in base64, as the existing client takes it. */
function decodedCa(value: string): string {
  const packed = value.replace(/\s+/g, "");
  const text = /^[A-Za-z0-9+/]+=*$/.test(packed) ? Buffer.from(packed, "base64").toString("utf8") : "";
  if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  throw new AppError("setting-invalid", "This is not a PEM certificate in base64.", {
    userAction: "Name a PEM file with --alternate-ca-path instead.",
  });
}

/** Reads one flag's file; the error names the flag. */
async function fileOf(flag: string, file: string, command: string): Promise<string> {
  try {
    return await readGivenFile(file);
  } catch (thrown) {
    throw naming(`--${flag}`, command, asAppError(thrown));
  }
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
  refuseStoreFlags(given);
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

  const certPath = given.text("client-cert") ?? "";
  const keyPath = given.text("client-key") ?? "";
  if (certPath === "" && keyPath === "") return { verify, ca };
  if (certPath === "") throw usageError("--client-key needs the certificate of that key: --client-cert FILE.", command);
  if (keyPath === "") throw usageError("--client-cert needs the key of that certificate: --client-key FILE.", command);
  const cert = await fileOf("client-cert", certPath, command);
  const key = await fileOf("client-key", keyPath, command);
  const settings: TlsSettings = { verify, ca, clientCertificate: { cert, key } };
  await check("--client-cert and --client-key", command, settings);
  return settings;
}
