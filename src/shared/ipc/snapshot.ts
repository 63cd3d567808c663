import type { ClientInfo, LogEntry, SessionInfo, SignInInfo, Traffic } from "../model/activity.ts";
import type { Connection } from "../model/connection.ts";
import type { Outside } from "../model/outside.ts";
import type { Settings } from "../model/settings.ts";
import type { ConnectionStatus } from "../model/status.ts";
import type { UpdateStatus } from "../model/update.ts";

/** Something about the app itself that stays on screen until it is dismissed or over. */
export interface Notice {
  readonly id: string;
  readonly kind:
    "store-unreadable" | "not-saved" | "no-keychain" | "no-tray" | "newer-file" | "managed-settings" | "not-opened";
  readonly message: string;
  /** What the one button does, if there is one. */
  readonly action?: "show-file" | "save-again";
}

/** What a browser whose name is not known is called within a sentence. */
export const unknownBrowser = "your browser";

/** What does not change while the app runs. */
export interface HostInfo {
  readonly platform: "darwin" | "win32" | "linux";
  readonly version: string;
  /** The runtimes, for "Copy version info". */
  readonly versions: Readonly<Record<string, string>>;
  /** The name of the browser for signing in where it is known, else `unknownBrowser`. */
  readonly browser: string;
}

/** Bytes a second over all connections. */
export interface Rates {
  readonly received: number;
  readonly sent: number;
}

/** All that the renderer mirrors. */
export interface Snapshot {
  /** The number of the last update that is in here. */
  readonly seq: number;
  /** In the order in which they were added. */
  readonly connections: readonly Connection[];
  /** By connection id; a connection that is not in here is off. */
  readonly statuses: Readonly<Record<string, ConnectionStatus>>;
  readonly signIns: readonly SignInInfo[];
  /** Newest first. */
  readonly sessions: readonly SessionInfo[];
  readonly settings: Settings;
  readonly outside: Outside;
  readonly notices: readonly Notice[];
  readonly rates: Rates;
  readonly update: UpdateStatus;
  readonly host: HostInfo;
}

/** Where the window should go; sent by the tray, a notification, the application menu or a second launch. */
export type Place =
  | { readonly page: "connections"; readonly select?: string }
  /** `link` fills it in: a link that the system was asked to open, or one in a file, whose name comes along. */
  | { readonly page: "new"; readonly link?: string; readonly name?: string }
  | { readonly page: "settings"; readonly section?: "sessions" | "logs" }
  | { readonly page: "palette" }
  /** Asks first: turns on every connection. */
  | { readonly page: "turn-all-on" };

/** One change to the snapshot, or news for what is watched. */
export type Change =
  /** Replaces the connection of the same id, or adds it at the end. */
  | { readonly type: "connection"; readonly connection: Connection }
  | { readonly type: "connections-removed"; readonly ids: readonly string[] }
  /** The whole list, where its order has changed. */
  | { readonly type: "connections"; readonly connections: readonly Connection[] }
  | { readonly type: "status"; readonly id: string; readonly status: ConnectionStatus }
  | { readonly type: "sign-ins"; readonly signIns: readonly SignInInfo[] }
  | { readonly type: "sessions"; readonly sessions: readonly SessionInfo[] }
  | { readonly type: "settings"; readonly settings: Settings }
  | { readonly type: "outside"; readonly outside: Outside }
  | { readonly type: "notices"; readonly notices: readonly Notice[] }
  | { readonly type: "rates"; readonly rates: Rates }
  | { readonly type: "update"; readonly update: UpdateStatus }
  /** For the watched connection: once a second while it has clients, and at once when a client comes or goes. */
  | {
      readonly type: "activity";
      readonly id: string;
      readonly clients: readonly ClientInfo[];
      readonly traffic: Traffic;
      /** As in `Activity`. */
      readonly dropped?: number;
    }
  /** For the watched connection: what is new in its log. */
  | { readonly type: "log"; readonly id: string; readonly entries: readonly LogEntry[] }
  | { readonly type: "go-to"; readonly place: Place };

/** Changes that belong together. A renderer that misses a number asks for the snapshot again. */
export interface Update {
  /** One more than the update before. */
  readonly seq: number;
  readonly changes: readonly Change[];
}
