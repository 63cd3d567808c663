import { ClientCertificateError, openPkcs12 } from "../../engine/index.ts";
import { asAppError } from "../../shared/errors.ts";
import type { Connection, ConnectionField, ConnectionInput, FieldProblem } from "../../shared/model/connection.ts";
import { sameFiles } from "../state/followed-certificates.ts";

type Certificate = ConnectionInput["clientCertificate"];

/** An input whose PKCS#12 file has been opened: the rest of the app knows PEM alone. */
export type OpenedInput = Omit<ConnectionInput, "clientCertificate"> & {
  readonly clientCertificate: Exclude<Certificate, { readonly kind: "pkcs12" }>;
};

export interface Opened {
  readonly input: OpenedInput;
  /** Why the file could not be opened; the input has no client certificate then, and is not to be saved. */
  readonly problems: readonly FieldProblem[];
}

/** A sentence that stands beside a field. */
export function fieldProblem(field: ConnectionField, thrown: unknown): FieldProblem {
  const sentence = thrown instanceof ClientCertificateError ? thrown.beside : asAppError(thrown).message;
  return { field, level: "error", message: sentence.replace(/\.$/, "") };
}

/**
 * Opens the PKCS#12 file of an input, if it has one.
 * @param from the connection that the input changes or copies.
 */
export async function openInput(input: ConnectionInput, from: Connection | undefined): Promise<Opened> {
  const { clientCertificate: given } = input;
  if (given.kind !== "pkcs12") return { input: { ...input, clientCertificate: asRenewed(given, from) }, problems: [] };
  const without: OpenedInput = { ...input, clientCertificate: { kind: "none" } };
  if (given.file === "")
    return { input: without, problems: [{ field: "certificate", level: "error", message: "Add the certificate" }] };
  try {
    const name = given.label === "" ? "This file" : given.label;
    const { cert, key } = await openPkcs12(Buffer.from(given.file, "base64"), given.passphrase, name);
    const clientCertificate = {
      kind: "pem",
      certificate: cert,
      label: given.label,
      key: { kind: "set", value: key },
      passphrase: { kind: "set", value: "" },
    } as const;
    return { input: { ...input, clientCertificate }, problems: [] };
  } catch (thrown) {
    const field = thrown instanceof ClientCertificateError ? thrown.part : "certificate";
    return { input: without, problems: [fieldProblem(field, thrown)] };
  }
}

/** Files that were renewed while the editor was open have given the connection a certificate that the page does not know. */
export function asRenewed(given: OpenedInput["clientCertificate"], from: Connection | undefined): typeof given {
  const saved = from?.clientCertificate;
  if (given.kind !== "pem" || saved?.kind !== "pem" || !given.files || !sameFiles(given.files, saved.files))
    return given;
  const keepsKey = given.key.kind === "keep" && given.passphrase.kind === "keep";
  return keepsKey ? { ...given, certificate: saved.certificate } : given;
}
