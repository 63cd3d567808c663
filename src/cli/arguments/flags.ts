import type { FlagSpec } from "./spec.ts";

const text = (name: string, value: string, about: string): FlagSpec => ({ name, kind: "text", value, about });
const boolean = (name: string, about: string): FlagSpec => ({ name, kind: "boolean", about });

/** How TLS is done with the proxy. */
export const tlsFlags: readonly FlagSpec[] = [
  boolean("disable-tls-verification", "do not verify the proxy's certificate (never outside of tests)"),
  text("alternate-ca-path", "FILE", "file with CA certificates to trust besides the system's, in PEM, or one in DER"),
  text("ca-cert", "TEXT", "CA certificate to trust besides the system's: PEM, as it is or base64-encoded"),
  text("client-cert", "FILE", "client certificate: in PEM or DER, or a PKCS#12 file (.p12, .pfx) with its key"),
  text("client-key", "FILE", "file with the key of the client certificate, in PEM or DER"),
  text("client-key-passphrase-file", "FILE", "file with the passphrase of the key or of the PKCS#12 file"),
  boolean(
    "client-cert-from-store",
    "search the client certificate in the system's store, on Linux ~/.pki/nssdb and cards",
  ),
  text("client-cert-issuer", "ATTR=VALUE", 'search one whose issuer has this attribute, for example "CN=Corp CA"'),
  text("client-cert-subject", "ATTR=VALUE", 'search one whose subject has this attribute, for example "OU=Sales"'),
];

/** Goes with `tlsFlags` into the help: there is no flag for it, which other users of the computer would see. */
export const storePasswordNote =
  "The certificate store's password, or a card's PIN, is taken from CULVERT_CERT_STORE_PASSWORD.";

/** How a person signs in. */
export const signInFlags: readonly FlagSpec[] = [
  text("browser-cmd", "COMMAND", "program that opens the sign-in page; the URL is its last argument"),
  boolean("no-browser", "print the sign-in URL instead of opening a browser"),
  text("login-timeout", "TIME", "how long a sign-in may take (default 15m)"),
];

/** Signing in without a person. */
export const serviceAccountFlags: readonly FlagSpec[] = [
  text("service-account", "JWT", "service account to sign in with; visible to other users of this computer"),
  text("service-account-file", "FILE", "file with the service account JWT, read again at every connect"),
];

export const noSharedSignInFlag = boolean(
  "no-shared-sign-in",
  "sign in at every host by itself, even where hosts belong to one Pomerium",
);

export const jsonLogFlag = boolean("json", "write log lines as JSON");

export const listenFlag = text(
  "listen",
  "ADDRESS",
  'local address to listen on, "-" for stdin and stdout, TCP only (default 127.0.0.1:0)',
);

export const pomeriumUrlFlag = text(
  "pomerium-url",
  "URL",
  "the Pomerium to connect to, where it is not the destination's host",
);

const idleTimeoutFlag = text("idle-timeout", "TIME", "UDP: forget a client that was silent for this long (default 2m)");

/** What `tcp` and `udp` take. */
export const tunnelFlags: readonly FlagSpec[] = [
  listenFlag,
  pomeriumUrlFlag,
  idleTimeoutFlag,
  ...tlsFlags,
  ...signInFlags,
  ...serviceAccountFlags,
  noSharedSignInFlag,
  jsonLogFlag,
];
