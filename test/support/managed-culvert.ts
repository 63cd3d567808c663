import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { onTestFinished } from "vitest";
import { culvertCommand, type Ended } from "./run-culvert.ts";
import { findProgram, type Service } from "./services/programs.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** What names and roots are looked up with; the rest of /etc is not there for who is run in it. */
const copied = ["passwd", "group", "hosts", "nsswitch.conf", "resolv.conf", "ssl"];

const ways = [["--user", "--map-root-user", "--mount"], ["--mount"]] as const;

let way: readonly string[] | null | undefined;

/** How a process gets an /etc of its own here; null where it cannot have one. */
function wayHere(): readonly string[] | null {
  const mounts = (flags: readonly string[]): boolean =>
    spawnSync("unshare", [...flags, "mount", "--bind", "/tmp", "/etc"]).status === 0;
  if (way === undefined)
    way = process.platform === "linux" && findProgram("unshare") ? (ways.find(mounts) ?? null) : null;
  return way;
}

/** Linux namespaces, in which a file of this test is root's /etc/culvert/policy.json. */
export const ownEtc: Service = {
  available: () => (wayHere() === null ? "namespaces of Linux (unshare)" : null),
  // A machine may forbid them.
  isOptional: true,
};

export interface Administrator {
  readonly policy: string;
  /** Of the policy's file. */
  readonly mode?: number;
}

/** Runs `culvert` to its end, or until stderr has `until`, on a computer whose administrator has left this policy. */
export async function managedCulvert(
  { policy, mode = 0o644 }: Administrator,
  args: readonly string[],
  until?: RegExp,
): Promise<Ended> {
  const folder = temporaryFolder("etc");
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const etc = path.join(folder, "etc");
  mkdirSync(path.join(etc, "culvert"), { recursive: true });
  for (const name of copied)
    if (existsSync(path.join("/etc", name)))
      cpSync(path.join("/etc", name), path.join(etc, name), { recursive: true, dereference: true });
  const file = path.join(etc, "culvert/policy.json");
  writeFileSync(file, policy);
  chmodSync(file, mode);
  const script = 'mount --bind "$0" /etc && exec "$@"';
  const child = spawn("unshare", [...(wayHere() ?? []), "sh", "-c", script, etc, ...culvertCommand, ...args], {
    env: { PATH: process.env["PATH"] ?? "", TZ: "UTC", HOME: folder, CULVERT_HOME: path.join(folder, "home") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    if (until?.test(stderr) === true) child.kill("SIGTERM");
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}
