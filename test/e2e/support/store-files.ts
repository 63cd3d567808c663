import { randomUUID } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { onTestFinished } from "vitest";
import { connectionsVersion } from "../../../src/main/store/connection-store.ts";
import type { Connection } from "../../../src/shared/model/connection.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** A saved connection; what is not said is as the editor leaves it. */
export const saved = (changes: Partial<Connection>): Connection => ({
  id: randomUUID(),
  name: "",
  protocol: "tcp",
  destination: "",
  listen: "",
  tags: [],
  startAtLaunch: false,
  idleSeconds: 120,
  pomeriumUrl: "",
  trust: { kind: "system" },
  pinned: false,
  clientCertificate: { kind: "none" },
  auth: { kind: "browser" },
  lastUsedAt: null,
  ...changes,
});

/** A folder for what the app stores, with these connections in it; removed after the test. */
export function folderWith(connections: readonly Connection[]): string {
  const folder = temporaryFolder("e2e-store");
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  writeFileSync(path.join(folder, "connections.json"), JSON.stringify({ version: connectionsVersion, connections }));
  return folder;
}
