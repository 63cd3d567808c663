import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import path from "node:path";
import { findBrowser } from "./browser/find-browser.ts";

const modules = path.join(import.meta.dirname, "../../../node_modules");
const cache = path.join(modules, ".cache/culvert-stand-in");

/** What the specs run in. */
export interface Runtime {
  readonly kind: "electron" | "stand-in";
  /** The program that is started, by Playwright or as a second process. */
  readonly program: string;
  /** Arguments that every start needs. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The script that runs before the app. */
  readonly recorder: string;
}

/** The folder of Electron's own program, where it is installed. */
function electronFolder(): string | null {
  const override = process.env["ELECTRON_OVERRIDE_DIST_PATH"];
  if (override !== undefined && override !== "") return override;
  const folder = path.join(modules, "electron/dist");
  return existsSync(path.join(folder, "version")) ? folder : null;
}

function electronProgram(folder: string): string {
  const names = { darwin: "Electron.app/Contents/MacOS/Electron", win32: "electron.exe" } as Record<string, string>;
  return path.join(folder, names[process.platform] ?? "electron");
}

/**
 * Writes a file into a folder that is named after what is in it, so that test processes which start at the same time, or
 * from another state of the sources, never find half of it or another one.
 */
function written(name: string, text: string, mode: number): string {
  const folder = path.join(cache, createHash("sha256").update(text).digest("hex").slice(0, 16));
  const file = path.join(folder, name);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const own = path.join(folder, `${name}.${process.pid}`);
  writeFileSync(own, text, { mode });
  renameSync(own, file);
  return file;
}

/** Electron runs no TypeScript, and the linter wants no CommonJS beside it. */
function writeRecorder(): string {
  const source = readFileSync(path.join(import.meta.dirname, "recorder.ts"), "utf8");
  return written("recorder.cjs", stripTypeScriptTypes(source), 0o644);
}

/** A program named `electron`, since Playwright finds it by that name in the folder it is pointed to. */
function writeStandIn(): string {
  if (process.platform === "win32")
    throw new Error("On Windows the specs need Electron itself: run npx install-electron");
  const main = path.join(import.meta.dirname, "stand-in/main.ts");
  // Playwright asks for the inspector, which is Node's and not the script's; a second process is started without it.
  const script = [
    "#!/bin/sh",
    "inspect=",
    'for one in "$@"; do case "$one" in --inspect=*) inspect="$one" ;; esac; done',
    `exec '${process.execPath}' --disable-warning=ExperimentalWarning $inspect '${main}' "$@"`,
  ];
  return written("electron", `${script.join("\n")}\n`, 0o755);
}

async function prepare(): Promise<Runtime> {
  const recorder = writeRecorder();
  const installed = electronFolder();
  if (installed !== null) {
    const args = process.platform === "linux" && process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    return { kind: "electron", program: electronProgram(installed), args, env: {}, recorder };
  }
  const browser = await findBrowser();
  const env = {
    CULVERT_TEST_BROWSER: browser.path,
    CULVERT_TEST_BROWSER_ENV: JSON.stringify(browser.env),
    NODE_COMPILE_CACHE: path.join(cache, "code"),
  };
  return { kind: "stand-in", program: writeStandIn(), args: [], env, recorder };
}

let found: Promise<Runtime> | undefined;

/** Finds out once what the specs of this process run in, and says it. */
export function theRuntime(): Promise<Runtime> {
  return (found ??= start());
}

async function start(): Promise<Runtime> {
  const runtime = await prepare();
  if (isFirstToSay())
    console.info(
      runtime.kind === "electron"
        ? "The specs run in Electron itself."
        : "The specs run in the stand-in for Electron (Node and Chromium): Electron itself is not installed here.",
    );
  return runtime;
}

/** Every file of specs has a process of its own; one of a run says what all of them run in. */
function isFirstToSay(): boolean {
  const file = path.join(cache, "said");
  const run = String(process.ppid);
  try {
    if (readFileSync(file, "utf8") === run) return false;
  } catch {
    // The first run here.
  }
  mkdirSync(cache, { recursive: true });
  writeFileSync(file, run);
  return true;
}
