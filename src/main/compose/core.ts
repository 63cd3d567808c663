import { ConnectionManager, Engine, type CertificateStore, type SessionStore } from "../../engine/index.ts";
import { AppError, asAppError, type ErrorCode } from "../../shared/errors.ts";
import type { EngineEvent } from "../../shared/events.ts";
import type { PolicyRules } from "../../shared/model/policy.ts";
import { isOn } from "../../shared/model/status.ts";
import type { SignInDesk } from "../sign-in/sign-in-desk.ts";
import { ownPortError } from "../state/port-owner.ts";
import { FollowedCertificates } from "../state/followed-certificates.ts";
import { tunnelOptionsOf } from "../state/tunnel-settings.ts";
import type { Stores } from "./stores.ts";

export interface CorePorts {
  readonly stores: Pick<Stores, "connections" | "secrets">;
  readonly sessions: SessionStore;
  /** Where client certificates are searched for. */
  readonly certificates: CertificateStore;
  readonly desk: SignInDesk;
  /** Settles when secrets and sessions have been read. */
  readonly loaded: Promise<void>;
  readonly shareSessions: boolean;
  /** What the administrators of this computer allow. */
  rules(): PolicyRules;
  changed(id: string): void;
  /** What is saved of these is another than before. */
  connectionsChanged(ids: readonly string[]): void;
  /** A secret could not be written. */
  notSaved(thrown: unknown): void;
  logged: ConstructorParameters<typeof ConnectionManager>[0]["logged"];
  ticked(): void;
  events(event: EngineEvent): void;
  /** The list of sessions may be another one. */
  sessionsChanged(): void;
}

const sessionEvents: ReadonlySet<EngineEvent["type"]> = new Set<EngineEvent["type"]>([
  "sign-in-finished",
  "session-ended",
  "session-changed",
]);

export interface Core {
  readonly engine: Engine;
  readonly tunnels: ConnectionManager;
  readonly followed: FollowedCertificates;
}

/** The engine with its manager, fed from the stores. */
export function createCore(ports: CorePorts): Core {
  const { connections, secrets } = ports.stores;
  /** Asked for before the secrets had been read; null since then. */
  let early: Set<string> | null = new Set();
  const tunnels = new ConnectionManager({
    settingsOf: async (id, signal) => {
      early?.add(id);
      await ports.loaded;
      signal.throwIfAborted();
      await followed.refresh(id);
      signal.throwIfAborted();
      const connection = connections.get(id);
      if (!connection) throw new AppError("not-found", "This connection is no longer there.");
      return tunnelOptionsOf(connection, secrets.get(id), followed.tlsOf(connection));
    },
    changed: (id) => ports.changed(id),
    logged: (id, entries) => ports.logged(id, entries),
    ticked: () => ports.ticked(),
  });
  const followed = new FollowedCertificates({
    connections,
    secrets,
    renewed: (ids) => {
      for (const id of ids) tunnels.noteLog(id, "client-certificate-renewed");
      ports.connectionsChanged(ids);
    },
    kept: (ids, error) => {
      for (const id of ids)
        if (isOn(tunnels.status(id))) tunnels.noteLog(id, "client-certificate-kept", error.toData());
    },
    notSaved: (thrown) => ports.notSaved(thrown),
  });
  const ownPort = (id: string, code: ErrorCode): AppError | null =>
    ownPortError(id, code, connections.all(), (other) => tunnels.status(other));
  const engine = new Engine({
    sessions: ports.sessions,
    certificates: ports.certificates,
    browser: ports.desk,
    shareSessions: ports.shareSessions,
    rules: () => ports.rules(),
    events: (told) => {
      const error = told.type === "tunnel-failed" ? ownPort(told.tunnel, told.error.code)?.toData() : undefined;
      const event = told.type === "tunnel-failed" && error ? { ...told, error } : told;
      tunnels.events(event);
      ports.events(event);
      if (sessionEvents.has(event.type)) ports.sessionsChanged();
    },
  });
  tunnels.attach({
    openTunnel: async (settings, signal) => {
      try {
        return await engine.openTunnel(settings, signal);
      } catch (thrown) {
        throw ownPort(settings.id, asAppError(thrown).code) ?? thrown;
      }
    },
  });
  void ports.loaded.then(() => {
    // A keychain that waits for its password outlasts the wait of a start, which is not begun again by itself.
    for (const id of early ?? []) if (tunnels.status(id).kind === "error") tunnels.tryAgain(id);
    early = null;
  });
  return { engine, tunnels, followed };
}
