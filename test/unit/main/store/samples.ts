import { randomUUID } from "node:crypto";
import type { Connection } from "../../../../src/shared/model/connection.ts";

/** A connection with something in every field. */
export function connection(more: Partial<Connection> = {}): Connection {
  return {
    id: randomUUID(),
    name: "Orders",
    protocol: "tcp",
    destination: "pg.corp.test:5432",
    listen: "5433",
    tags: ["prod", "data"],
    startAtLaunch: true,
    idleSeconds: 120,
    pomeriumUrl: "https://access.corp.test",
    trust: { kind: "ca", pem: "PEM", label: "ca.pem" },
    pinned: true,
    clientCertificate: { kind: "pem", certificate: "PEM", label: "me.pem" },
    auth: { kind: "token-file", path: "/run/token" },
    lastUsedAt: 1_000,
    ...more,
  };
}
