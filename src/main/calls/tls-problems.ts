import { createPrivateKey, X509Certificate } from "node:crypto";
import { checkTlsSettings, type TlsSettings } from "../../engine/index.ts";
import { asAppError } from "../../shared/errors.ts";
import type { ConnectionField, FieldProblem } from "../../shared/model/connection.ts";

type ClientCertificate = NonNullable<TlsSettings["clientCertificate"]>;

/** What is wrong with certificates and keys, beside the field that can mend it; at most one for each of the two. */
export function tlsProblems(settings: TlsSettings): FieldProblem[] {
  const { clientCertificate: client, ...server } = settings;
  return [
    ...problem(server, "ca"),
    ...(client === undefined ? [] : problem({ verify: true, ca: [], clientCertificate: client }, fieldToMend(client))),
  ];
}

function problem(settings: TlsSettings, field: ConnectionField): FieldProblem[] {
  try {
    checkTlsSettings(settings);
    return [];
  } catch (thrown) {
    return [{ field, level: "error", message: asAppError(thrown).message.replace(/\.$/, "") }];
  }
}

/** Which of the three texts has to change, if something is wrong with them. */
function fieldToMend({ cert, key, passphrase }: ClientCertificate): ConnectionField {
  try {
    if (new X509Certificate(cert).validToDate.getTime() < Date.now()) return "certificate";
  } catch {
    return "certificate";
  }
  try {
    createPrivateKey({ key, format: "pem", ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    return key.includes("ENCRYPTED") ? "passphrase" : "key";
  }
  return "key";
}
