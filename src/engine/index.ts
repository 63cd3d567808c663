export { Engine, newTunnelId, type Tunnel, type TunnelSettings } from "./engine.ts";
export type { EnginePorts, Session, SessionStore, SignInBrowser, SignInPage } from "./ports.ts";
export { findHelper, type HelperPlaces } from "./certstore/find-helper.ts";
export { systemCertificateStore, type SystemStoreOptions } from "./certstore/system-store.ts";
export type { CertificateStore, StoredCertificate } from "./certstore/store.ts";
export { lockOf, lookIntoStore } from "./certstore/look.ts";
export { openerOf, openWith, type Opener } from "./browser/opener.ts";
export type { SignedOut } from "./session/sessions.ts";
export { parseServiceAccount } from "./session/service-account.ts";
export { MemorySessionStore } from "./session/memory-session-store.ts";
export {
  checkTlsSettings,
  type ClientCertificateSearch,
  type ClientCertificateSource,
  type TlsSettings,
} from "./tls/settings.ts";
export { ClientCertificateError, checkClientCertificate, type ClientCertificate } from "./tls/client-certificate.ts";
export { FollowedFiles, stampOf } from "./tls/followed-files.ts";
export { checkTlsTakes } from "./tls/identity.ts";
export { describeCertificate } from "./tls/describe.ts";
export { pemOf } from "./tls/pem-of.ts";
export { openPkcs12 } from "./tls/pkcs12/open-pkcs12.ts";
export { isPkcs12 } from "./tls/pkcs12/read-pkcs12.ts";
export { defaultRoots } from "./tls/trust.ts";
export type { AuthSettings } from "./tunnel/opener.ts";
export { ConnectionManager, type ManagerOptions } from "./manager/connection-manager.ts";
export type { ManagedEngine, ManagedSettings } from "./manager/managed-connection.ts";
export { readPolicy, readPolicyFile, type PolicyPlaces } from "./policy/read-policy.ts";
