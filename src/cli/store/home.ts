import path from "node:path";

/**
 * The folder that Culvert keeps its sessions in.
 *
 * On Linux that is the state folder, not the cache: clean-up tools empty caches at will, and a lost session costs
 * a person another sign-in. `CULVERT_HOME` goes before everything.
 */
export function culvertHome(
  platform: NodeJS.Platform,
  env: Readonly<Record<string, string | undefined>>,
  userHome: string,
): string {
  const paths = platform === "win32" ? path.win32 : path.posix;
  const given = env["CULVERT_HOME"] ?? "";
  if (given !== "") return paths.resolve(given);
  if (platform === "win32") {
    const local = env["LOCALAPPDATA"] ?? "";
    return paths.join(paths.isAbsolute(local) ? local : paths.join(userHome, "AppData", "Local"), "Culvert");
  }
  if (platform === "darwin") return paths.join(userHome, "Library", "Application Support", "Culvert");
  // The XDG specification has relative paths ignored.
  const state = env["XDG_STATE_HOME"] ?? "";
  return paths.join(paths.isAbsolute(state) ? state : paths.join(userHome, ".local", "state"), "culvert");
}
