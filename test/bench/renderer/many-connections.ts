import type { Snapshot } from "../../../src/shared/ipc/snapshot.ts";
import type { Connection } from "../../../src/shared/model/connection.ts";
import { nothingOutside } from "../../../src/shared/model/outside.ts";
import { defaultSettings } from "../../../src/shared/model/settings.ts";
import type { ConnectionStatus } from "../../../src/shared/model/status.ts";
import { restingStatus } from "../../../src/shared/model/update.ts";

const kinds = ["Postgres", "MySQL", "Redis", "Kafka", "Mongo", "ClickHouse"] as const;

export const idOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** A saved connection as a big organisation would have it. */
export function connectionOf(n: number, tags: number): Connection {
  const kind = kinds[n % kinds.length] ?? "Postgres";
  return {
    id: idOf(n),
    name: `Service ${n} ${kind}`,
    protocol: "tcp",
    destination: `${kind.toLowerCase()}-${n}.prod.halden.example:${5_000 + (n % 50)}`,
    listen: n % 3 === 0 ? "" : String(20_000 + n),
    // Every second connection has two tags, so that it has two rows.
    tags: [`team-${n % tags}`, ...(n % 2 === 0 ? [`team-${(n * 7) % tags}`] : [])].filter(
      (tag, i, all) => all.indexOf(tag) === i,
    ),
    startAtLaunch: false,
    idleSeconds: 120,
    pomeriumUrl: "https://access.halden.example",
    trust: { kind: "system" },
    clientCertificate: { kind: "none" },
    auth: { kind: "browser" },
    pinned: n < 4,
    lastUsedAt: null,
  };
}

/** A status that differs with every round, so that each is a change to the screen. */
export function statusOf(n: number, round: number, now: number): ConnectionStatus {
  const address = `127.0.0.1:${20_000 + n}`;
  switch ((n + round) % 3) {
    case 0:
      return { kind: "listening", address, since: now };
    case 1:
      return { kind: "connected", address, since: now, clients: 1 + (round % 40), openedInMs: 38 };
    default:
      return {
        kind: "retrying",
        address,
        since: now,
        attempt: 1 + round,
        nextAt: now + 8_000,
        clients: 0,
        error: { code: "no-answer", message: "access.halden.example did not answer on port 443.", retryable: true },
      };
  }
}

/** A snapshot with many connections, a tenth of them on. */
export function snapshotOf(connections: number, tags: number, now: number): Snapshot {
  const numbers = Array.from({ length: connections }, (_, n) => n);
  return {
    seq: 0,
    connections: numbers.map((n) => connectionOf(n, tags)),
    statuses: Object.fromEntries(numbers.filter((n) => n % 10 === 0).map((n) => [idOf(n), statusOf(n, 0, now)])),
    signIns: [],
    sessions: [],
    settings: defaultSettings,
    outside: nothingOutside,
    notices: [],
    rates: { received: 0, sent: 0 },
    update: restingStatus,
    host: { platform: "linux", version: "0.0.0", versions: {}, browser: "your browser" },
  };
}
