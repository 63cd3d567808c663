import { readdirSync } from "node:fs";
import path from "node:path";

/** All files and links below a folder, relative to it, sorted. No link is followed. */
export function filesOf(folder: string, inside = ""): string[] {
  const entries = readdirSync(path.join(folder, inside), { withFileTypes: true });
  return entries
    .flatMap((entry) => {
      const name = path.join(inside, entry.name);
      return entry.isDirectory() ? filesOf(folder, name) : [name];
    })
    .sort();
}
