import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const root = path.join(import.meta.dirname, "..");

/** True where Electron's binary, which its npm package fetches only when asked to, is on this machine. */
export function hasElectronBinary(): boolean {
  const folder = path.dirname(createRequire(import.meta.url).resolve("electron/package.json"));
  return existsSync(process.env["ELECTRON_OVERRIDE_DIST_PATH"] ?? path.join(folder, "dist/version"));
}

/** True where `npm run build` has left a whole app. */
export function isAppBuilt(): boolean {
  return ["main/index.js", "preload/index.cjs", "renderer/index.html"].every((file) =>
    existsSync(path.join(root, "out", file)),
  );
}

/** A program of node_modules. */
export const localProgram = (name: string): string => path.join(root, "node_modules/.bin", name);
