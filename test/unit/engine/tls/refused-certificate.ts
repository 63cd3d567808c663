import { expect } from "vitest";
import { checkClientCertificate, ClientCertificateError } from "../../../../src/engine/tls/client-certificate.ts";

/** What a client certificate is refused with. */
export function refusal(cert: string, key: string, passphrase?: string): ClientCertificateError {
  try {
    checkClientCertificate({ cert, key, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (error) {
    expect(error).toBeInstanceOf(ClientCertificateError);
    return error as ClientCertificateError;
  }
  throw new Error("it was accepted");
}
