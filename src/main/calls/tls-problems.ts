import { checkTlsSettings, ClientCertificateError, type TlsSettings } from "../../engine/index.ts";
import type { FieldProblem } from "../../shared/model/connection.ts";
import { fieldProblem } from "./opened-input.ts";

/** What is wrong with certificates and keys, beside the field that can mend it; at most one for each of the two. */
export function tlsProblems({ verify, ca, clientCertificate }: TlsSettings): FieldProblem[] {
  return [
    ...problem({ verify, ca }),
    ...(clientCertificate === undefined ? [] : problem({ verify, ca: [], clientCertificate })),
  ];
}

function problem(settings: TlsSettings): FieldProblem[] {
  try {
    checkTlsSettings(settings);
    return [];
  } catch (thrown) {
    return [fieldProblem(thrown instanceof ClientCertificateError ? thrown.part : "ca", thrown)];
  }
}
