import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { firstMissing, program, type Service } from "../services/programs.ts";
import { stubPlugIn } from "./pe.ts";

/** Programs that packaging needs; for `lacks`. */
export const programs = (...names: readonly string[]): Service => ({ available: () => firstMissing(...names) });

function script(file: string, lines: readonly string[]): string {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${lines.join("\n")}\n`, { mode: 0o755 });
  return file;
}

/** What points electron-builder to the stand-in for fpm. @param folder for its files. */
export function fpmEnv(folder: string): Record<string, string> {
  const fpm = path.join(import.meta.dirname, "fpm.ts");
  return { CUSTOM_FPM_PATH: script(path.join(folder, "fpm"), [`exec '${process.execPath}' '${fpm}' "$@"`]) };
}

/** Length of the stub in front of an AppImage's file system, bytes. */
export const appImageRuntimeBytes = 4096;

/** What points electron-builder to Debian's squashfs-tools and a runtime that is a stub: such an AppImage can be looked into, not run. */
export function appImageEnv(folder: string): Record<string, string> {
  const root = path.join(folder, "appimage");
  for (const name of ["mksquashfs", "desktop-file-validate"]) script(path.join(root, name), [`exec ${name} "$@"`]);
  mkdirSync(path.join(root, "runtimes"), { recursive: true });
  mkdirSync(path.join(root, "lib/x64"), { recursive: true });
  writeFileSync(path.join(root, "runtimes/runtime-x64"), Buffer.alloc(appImageRuntimeBytes, "\n"));
  return { APPIMAGE_TOOLS_PATH: root };
}

/** Points electron-builder to Debian's 7-Zip, for zip and 7z archives. */
export function sevenZipEnv(): Record<string, string> {
  return { ELECTRON_BUILDER_7ZIP_PATH: program("7za") };
}

/** What electron-builder's NSIS scripts call in plug-ins that Debian's NSIS has not, by plug-in. */
function calledPlugIns(): ReadonlyMap<string, ReadonlySet<string>> {
  const templates = path.join(createRequire(import.meta.url).resolve("app-builder-lib"), "../../templates/nsis");
  const names = readdirSync(templates, { recursive: true, encoding: "utf8" }).filter((name) => /\.ns[hi]$/.test(name));
  const found = new Map<string, Set<string>>();
  for (const text of names.map((name) => readFileSync(path.join(templates, name), "utf8"))) {
    for (const [, plugIn = "", called = ""] of text.matchAll(
      /\b(Nsis7z|SpiderBanner|StdUtils|UAC|WinShell|nsProcess)::(\w+)/g,
    ))
      found.set(plugIn, (found.get(plugIn) ?? new Set()).add(called));
  }
  return found;
}

/**
 * Points electron-builder to Debian's NSIS with plug-ins that do nothing, and to a stand-in for Wine that writes a stub where the
 * uninstaller would be: what comes out was compiled, and is no installer.
 */
export function nsisEnv(folder: string): Record<string, string> {
  const nsis = path.join(folder, "nsis");
  const share = "/usr/share/nsis";
  script(path.join(nsis, "linux/makensis"), [`exec makensis "$@"`]);
  for (const name of ["Contrib", "Include", "Plugins", "Stubs"])
    symlinkSync(path.join(share, name), path.join(nsis, name));
  const resources = path.join(folder, "nsis-resources");
  const to = path.join(resources, "plugins/x86-unicode");
  mkdirSync(to, { recursive: true });
  for (const [name, called] of calledPlugIns())
    writeFileSync(path.join(to, `${name}.dll`), stubPlugIn(name, [...called]));
  script(path.join(folder, "bin/wine"), [
    `[ "$1" = --version ] && { echo wine-8.0; exit 0; }`,
    `cp "$1" "$(dirname "$1")/$(basename "$1" exe)__uninstaller.exe"`,
  ]);
  return {
    ELECTRON_BUILDER_NSIS_DIR: nsis,
    ELECTRON_BUILDER_NSIS_RESOURCES_DIR: resources,
    PATH: `${path.join(folder, "bin")}${path.delimiter}${process.env["PATH"] ?? ""}`,
    ...sevenZipEnv(),
  };
}

/** Runs a program of the system and gives what it prints. @throws Error with its output when it fails. */
export function output(program: string, args: readonly string[], options: { readonly cwd?: string } = {}): string {
  return execFileSync(program, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 64 * 1024 * 1024,
    ...options,
  });
}
