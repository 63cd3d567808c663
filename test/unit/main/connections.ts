import { randomUUID } from "node:crypto";
import type { Connection, ConnectionInput } from "../../../src/shared/model/connection.ts";
import { emptyConnectionInput } from "../../../src/shared/model/connection.ts";
import type { ConnectionStatus } from "../../../src/shared/model/status.ts";

/** A saved connection with what matters to a test. */
export function connection(about: Partial<Connection> = {}): Connection {
  return {
    id: randomUUID(),
    name: "Orders Postgres",
    protocol: "tcp",
    destination: "pg.example.com:5432",
    listen: "",
    tags: [],
    startAtLaunch: false,
    idleSeconds: 120,
    pomeriumUrl: "https://access.example.com",
    trust: { kind: "system" },
    pinned: false,
    clientCertificate: { kind: "none" },
    auth: { kind: "browser" },
    lastUsedAt: null,
    ...about,
  };
}

/** What the editor sends for a new one. */
export const connectionInput = (about: Partial<ConnectionInput> = {}): ConnectionInput => ({
  ...emptyConnectionInput(randomUUID()),
  name: "Orders Postgres",
  destination: "pg.example.com:5432",
  pomeriumUrl: "https://access.example.com",
  ...about,
});

const since = 1_700_000_000_000;
const error = {
  code: "certificate-not-trusted",
  message: "This computer does not trust access.example.com.",
  retryable: false,
} as const;

/** One status of each kind, on port 5432. */
export const statuses = {
  off: { kind: "off" },
  starting: { kind: "starting" },
  listening: { kind: "listening", address: "127.0.0.1:5432", since },
  signingIn: {
    kind: "signing-in",
    address: "127.0.0.1:5432",
    since,
    waiting: 1,
    proxy: "https://access.example.com",
    clients: 0,
  },
  connected: { kind: "connected", address: "127.0.0.1:5432", since, clients: 2, openedInMs: 38 },
  retrying: {
    kind: "retrying",
    address: "127.0.0.1:5432",
    since,
    attempt: 4,
    nextAt: since,
    error: { ...error, code: "no-answer", message: "access.example.com did not answer on port 443 within 10 s." },
    clients: 0,
  },
  error: { kind: "error", address: "127.0.0.1:5432", since, error, clients: 0 },
} as const satisfies Record<string, ConnectionStatus>;
