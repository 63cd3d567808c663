import type { AppErrorData } from "../errors.ts";

/** One local client of a tunnel. Sizes in bytes, times in milliseconds since 1970. */
export interface ClientInfo {
  /** Number within its tunnel, from 1. */
  readonly peer: number;
  /** Its address, host:port. */
  readonly from: string;
  readonly since: number;
  readonly state: "connecting" | "signing-in" | "connected" | "closing";
  /** From the client to the destination. */
  readonly sent: number;
  /** From the destination to the client. */
  readonly received: number;
  /** UDP: datagrams that were lost here. */
  readonly dropped?: number;
}

export type LogLevel = "info" | "warning" | "error";

/** One event in the log of a connection. No secrets: it is copied and exported as it stands. */
export interface LogEntry {
  /** Counts up within its connection. */
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly level: LogLevel;
  /** Stable name for programs: the type of the engine's event, or "turned-on" and what else the manager notes. */
  readonly event: string;
  readonly message: string;
  /** The client's port as ":53580", or null for what concerns no client. */
  readonly client: string | null;
  readonly error?: AppErrorData;
  /** Further facts, name to text, in the order to show them in. */
  readonly facts: Readonly<Record<string, string>>;
}

/** Log entries that are kept for each connection. */
export const logEntriesKept = 2_000;

/** Bytes that went through in one second. */
export interface TrafficSample {
  readonly received: number;
  readonly sent: number;
}

/** Samples of one second each that are kept. */
export const trafficSamplesKept = 60;

/** Traffic of one connection since it was turned on. */
export interface Traffic {
  readonly received: number;
  readonly sent: number;
  /** The last seconds, oldest first; at most `trafficSamplesKept`. */
  readonly samples: readonly TrafficSample[];
}

/** What only the detail of one connection shows. */
export interface Activity {
  readonly id: string;
  readonly clients: readonly ClientInfo[];
  readonly traffic: Traffic;
  /** UDP: datagrams that were lost here since it was turned on; not there where there were none. */
  readonly dropped?: number;
  /** Oldest first. */
  readonly log: readonly LogEntry[];
}

/** A sign-in that waits for a person. */
export interface SignInInfo {
  /** Origin of the proxy. */
  readonly proxy: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** When the page was last opened in a browser; null when it was not, by choice or by failure. */
  readonly openedAt: number | null;
  /** The browser could not be opened. */
  readonly browserError?: AppErrorData;
  /** Connections whose clients wait for it. */
  readonly connections: readonly string[];
}

/** A session as it may be shown: never its JWT. */
export interface SessionInfo {
  /** Origin of the proxy. */
  readonly proxy: string;
  readonly createdAt: number;
  /** As the proxy's user endpoint told; null when it did not. */
  readonly user: string | null;
  /** null where only the server knows. */
  readonly expiresAt: number | null;
  /** Connections that are on and use it. */
  readonly inUseBy: number;
}
