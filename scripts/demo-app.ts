import { spawn, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { ConnectionStore } from "../src/main/store/connection-store.ts";
import { PlainDocumentFile } from "../src/main/store/plain-document-file.ts";
import type { Connection } from "../src/shared/model/connection.ts";
import { hasElectronBinary, isAppBuilt, localProgram } from "./electron-binary.ts";

/** Where the app's connection of the demo leads. */
export interface DemoRoute {
  readonly destination: string;
  readonly pomeriumUrl: string;
  readonly caPem: string;
}

/** Why the app cannot be shown on this machine; null where it can. */
export function whyNoApp(platform: NodeJS.Platform, env: NodeJS.ProcessEnv, hasBinary: boolean): string | null {
  if (platform === "linux" && !env["DISPLAY"] && !env["WAYLAND_DISPLAY"]) return "there is no display";
  return hasBinary ? null : "Electron's binary is not installed (npm start fetches it)";
}

function demoConnection({ destination, pomeriumUrl, caPem }: DemoRoute): Connection {
  return {
    id: randomUUID(),
    name: "Demo database",
    protocol: "tcp",
    destination,
    listen: "",
    tags: ["demo"],
    startAtLaunch: true,
    idleSeconds: 120,
    pomeriumUrl,
    trust: { kind: "ca", pem: caPem, label: "demo-ca.pem" },
    clientCertificate: { kind: "none" },
    auth: { kind: "browser" },
    pinned: false,
    lastUsedAt: null,
  };
}

/**
 * Opens the app beside the terminal, with one connection to the demo's proxy and a folder of its own. Says in one line
 * where it cannot. Returns the way to close it.
 */
export function openApp(route: DemoRoute, say: (text: string) => void): () => void {
  const why = whyNoApp(process.platform, process.env, hasElectronBinary());
  if (why !== null) {
    say(`the app is not opened beside it: ${why}; its pictures are in docs/pictures`);
    return () => undefined;
  }
  if (!isAppBuilt()) {
    say("building the app …");
    const { status } = spawnSync(localProgram("electron-vite"), ["build"], { shell: process.platform === "win32" });
    if (status !== 0) {
      say("the app is not opened beside it: it could not be built (npm run build says why)");
      return () => undefined;
    }
  }
  const folder = mkdtempSync(path.join(os.tmpdir(), "culvert-demo-app-"));
  const store = new ConnectionStore({ file: new PlainDocumentFile(path.join(folder, "connections.json")) });
  store.load();
  store.put(demoConnection(route));
  store.close();
  const child = spawn(localProgram("electron"), [path.join(import.meta.dirname, ".."), `--user-data-dir=${folder}`], {
    stdio: "ignore",
    shell: process.platform === "win32",
  });
  child.on("error", (error) => say(`the app could not be started: ${error.message}`));
  say("the app opens beside it, with a connection to the same database");
  return () => {
    child.kill("SIGTERM");
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
}
