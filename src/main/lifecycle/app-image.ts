import path from "node:path";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The AppImage that a program runs from; null where it runs from none. A program that was started from another AppImage, such as an
 * editor's terminal, inherits its variables: they count only where the program is inside of it, or that one's file would be started or
 * replaced.
 * @param program absolute.
 */
export function appImageOf(program: string, { APPIMAGE: file = "", APPDIR: mount = "" }: Env): string | null {
  if (!path.isAbsolute(file) || !path.isAbsolute(mount) || file.includes("\0")) return null;
  return isInside(mount, program) ? file : null;
}

function isInside(folder: string, file: string): boolean {
  const inside = path.relative(folder, file);
  return inside !== "" && !/^\.\.(\/|$)/.test(inside) && !path.isAbsolute(inside);
}

/** The program that starts this app again: an AppImage runs from a place that changes at every start. */
export const ownProgram = (execPath: string, env: Env): string => appImageOf(execPath, env) ?? execPath;

/** Lists of folders, to which the AppRun of an AppImage adds some of its mount. */
const folderLists = ["PATH", "LD_LIBRARY_PATH", "XDG_DATA_DIRS", "GSETTINGS_SCHEMA_DIR"] as const;

/**
 * Takes the folders of this AppImage's mount out of the environment, which browsers and the next version of the app inherit. They
 * outlive the mount, and it is in /tmp: afterwards any user of the computer could make a folder of its name, with programs in it. The
 * app itself finds what it needs by its own place.
 * @param program the running one. @param env is changed.
 */
export function leaveMount(program: string, env: Record<string, string | undefined>): void {
  const { APPDIR: mount = "" } = env;
  if (appImageOf(program, env) === null) return;
  const isGone = (folder: string): boolean =>
    path.isAbsolute(folder) && (path.resolve(folder) === path.resolve(mount) || isInside(mount, folder));
  for (const name of folderLists) {
    const given = env[name];
    if (given === undefined) continue;
    const kept = given.split(":").filter((folder) => !isGone(folder));
    if (kept.length === 0) delete env[name];
    else env[name] = kept.join(":");
  }
}
