import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { Bundle } from "./bundle.ts";
import { isThisMachine, type Target } from "./target.ts";

/** Node looks for this text in itself to learn whether it is an executable of its own; the end is the same in every release. */
const fuse = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

/** Runs a tool; its output is told only when it fails. */
function run(file: string, args: readonly string[]): void {
  try {
    execFileSync(file, args, { stdio: "pipe", encoding: "utf8" });
  } catch (thrown) {
    const { stdout = "", stderr = "" } = thrown as { stdout?: string; stderr?: string };
    throw new Error(`${path.basename(file)} failed:\n${stdout}${stderr}`, { cause: thrown });
  }
}

/**
 * Makes the blob that Node runs instead of a file.
 *
 * The environment cannot load code into the executable: NODE_OPTIONS and `--node-options` are not read, OPENSSL_CONF
 * names no libraries (on Windows it still can: that the option below takes NUL was never tried), SIGUSR1 does not open
 * the inspector, and the code cache of the start keeps NODE_COMPILE_CACHE from being asked for one. Node says that a
 * cache is safe only where it was made, so an executable for another system goes without.
 */
function makeBlob(target: Target, bundle: Bundle, folder: string): string {
  const blob = path.join(folder, "culvert.blob");
  const main = path.join(folder, "start.cjs");
  writeFileSync(main, bundle.start);
  const assets: Record<string, string> = {};
  for (const [name, code] of bundle.chunks) {
    assets[name] = path.join(folder, `chunk-${name}`);
    writeFileSync(path.join(folder, `chunk-${name}`), code);
  }
  const config = path.join(folder, "sea-config.json");
  writeFileSync(
    config,
    JSON.stringify({
      main,
      output: blob,
      assets,
      disableExperimentalSEAWarning: true,
      useSnapshot: false,
      useCodeCache: isThisMachine(target),
      execArgv: ["--disable-sigusr1", ...(target.platform === "win32" ? [] : ["--openssl-config=/dev/null"])],
      execArgvExtension: "none",
    }),
  );
  run(process.execPath, ["--experimental-sea-config", config]);
  return blob;
}

/** Takes the names of Node's own functions out, where there is a tool for it. It has to be done before the blob is in. */
function strip(file: string, { platform, arch }: Target): boolean {
  if (platform !== "linux") return false;
  const tools = isThisMachine({ platform, arch })
    ? ["strip"]
    : [`${arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu-strip`];
  return [...tools, "llvm-strip"].some((tool) => spawnSync(tool, [file], { stdio: "ignore" }).status === 0);
}

/** Signs for macOS, where nothing unsigned runs: with `CULVERT_CODESIGN_IDENTITY`, else for this machine alone. */
function signForMac(file: string, env: NodeJS.ProcessEnv): void {
  const identity = env["CULVERT_CODESIGN_IDENTITY"] ?? "";
  const hardened = identity === "" ? [] : ["--options", "runtime", "--timestamp"];
  const entitlements = env["CULVERT_CODESIGN_ENTITLEMENTS"] ?? "";
  run("codesign", [
    "--sign",
    identity === "" ? "-" : identity,
    "--force",
    ...hardened,
    ...(entitlements === "" ? [] : ["--entitlements", entitlements]),
    file,
  ]);
}

/** How the executable came to be. */
export interface Injected {
  readonly stripped: boolean;
}

/** Writes the executable. `folder` is for what lies between, and is the caller's to remove. */
export function makeExecutable(
  target: Target,
  node: string,
  bundle: Bundle,
  file: string,
  folder: string,
  env: NodeJS.ProcessEnv,
): Injected {
  const blob = makeBlob(target, bundle, folder);
  const made = path.join(folder, path.basename(file));
  copyFileSync(node, made);
  chmodSync(made, 0o755);
  const stripped = strip(made, target);
  const onMac = target.platform === "darwin";
  if (onMac) run("codesign", ["--remove-signature", made]);
  run(process.execPath, [
    createRequire(import.meta.url).resolve("postject/dist/cli.js"),
    made,
    "NODE_SEA_BLOB",
    blob,
    "--sentinel-fuse",
    fuse,
    ...(onMac ? ["--macho-segment-name", "NODE_SEA"] : []),
  ]);
  if (onMac) signForMac(made, env);
  copyFileSync(made, file);
  chmodSync(file, 0o755);
  return { stripped };
}
