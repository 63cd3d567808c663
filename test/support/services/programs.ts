import { accessSync, constants, readdirSync } from "node:fs";
import path from "node:path";

/** A real program that tests use, and what of it this computer lacks. */
export interface Service {
  /** Name of what is missing, null when everything is there. */
  available(): string | null;
  /** CI goes without it where it is not there. */
  readonly isOptional?: boolean;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Full name of a program on the PATH or in one of the other folders; null when it is in none. */
export function findProgram(name: string, otherFolders: readonly string[] = []): string | null {
  const onPath = (process.env["PATH"] ?? "").split(path.delimiter).filter((folder) => folder !== "");
  return [...onPath, ...otherFolders].map((folder) => path.join(folder, name)).find(isExecutable) ?? null;
}

/** As `findProgram`, for code that runs only where `available()` found it. */
export function program(name: string, otherFolders: readonly string[] = []): string {
  const found = findProgram(name, otherFolders);
  if (found === null) throw new Error(`${name} is not installed`);
  return found;
}

/** The first of some programs that is missing. */
export function firstMissing(...names: readonly string[]): string | null {
  return names.find((name) => findProgram(name) === null) ?? null;
}

/** Folders of a kind such as `/usr/lib/postgresql/15/bin`, newest first; empty where there are none. */
export function versionedFolders(parent: string, child: string): string[] {
  try {
    const versions = readdirSync(parent).filter((name) => /^\d+$/.test(name));
    return versions.sort((a, b) => Number(b) - Number(a)).map((version) => path.join(parent, version, child));
  } catch {
    return [];
  }
}

const said = new Set<string>();

/**
 * True when tests of these services cannot run here, which is said once. In CI that is a failure, but for optional ones.
 * For `describe.skipIf`.
 */
export function lacks(...services: readonly Service[]): boolean {
  const lacking = services.find((service) => service.available() !== null);
  const missing = lacking?.available() ?? null;
  if (lacking === undefined || missing === null) return false;
  if (process.env["CI"] && lacking.isOptional !== true) throw new Error(`needs ${missing}. CI must run these tests.`);
  if (!said.has(missing)) console.warn(`skipped: needs ${missing}`);
  said.add(missing);
  return true;
}
