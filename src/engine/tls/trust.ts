import { readFileSync } from "node:fs";
import tls from "node:tls";

/** Where Linux distributions keep the system's roots in one file, for a Node that cannot look them up itself. */
const linuxBundles = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

let loaded: readonly string[] | null = null;

/**
 * The certificates trusted by default, as PEM: Node's own list, what NODE_EXTRA_CA_CERTS adds and the system's
 * store, where organisations put their CA. Read once; the first call takes some 60 ms, so it is not made at start-up.
 */
export function defaultRoots(): readonly string[] {
  loaded ??= [...new Set(typeof tls.getCACertificates === "function" ? fromNode() : fromFiles())];
  return loaded;
}

/** What NODE_EXTRA_CA_CERTS adds, as PEM: trusted wherever this computer's own certificates are. */
export function extraRoots(): readonly string[] {
  return typeof tls.getCACertificates === "function" ? tls.getCACertificates("extra") : [];
}

function fromNode(): string[] {
  return [...tls.getCACertificates("default"), ...tls.getCACertificates("system")];
}

/** Node before 22.15 has no access to the system's store. */
function fromFiles(): string[] {
  for (const file of linuxBundles) {
    try {
      return [...tls.rootCertificates, readFileSync(file, "utf8")];
    } catch {
      continue;
    }
  }
  return [...tls.rootCertificates];
}
