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
  const inside = path.relative(mount, program);
  return inside !== "" && !inside.startsWith("..") && !path.isAbsolute(inside) ? file : null;
}

/** The program that starts this app again: an AppImage runs from a place that changes at every start. */
export const ownProgram = (execPath: string, env: Env): string => appImageOf(execPath, env) ?? execPath;
