export { Engine, newTunnelId, type Tunnel, type TunnelSettings } from "./engine.ts";
export type { EnginePorts, Session, SessionStore, SignInBrowser, SignInPage } from "./ports.ts";
export type { SignedOut } from "./session/sessions.ts";
export { parseServiceAccount } from "./session/service-account.ts";
export { MemorySessionStore } from "./session/memory-session-store.ts";
export { checkTlsSettings, type TlsSettings } from "./tls/settings.ts";
export type { AuthSettings } from "./tunnel/opener.ts";
