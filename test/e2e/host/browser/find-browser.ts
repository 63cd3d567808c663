import { accessSync, constants } from "node:fs";
import path from "node:path";
import { npmBrowser } from "./npm-browser.ts";

/** A Chromium that can be started. */
export interface FoundBrowser {
  readonly path: string;
  /** What it has to be started with on this machine. */
  readonly args: readonly string[];
  /** The whole environment that it has to be started in. */
  readonly env: Record<string, string>;
}

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

function onThePath(): string | null {
  const folders = (process.env["PATH"] ?? "").split(path.delimiter).filter((folder) => folder !== "");
  for (const name of names) {
    for (const folder of folders) {
      const file = path.join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // Not there: the next one.
      }
    }
  }
  return null;
}

/**
 * The browser for tests: CHROME_PATH, else a Chromium or Chrome on the PATH, else the one in the npm package
 * (Linux on x64), which is unpacked on first use; that takes some seconds once.
 * Rejects with what to install where there is none.
 */
export async function findBrowser(): Promise<FoundBrowser> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  // Chromium's own sandbox refuses to run as root.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const given = process.env["CHROME_PATH"] ?? onThePath();
  if (given !== null && given !== "") return { path: given, args, env };
  const unpacked = await npmBrowser();
  if (unpacked === null)
    throw new Error("No browser for the tests: install Chromium or Chrome, or set CHROME_PATH to the program");
  return { path: unpacked.path, args, env: { ...env, ...unpacked.env } };
}
