import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";

/** Unpacking takes about 3 s; a loaded machine may need many times that. In milliseconds. */
const unpackLimitMs = 180_000;
const modules = path.join(import.meta.dirname, "../../../../node_modules");
const cache = path.join(modules, ".cache/culvert-browser");

export interface UnpackedBrowser {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

/** True when the program loader finds all libraries. */
async function starts(program: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  try {
    await promisify(execFile)(program, ["--version"], { env, timeout: unpackLimitMs });
    return true;
  } catch {
    return false;
  }
}

/**
 * The Chromium of the package @sparticuz/chromium, unpacked into node_modules/.cache; null where it cannot run.
 * Several processes may ask at once: each unpacks into a folder of its own, and the first rename wins.
 */
export async function npmBrowser(): Promise<UnpackedBrowser | null> {
  if (process.platform !== "linux" || process.arch !== "x64") return null;
  const require = createRequire(import.meta.url);
  let entry: string;
  try {
    entry = require.resolve("@sparticuz/chromium");
  } catch {
    return null;
  }
  const root = path.dirname(path.dirname(entry));
  const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { version: string };
  const folder = path.join(cache, version);
  if (!existsSync(folder)) await unpack(path.join(root, "bin"), folder);
  const program = path.join(folder, "chromium");
  const env = fontEnvironment(folder);
  // Only where this computer lacks libnss3: a library of its own fits the system better.
  if (await starts(program, { ...process.env, ...env })) return { path: program, env };
  const libraries = [path.join(folder, "al2023/lib"), process.env["LD_LIBRARY_PATH"]].filter(
    (one) => one !== undefined,
  );
  const withLibraries = { ...env, LD_LIBRARY_PATH: libraries.join(":") };
  return (await starts(program, { ...process.env, ...withLibraries })) ? { path: program, env: withLibraries } : null;
}

/** The package brings a font for machines that have none at all. */
function fontEnvironment(folder: string): Record<string, string> {
  if (existsSync("/usr/share/fonts") && readdirSync("/usr/share/fonts").length > 0) return {};
  return { FONTCONFIG_PATH: path.join(folder, "fonts") };
}

async function unpack(packed: string, folder: string): Promise<void> {
  mkdirSync(cache, { recursive: true });
  const own = mkdtempSync(path.join(cache, "unpacking-"));
  try {
    // In a process of its own: the package unpacks to where TMPDIR points, and every process here has its own idea of that.
    const program = path.join(import.meta.dirname, "unpack.ts");
    await promisify(execFile)(process.execPath, [program, packed], {
      env: { ...process.env, TMPDIR: own },
      timeout: unpackLimitMs,
    });
    renameSync(own, folder);
  } catch (error) {
    // Another process was faster.
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}
