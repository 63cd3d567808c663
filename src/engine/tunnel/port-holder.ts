import { execFile } from "node:child_process";
import { readdir, readFile, readlink } from "node:fs/promises";
import path from "node:path";

/** How long the look-up may take before the error is shown without a name; milliseconds. */
const lookupMs = 2_000;

/** The process that has a port of this computer. */
export interface PortHolder {
  readonly pid: number;
  readonly name: string;
}

/**
 * Finds the process that listens on a TCP port or has a UDP port, where the platform tells: /proc on Linux, lsof on macOS,
 * Get-NetTCPConnection and Get-NetUDPEndpoint on Windows. Null when it cannot be known (another user's process, no such tool). Never rejects.
 */
export async function findPortHolder(
  port: number,
  protocol: "tcp" | "udp" = "tcp",
  platform: NodeJS.Platform = process.platform,
): Promise<PortHolder | null> {
  try {
    if (platform === "linux") return await fromProc(port, protocol);
    if (platform === "darwin") {
      const which = protocol === "tcp" ? [`-iTCP:${port}`, "-sTCP:LISTEN"] : [`-iUDP:${port}`];
      return fromLsof(await run("lsof", ["-nP", ...which, "-Fpc"]));
    }
    if (platform === "win32")
      return fromPowerShell(
        await run("powershell.exe", ["-NoProfile", "-NonInteractive", "-Command", powerShell(port, protocol)]),
      );
    return null;
  } catch {
    return null;
  }
}

/** States in /proc/net: 0A is LISTEN, 07 is CLOSE, which a UDP socket without a remote address is in. */
const heldStates = { tcp: "0A", udp: "07" } as const;

/** Inodes of sockets that have a port, in the format of /proc/net/tcp and /proc/net/udp: the local port is hexadecimal. */
export function listeningInodes(table: string, port: number, protocol: "tcp" | "udp" = "tcp"): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  return table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[3] === heldStates[protocol] && columns[1]?.endsWith(`:${wanted}`))
    .flatMap((columns) => columns[9] ?? []);
}

async function fromProc(port: number, protocol: "tcp" | "udp"): Promise<PortHolder | null> {
  const tables = await Promise.all(
    [`/proc/net/${protocol}`, `/proc/net/${protocol}6`].map((file) => readFile(file, "utf8").catch(() => "")),
  );
  const sockets = new Set(
    tables.flatMap((table) => listeningInodes(table, port, protocol)).map((inode) => `socket:[${inode}]`),
  );
  if (sockets.size === 0) return null;
  const deadline = performance.now() + lookupMs;
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    if (performance.now() > deadline) return null;
    // Another user's process does not show its descriptors.
    const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const file of files) {
      const link = await readlink(`/proc/${pid}/fd/${file}`).catch(() => "");
      if (!sockets.has(link)) continue;
      // `comm` would be the name of the main thread, which runtimes set as they like.
      const [program = ""] = (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
      return { pid: Number(pid), name: path.basename(program.split(" ")[0] ?? "") || "a program" };
    }
  }
  return null;
}

/** Reads `lsof -Fpc`: lines `p<pid>` and `c<command>`. */
export function fromLsof(output: string): PortHolder | null {
  const pid = /^p(\d+)$/m.exec(output)?.[1];
  const name = /^c(.+)$/m.exec(output)?.[1];
  return pid === undefined ? null : { pid: Number(pid), name: name ?? "a program" };
}

function powerShell(port: number, protocol: "tcp" | "udp"): string {
  const which = protocol === "tcp" ? "Get-NetTCPConnection -State Listen" : "Get-NetUDPEndpoint";
  return `$c = ${which} -LocalPort ${port} -ErrorAction Stop | Select-Object -First 1; "$($c.OwningProcess) $((Get-Process -Id $c.OwningProcess).ProcessName)"`;
}

/** Reads the `<pid> <name>` that the PowerShell line above prints. */
export function fromPowerShell(output: string): PortHolder | null {
  const [, pid, name] = /^(\d+) ?(.*)$/m.exec(output.trim()) ?? [];
  return pid === undefined
    ? null
    : { pid: Number(pid), name: name === undefined || name === "" ? "a program" : name.trim() };
}

function run(file: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { timeout: lookupMs, maxBuffer: 64 * 1024, windowsHide: true }, (error, stdout) =>
      error ? reject(new Error("look-up failed", { cause: error })) : resolve(stdout),
    );
  });
}
