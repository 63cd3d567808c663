import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { gunzipSync } from "node:zlib";

const systems = { linux: "linux", darwin: "mac", win32: "win" } as const;
const architectures = ["x64", "arm64"] as const;

/** The system that an executable is for. */
export interface Target {
  readonly platform: keyof typeof systems;
  readonly arch: (typeof architectures)[number];
}

/** Node's license of the version in package.json: not every way to install Node brings it along. */
export const nodeLicense = (): string =>
  gunzipSync(readFileSync(path.join(import.meta.dirname, "node-license.txt.gz"))).toString();

/** The target of the `--platform` and `--arch` that were given, this machine's where they were not. @throws Error in a sentence. */
export function targetOf(platform: string, arch: string): Target {
  const byName = Object.entries(systems).find(([node, name]) => platform === node || platform === name)?.[0];
  const architecture = architectures.find((known) => known === arch);
  if (byName === undefined) throw new Error(`There is no platform "${platform}": use linux, mac or win.`);
  if (architecture === undefined) throw new Error(`There is no architecture "${arch}": use x64 or arm64.`);
  return { platform: byName as Target["platform"], arch: architecture };
}

/** The end of folder and file names: `linux-x64`. */
export const nameOf = ({ platform, arch }: Target): string => `${systems[platform]}-${arch}`;

/** The executable's file name. */
export const programNameOf = ({ platform }: Target): string => (platform === "win32" ? "culvert.exe" : "culvert");

export const isThisMachine = ({ platform, arch }: Target): boolean =>
  platform === process.platform && arch === process.arch;

const inNpmNames = ({ platform, arch }: Target): string => `node-${platform === "win32" ? "win" : platform}-${arch}`;

/** The program in Node's package for a system; null where that is not installed. */
function fromPackage(target: Target): string | null {
  const name = inNpmNames(target);
  let manifest: string;
  try {
    manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
  } catch {
    return null;
  }
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  if (`v${version}` !== process.version) {
    // The blob is made by the Node that runs this, and only the same version is sure to read it.
    throw new Error(
      `${name} is ${version}, but this is Node ${process.version}: run it with npm, or install the same.`,
    );
  }
  return path.join(path.dirname(manifest), "bin", target.platform === "win32" ? "node.exe" : "node");
}

/**
 * The Node that becomes the executable: that of the npm package for the target, else the one that runs this.
 * @throws Error in a sentence that says what to install.
 */
export function nodeFor(target: Target): string {
  if (target.platform === "darwin" && process.platform !== "darwin") {
    throw new Error("macOS runs signed programs only, and codesign is on macOS alone: make that executable there.");
  }
  const found = fromPackage(target) ?? (isThisMachine(target) ? process.execPath : null);
  if (found !== null && existsSync(found)) return found;
  const wanted = `${inNpmNames(target)}@${process.version.slice(1)}`;
  throw new Error(`Node for ${nameOf(target)} is not in node_modules: npm install --no-save --force ${wanted}`);
}
