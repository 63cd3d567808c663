import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { parseArgs } from "node:util";

/**
 * `npm run build:native [-- --if-possible]`: builds the program that uses keys which may not leave their store, for the system
 * that it runs on (native/README.md). With `--if-possible` a missing compiler or library is said and is no failure.
 */
const root = path.join(import.meta.dirname, "..");

/** What a platform lacks for the build. */
class Missing extends Error {}

interface Build {
  /** Below native/build. */
  readonly folder: string;
  readonly program: string;
  /** Compiles the sources to `output`. @throws Missing, or Error with what the compiler says. */
  readonly compile: (output: string) => void;
}

function run(command: string, args: readonly string[]): string {
  const { error, status, stdout, stderr } = spawnSync(command, args, { encoding: "utf8", maxBuffer: 16 * 1024 * 1024 });
  if (error) throw new Missing(`${path.basename(command)} is not installed`);
  if (status !== 0) throw new Error(`${[command, ...args].join(" ")}\n${stdout}${stderr}`);
  return stdout.trim();
}

function sources(folder: string, ending: string): string[] {
  const at = path.join(root, "native", folder);
  const files = existsSync(at) ? readdirSync(at).filter((file) => file.endsWith(ending)) : [];
  if (files.length === 0) throw new Missing(`native/${folder} has no sources`);
  return files.sort().map((file) => path.join(at, file));
}

/** C11 on the NSS of the system, hardened as distributions do. */
function compileLinux(output: string): void {
  const compiler = process.env["CC"] ?? "cc";
  run(compiler, ["--version"]);
  run("pkg-config", ["--version"]);
  if (spawnSync("pkg-config", ["--exists", "nss"]).status !== 0)
    throw new Missing("the development files of NSS are not installed (libnss3-dev, nss-devel)");
  const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== "");
  run(compiler, [
    ...["-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-O2", "-fPIE", "-pie", "-s"],
    ...["-fstack-protector-strong", "-D_FORTIFY_SOURCE=2", "-Wl,-z,relro,-z,now", "-Wl,--as-needed"],
    ...words(run("pkg-config", ["--cflags", "nss"])),
    ...sources("linux", ".c"),
    ...["-o", output],
    ...words(run("pkg-config", ["--libs", "nss"])),
  ]);
}

/** The compiler that is part of every Windows since 8. */
function compileWindows(output: string): void {
  const framework = path.join(process.env["SystemRoot"] ?? String.raw`C:\Windows`, "Microsoft.NET");
  const compilers = ["Framework64", "FrameworkArm64", "Framework"].map((kind) =>
    path.join(framework, kind, "v4.0.30319", "csc.exe"),
  );
  const compiler = compilers.find((file) => existsSync(file));
  if (compiler === undefined) throw new Missing("the .NET Framework 4 is not installed");
  const libraries = ["System.Core", "System.Runtime.Serialization", "System.Xml"];
  run(compiler, [
    ...["/nologo", "/optimize+", "/warn:4", "/platform:anycpu", "/target:exe", `/out:${output}`],
    ...libraries.map((name) => `/r:${name}.dll`),
    ...sources("windows", ".cs"),
  ]);
}

/** One file for both kinds of Mac. */
function compileMac(output: string): void {
  const files = sources("macos", ".swift");
  run("swiftc", ["--version"]);
  const parts = ["x86_64", "arm64"].map((arch) => {
    const part = `${output}-${arch}`;
    run("swiftc", [
      ...["-O", "-swift-version", "5", "-module-name", "CulvertTls", "-target", `${arch}-apple-macos12`, "-o", part],
      ...["-framework", "Security", "-framework", "Network"],
      ...files,
    ]);
    return part;
  });
  run("lipo", ["-create", ...parts, "-output", output]);
  for (const part of parts) rmSync(part);
}

function buildFor(platform: string, arch: string): Build {
  switch (platform) {
    case "linux":
      return { folder: `linux-${arch}`, program: "culvert-tls", compile: compileLinux };
    case "win32":
      return { folder: `win-${arch}`, program: "culvert-tls.exe", compile: compileWindows };
    case "darwin":
      return { folder: "mac-universal", program: "culvert-tls", compile: compileMac };
    default:
      throw new Missing(`there is none for ${platform}`);
  }
}

function main(): number {
  const { values } = parseArgs({ options: { "if-possible": { type: "boolean", default: false } } });
  try {
    const { folder, program, compile } = buildFor(process.platform, process.arch);
    const output = path.join(root, "native", "build", folder, program);
    mkdirSync(path.dirname(output), { recursive: true });
    compile(output);
    console.log(`${path.relative(process.cwd(), output)}: ${run(output, ["version"])}`);
    return 0;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const mayBeLeftOut = error instanceof Missing && values["if-possible"];
    console.log(`culvert-tls was not built: ${why}.`);
    return mayBeLeftOut ? 0 : 1;
  }
}

process.exitCode = main();
