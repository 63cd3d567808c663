import { execFile } from "node:child_process";
import { readdir, readFile, readlink } from "node:fs/promises";
import path from "node:path";

/** How long the look-up may take before the error is shown without a name; milliseconds. */
const lookupMs = 2_000;

/** The process that listens on a TCP port of this computer. */
export interface PortHolder {
  readonly pid: number;
  readonly name: string;
}

/**
 * Finds the process that holds a TCP port, where the platform tells: /proc on Linux, lsof on macOS,
 * Get-NetTCPConnection on Windows. Null when it cannot be known (another user's process, no such tool). Never rejects.
 */
export async function findPortHolder(
  port: number,
  platform: NodeJS.Platform = process.platform,
): Promise<PortHolder | null> {
  try {
    if (platform === "linux") return await fromProc(port);
    if (platform === "darwin") return fromLsof(await run("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"]));
    if (platform === "win32")
      return fromPowerShell(
        await run("powershell.exe", ["-NoProfile", "-NonInteractive", "-Command", powerShell(port)]),
      );
    return null;
  } catch {
    return null;
  }
}

/** Inodes of listening sockets in the format of /proc/net/tcp: state 0A is LISTEN, the local port is hexadecimal. */
export function listeningInodes(table: string, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  return table
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[3] === "0A" && columns[1]?.endsWith(`:${wanted}`))
    .flatMap((columns) => columns[9] ?? []);
}

async function fromProc(port: number): Promise<PortHolder | null> {
  const tables = await Promise.all(
    ["/proc/net/tcp", "/proc/net/tcp6"].map((file) => readFile(file, "utf8").catch(() => "")),
  );
  const sockets = new Set(tables.flatMap((table) => listeningInodes(table, port)).map((inode) => `socket:[${inode}]`));
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

function powerShell(port: number): string {
  return `$c = Get-NetTCPConnection -State Listen -LocalPort ${port} -ErrorAction Stop | Select-Object -First 1; "$($c.OwningProcess) $((Get-Process -Id $c.OwningProcess).ProcessName)"`;
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
