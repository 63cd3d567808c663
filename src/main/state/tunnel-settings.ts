import { parseServiceAccount, type AuthSettings, type TlsSettings } from "../../engine/index.ts";
import { parseLocalAddress, parseTarget, type LocalAddress, type Target } from "../../shared/address.ts";
import { AppError } from "../../shared/errors.ts";
import { proxyOriginOf } from "../../shared/words/connection.ts";
import { connectionLimits, type Connection, type ConnectionSecrets } from "../../shared/model/connection.ts";
import { readTextFile } from "./text-file.ts";

/** What a tunnel is opened with. */
export interface TunnelOptions {
  readonly target: Target;
  readonly listen: LocalAddress;
  readonly tls: TlsSettings;
  readonly auth: AuthSettings;
  readonly udpIdleMs: number;
}

/** @throws AppError `address-invalid`, or `setting-invalid` where the token is not known. */
export function tunnelOptionsOf(connection: Connection, secrets: ConnectionSecrets, tls: TlsSettings): TunnelOptions {
  return {
    target: parseTarget(connection.destination, connection.pomeriumUrl, connection.protocol),
    listen: parseLocalAddress(connection.listen),
    tls,
    auth: authOf(connection, secrets),
    udpIdleMs: connection.idleSeconds * 1_000,
  };
}

/** @throws AppError `client-certificate-invalid` where the private key is not known. */
export function tlsSettingsOf(
  { trust, clientCertificate }: Pick<Connection, "trust" | "clientCertificate">,
  { key, passphrase }: ConnectionSecrets,
): TlsSettings {
  const settings: TlsSettings = {
    verify: trust.kind !== "unverified",
    ca: trust.kind === "ca" ? [trust.pem] : [],
  };
  if (clientCertificate.kind === "none") return settings;
  if (clientCertificate.kind === "search") {
    const { issuer, subject } = clientCertificate;
    const clientCertificateSearch = { ...(issuer === "" ? {} : { issuer }), ...(subject === "" ? {} : { subject }) };
    return { ...settings, clientCertificateSearch };
  }
  if (key === undefined) {
    throw new AppError("client-certificate-invalid", "The private key of the client certificate is not known here.", {
      userAction: "Add the private key again.",
    });
  }
  const opening = passphrase === undefined || passphrase === "" ? {} : { passphrase };
  return { ...settings, clientCertificate: { cert: clientCertificate.certificate, key, ...opening } };
}

function authOf(connection: Connection, { token, proxy }: ConnectionSecrets): AuthSettings {
  const { auth } = connection;
  switch (auth.kind) {
    case "browser":
      return { kind: "browser" };
    case "token":
      if (token === undefined || (proxy !== undefined && proxy !== proxyOriginOf(connection))) {
        throw new AppError("setting-invalid", "The service account token is not known here.", {
          userAction: "Enter the token again.",
        });
      }
      return { kind: "service-account", read: () => Promise.resolve(token) };
    case "token-file": {
      const { path } = auth;
      const read = async (): Promise<string> =>
        parseServiceAccount(await readTextFile(path, connectionLimits.tokenLength));
      return { kind: "service-account", read };
    }
  }
}
