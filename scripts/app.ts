import { spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { hasElectronBinary, isAppBuilt, localProgram } from "./electron-binary.ts";

/**
 * `npm start` runs the built app, `npm run dev` runs it from source with a page that follows changes. Electron's binary is
 * not part of its npm package and is fetched here when it is missing.
 */
const root = path.join(import.meta.dirname, "..");

/** Runs a program of node_modules to its end. */
function run(name: string, args: readonly string[], quiet: boolean): boolean {
  const { status } = spawnSync(localProgram(name), args, {
    cwd: root,
    stdio: quiet ? "ignore" : "inherit",
    shell: process.platform === "win32",
  });
  return status === 0;
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

const [mode = "start", ...rest] = process.argv.slice(2);
if (mode !== "start" && mode !== "dev") fail(`There is no "${mode}": use start or dev.`);

if (!hasElectronBinary()) {
  console.error("Fetching Electron's binary, once (about 110 MB) …");
  if (!run("install-electron", [], true) || !hasElectronBinary()) {
    fail(
      "Electron's binary could not be downloaded from GitHub: set ELECTRON_MIRROR to a mirror, or ELECTRON_OVERRIDE_DIST_PATH to a folder that holds it; the command line works without it: npm run culvert -- help",
    );
  }
}
if (mode === "start" && !isAppBuilt() && !run("electron-vite", ["build"], false)) fail("The app could not be built.");

const [program, args] =
  mode === "dev" ? (["electron-vite", ["dev", ...rest]] as const) : (["electron", [".", ...rest]] as const);
const child = spawn(localProgram(program), args, { cwd: root, stdio: "inherit", shell: process.platform === "win32" });
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
child.once("error", (error) => fail(`${program} could not be started: ${error.message}`));
child.once("exit", (code) => process.exit(code ?? 1));
