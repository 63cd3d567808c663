import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { stageLinuxFiles } from "../../../scripts/packaging/linux-files.ts";
import { stubProgram } from "./resources.ts";
import { makeStubElectron, type System } from "./stub-electron.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const root = path.join(import.meta.dirname, "../../..");
const run = promisify(execFile);

/** Longest time for one run of electron-builder, milliseconds. */
const buildMs = 240_000;

/**
 * A copy of what packaging reads, in a folder of its own, with a stub in the place of Electron: electron-builder runs in it as it
 * would in the repository. The built app is the real one.
 */
export class PackagingProject {
  readonly folder: string;
  readonly version: string;

  /** @param cli folder that `npm run package:cli` made for this machine, which takes the place of the stub on Linux. */
  constructor(cli: string | null = null) {
    this.folder = temporaryFolder("packaging");
    for (const name of ["electron-builder.yml", "package.json", "packaging", "assets", "out"])
      cpSync(path.join(root, name), path.join(this.folder, name), { recursive: true });
    symlinkSync(path.join(root, "node_modules"), path.join(this.folder, "node_modules"));
    const manifest = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { version: string };
    this.version = manifest.version;
    for (const system of ["linux", "mac", "win"] as const) {
      makeStubElectron(path.join(this.folder, "electron", system), system);
      this.#makeCli(system, system === "linux" ? cli : null);
    }
    stageLinuxFiles(this.#cliFolder("linux"), path.join(this.folder, "dist/linux"));
  }

  #cliFolder(system: System): string {
    return path.join(this.folder, `dist/cli/culvert-${this.version}-${system}-x64`);
  }

  /** What scripts/executable.ts leaves, with programs that do nothing. */
  #makeCli(system: System, made: string | null): void {
    const folder = this.#cliFolder(system);
    if (made !== null) {
      cpSync(made, folder, { recursive: true });
      return;
    }
    mkdirSync(path.join(folder, "completions"), { recursive: true });
    const program = system === "win" ? stubProgram("culvert") : `#!/bin/sh\necho "culvert ${this.version} $*"\n`;
    writeFileSync(path.join(folder, system === "win" ? "culvert.exe" : "culvert"), program, { mode: 0o755 });
    writeFileSync(path.join(folder, "culvert.1"), ".TH CULVERT 1\n.SH NAME\nculvert \\- tunnels\n");
    writeFileSync(path.join(folder, "LICENSES.txt"), "licenses\n");
    for (const name of ["culvert.bash", "_culvert", "culvert.fish", "culvert.ps1"])
      writeFileSync(path.join(folder, "completions", name), "# completion\n");
  }

  /** Runs electron-builder. @param env what points it to tools. Resolves to what it printed. */
  async build(system: System, targets: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    const cli = path.join(root, "node_modules/electron-builder/cli.js");
    const args = [`--${system}`, ...targets, "--x64", "--publish", "never"];
    args.push(`-c.electronDist=${path.join(this.folder, "electron", system)}`, `-c.directories.output=made/${system}`);
    // codesign is on macOS alone.
    if (system === "mac") args.push("-c.electronFuses.resetAdHocDarwinSignature=false");
    const { stdout, stderr } = await run(process.execPath, [cli, ...args], {
      cwd: this.folder,
      env: { ...cleanEnv(), CSC_IDENTITY_AUTO_DISCOVERY: "false", ...env },
      timeout: buildMs,
      maxBuffer: 16 * 1024 * 1024,
    });
    return stdout + stderr;
  }

  /** A file or folder that a build made. */
  made(system: System, ...names: readonly string[]): string {
    return path.join(this.folder, "made", system, ...names);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Nobody's keys sign a test, and no feed is built in. */
function cleanEnv(): Record<string, string | undefined> {
  const secret = /^(WIN_)?CSC_|^APPLE_|^AZURE_|^CULVERT_/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !secret.test(name)));
}
