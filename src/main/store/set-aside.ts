import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { codeOf, removeLitter, syncFolder } from "./private-files.ts";

/** Names of one day; nobody has more broken files than that. */
const mostNames = 1_000;

const twoDigits = (value: number): string => String(value).padStart(2, "0");

/** Names for a file that is kept, best first: connections-kept-2026-11-21.json, connections-kept-2026-11-21-2.json … */
function* keptNames(file: string, now: Date): Generator<string> {
  const { name, ext, dir } = path.parse(file);
  const day = `${now.getFullYear()}-${twoDigits(now.getMonth() + 1)}-${twoDigits(now.getDate())}`;
  for (let number = 1; number <= mostNames; number++) {
    yield path.join(dir, `${name}-kept-${day}${number === 1 ? "" : `-${number}`}${ext}`);
  }
}

/** True where a copy of the file was kept, today or ever; also where nobody can tell. */
export function hasKept(file: string): boolean {
  const { name, ext, dir } = path.parse(file);
  try {
    return readdirSync(dir).some((one) => one.startsWith(`${name}-kept-`) && one.endsWith(ext));
  } catch {
    return true;
  }
}

const noNameLeft = (): Error => new Error("too many files were set aside today");

/**
 * Gives the file a name of its own, untouched. There is a moment between looking for a free name and taking it; the app is the
 * only one that writes there.
 * @returns its new path.
 */
export function moveAside(file: string, now: Date): string {
  for (const kept of keptNames(file, now)) {
    if (existsSync(kept)) continue;
    renameSync(file, kept);
    syncFolder(path.dirname(file));
    return kept;
  }
  throw noNameLeft();
}

/**
 * Copies the file, mode 0600, and leaves it in place. A copy with the same bytes that is there already is taken for it, so that a
 * crash between this and the next write makes no second one.
 * @returns the path of the copy.
 */
export function copyAside(file: string, now: Date): string {
  const bytes = readFileSync(file);
  for (const kept of keptNames(file, now)) {
    let handle: number;
    try {
      handle = openSync(kept, "wx", 0o600);
    } catch (thrown) {
      if (codeOf(thrown) !== "EEXIST") throw thrown;
      if (holds(kept, bytes)) return kept;
      continue;
    }
    try {
      try {
        writeFileSync(handle, bytes);
        fsyncSync(handle);
      } finally {
        closeSync(handle);
      }
    } catch (thrown) {
      removeLitter(kept);
      throw thrown;
    }
    syncFolder(path.dirname(file));
    return kept;
  }
  throw noNameLeft();
}

function holds(file: string, bytes: Buffer): boolean {
  try {
    return readFileSync(file).equals(bytes);
  } catch {
    return false;
  }
}
