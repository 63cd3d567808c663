import { lstat, readlink, rename, rm, symlink } from "node:fs/promises";
import path from "node:path";

/** Where macOS looks for programs that no package manager has put there. */
const place = "/usr/local/bin/culvert";

/** What stands at the place of the link. */
export type Found =
  { readonly kind: "nothing" } | { readonly kind: "link"; readonly to: string } | { readonly kind: "file" };

/** What is to be done with what was found. */
export type Plan = "nothing" | "link" | "replace" | "ask";

/** What came of it. */
export type Outcome =
  | { readonly kind: "ready"; readonly place: string }
  /** The app runs from a place that it will not stay at. */
  | { readonly kind: "not-installed" }
  /** Something else is there, and is not for Culvert to remove. */
  | { readonly kind: "taken"; readonly place: string; readonly command: string }
  /** Only an administrator may write there: this line does it. */
  | { readonly kind: "needs-rights"; readonly command: string };

/** Files, as far as it takes them; each rejects with the system's error. */
export interface LinkFiles {
  find(file: string): Promise<Found>;
  /** Puts a link there, in the place of another where there is one. */
  link(to: string, file: string): Promise<void>;
}

/** @param program the command line inside of the app. A link that leads into another copy of the app was made by that one. */
export function planOf(found: Found, program: string): Plan {
  if (found.kind === "nothing") return "link";
  if (found.kind === "file") return "ask";
  if (found.to === program) return "nothing";
  return /\/Contents\/Resources\/cli\/culvert$/.test(found.to) ? "replace" : "ask";
}

/** A disk image that is not copied yet, and the random place where macOS runs what was just downloaded. */
const isPassing = (program: string): boolean =>
  program.startsWith("/Volumes/") || program.includes("/AppTranslocation/");

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** What an administrator types to have the link. */
export const commandFor = (program: string): string =>
  `sudo mkdir -p ${path.posix.dirname(place)} && sudo ln -sfn ${quoted(program)} ${place}`;

/** Puts the command line on the PATH. @param program absolute path of it inside of the app. Never rejects for want of rights. */
export async function linkCommandLine(program: string, files: LinkFiles): Promise<Outcome> {
  if (isPassing(program)) return { kind: "not-installed" };
  const command = commandFor(program);
  try {
    const plan = planOf(await files.find(place), program);
    if (plan === "ask") return { kind: "taken", place, command };
    if (plan !== "nothing") await files.link(program, place);
    return { kind: "ready", place };
  } catch {
    // No rights, no such folder, a disk that cannot be written: an administrator's line is the way out of each.
    return { kind: "needs-rights", command };
  }
}

/** The disk. A link is replaced whole, so that there is no moment without one. */
export const diskFiles: LinkFiles = {
  async find(file) {
    try {
      const stats = await lstat(file);
      return stats.isSymbolicLink() ? { kind: "link", to: await readlink(file) } : { kind: "file" };
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return { kind: "nothing" };
      throw thrown;
    }
  },
  async link(to, file) {
    const aside = `${file}.${process.pid}`;
    await symlink(to, aside);
    try {
      await rename(aside, file);
    } catch (thrown) {
      await rm(aside, { force: true });
      throw thrown;
    }
  },
};
