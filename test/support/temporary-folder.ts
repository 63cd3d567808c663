import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/** Reads names of folders until this process is gone, however it ended, and removes them. */
const cleaning = 'while IFS= read -r folder; do set -- "$@" "$folder"; done; rm -rf -- "$@"';

let cleaner: ChildProcess | null = null;

function startCleaner(): ChildProcess {
  // Detached, since Ctrl-C goes to everything in the foreground of the terminal.
  const child = spawn("/bin/sh", ["-c", cleaning, "culvert-cleaner"], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.on("error", () => undefined);
  child.stdin.on("error", () => undefined);
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref();
  return child;
}

/**
 * A new folder below the system's temporary one. Whoever makes it removes it. A run that is cut short kills its processes, without
 * the hooks of their tests: what is left then goes with the process that made it.
 */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), `culvert-${name}-`));
  // Without a shell the hooks have to do.
  if (process.platform !== "win32") (cleaner ??= startCleaner()).stdin?.write(`${folder}\n`);
  return folder;
}
