import path from "node:path";
import { pemOf, type ClientCertificate } from "../../engine/index.ts";
import { shown } from "../../shared/address.ts";
import { AppError } from "../../shared/errors.ts";
import { connectionLimits, type CertificateFiles } from "../../shared/model/connection.ts";
import { pemParts } from "../../shared/pem.ts";
import { readFileBytes } from "./text-file.ts";

async function readPem(file: string): Promise<string> {
  const pem = pemOf(await readFileBytes(file, connectionLimits.pemLength));
  if (pem !== null) return pem;
  throw new AppError("file-unreadable", `${shown(path.basename(file))} is no longer in PEM form.`, {
    userAction: "Choose the client certificate again.",
  });
}

/**
 * Reads a client certificate where it was chosen; what else the files hold is left out.
 * @throws AppError `file-unreadable`. Whether certificate and key are good and fit is not looked at.
 */
export async function readCertificateFiles(files: CertificateFiles): Promise<Omit<ClientCertificate, "passphrase">> {
  const certificate = await readPem(files.certificate);
  const key = files.key === files.certificate ? certificate : await readPem(files.key);
  const { certificates } = pemParts(certificate);
  return { cert: certificates === "" ? certificate : certificates, key: pemParts(key).key || key };
}
