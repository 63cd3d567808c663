import { statSync } from "node:fs";
import path from "node:path";

/** Folders of native/build by the names that Node has for platforms. */
const systems: Readonly<Record<string, string>> = { linux: "linux", win32: "win", darwin: "mac" };

export interface HelperPlaces {
  /** As `process.platform` and `process.arch`. */
  readonly platform: string;
  readonly arch: string;
  /** Where an installation has it: beside the executable, or among the app's resources. */
  readonly folders: readonly string[];
  /** The checkout that runs from its sources or its build; null where there is none. */
  readonly checkout: string | null;
}

function isFile(file: string): boolean {
  try {
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Path of the program that uses keys which may not leave their store; null where it is not installed or built. */
export function findHelper({ platform, arch, folders, checkout }: HelperPlaces): string | null {
  const system = systems[platform];
  if (system === undefined) return null;
  const name = platform === "win32" ? "culvert-tls.exe" : "culvert-tls";
  const built = [`${system}-${arch}`, `${system}-universal`];
  const places = [
    ...folders,
    ...(checkout === null ? [] : built.map((one) => path.join(checkout, "native", "build", one))),
  ];
  return places.map((folder) => path.resolve(folder, name)).find(isFile) ?? null;
}
