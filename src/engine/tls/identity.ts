import { createHash } from "node:crypto";
import tls from "node:tls";
import { shown } from "../../shared/address.ts";
import { AppError } from "../../shared/errors.ts";
import type { TlsChoice } from "../ports.ts";
import { checkTlsSettings, type TlsSettings } from "./settings.ts";
import { defaultRoots } from "./trust.ts";

/** TLS settings made ready for connections: one SecureContext for all of them (node-networking.md: −25 % CPU). */
export interface TlsIdentity extends TlsChoice {
  /** Built on first use, since reading the system's roots takes tens of milliseconds. */
  context(): tls.SecureContext;
  readonly hasClientCertificate: boolean;
}

/**
 * Checks the settings and makes them ready.
 * @throws AppError `setting-invalid` or `client-certificate-invalid`.
 */
export function createTlsIdentity(settings: TlsSettings): TlsIdentity {
  checkTlsSettings(settings);
  const client = settings.clientCertificate;
  let context: tls.SecureContext | null = null;
  return {
    // The private key is left out: it is bound to the certificate by checkTlsSettings.
    key: createHash("sha256")
      .update(JSON.stringify([settings.verify, settings.ca, client?.cert ?? null]))
      .digest("base64url"),
    verify: settings.verify,
    hasClientCertificate: client !== undefined,
    context: () => (context ??= createContext(settings)),
  };
}

function createContext({ ca, clientCertificate: client }: TlsSettings): tls.SecureContext {
  try {
    return tls.createSecureContext({
      ca: [...defaultRoots(), ...ca],
      minVersion: "TLSv1.2",
      // A given CA is trusted as it is, an intermediate one or the proxy's own certificate too, as other clients do.
      allowPartialTrustChain: true,
      ...(client ? { cert: client.cert, key: client.key } : {}),
      ...(client?.passphrase === undefined ? {} : { passphrase: client.passphrase }),
    });
  } catch (error) {
    // What checkTlsSettings cannot see, such as a key that this OpenSSL finds too weak. Its text names no secret.
    const why = error instanceof Error ? shown(error.message) : "";
    throw new AppError(
      client ? "client-certificate-invalid" : "setting-invalid",
      `TLS does not take these settings: ${why}.`,
      {
        userAction: "Give another certificate, or ask its issuer.",
        cause: error,
      },
    );
  }
}
