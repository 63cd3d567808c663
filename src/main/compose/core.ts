import { ConnectionManager, Engine, type SessionStore } from "../../engine/index.ts";
import { AppError } from "../../shared/errors.ts";
import type { EngineEvent } from "../../shared/events.ts";
import type { SignInDesk } from "../sign-in/sign-in-desk.ts";
import { tunnelOptionsOf } from "../state/tunnel-settings.ts";
import type { Stores } from "./stores.ts";

export interface CorePorts {
  readonly stores: Pick<Stores, "connections" | "secrets">;
  readonly sessions: SessionStore;
  readonly desk: SignInDesk;
  /** Settles when secrets and sessions have been read. */
  readonly loaded: Promise<void>;
  readonly shareSessions: boolean;
  changed(id: string): void;
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

/** The engine with its manager, fed from the stores. */
export function createCore(ports: CorePorts): { readonly engine: Engine; readonly tunnels: ConnectionManager } {
  const { connections, secrets } = ports.stores;
  const tunnels = new ConnectionManager({
    settingsOf: async (id, signal) => {
      await ports.loaded;
      signal.throwIfAborted();
      const connection = connections.get(id);
      if (!connection) throw new AppError("not-found", "This connection is no longer there.");
      return tunnelOptionsOf(connection, secrets.get(id));
    },
    changed: (id) => ports.changed(id),
    logged: (id, entries) => ports.logged(id, entries),
    ticked: () => ports.ticked(),
  });
  const engine = new Engine({
    sessions: ports.sessions,
    browser: ports.desk,
    shareSessions: ports.shareSessions,
    events: (event) => {
      tunnels.events(event);
      ports.events(event);
      if (sessionEvents.has(event.type)) ports.sessionsChanged();
    },
  });
  tunnels.attach(engine);
  return { engine, tunnels };
}
