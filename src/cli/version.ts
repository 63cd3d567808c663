import { readFileSync } from "node:fs";
import path from "node:path";

/** Put in by the build; absent when the sources run as they are. */
declare const __CULVERT_VERSION__: string | undefined;

/** The version in package.json. */
export function versionOfCulvert(): string {
  if (typeof __CULVERT_VERSION__ === "string") return __CULVERT_VERSION__;
  let folder = import.meta.dirname;
  for (;;) {
    try {
      const file: unknown = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
      if (typeof file === "object" && file !== null && "name" in file && file.name === "culvert" && "version" in file) {
        return String(file.version);
      }
    } catch {
      // No package.json here; it is in a folder above.
    }
    const above = path.dirname(folder);
    if (above === folder) return "unknown";
    folder = above;
  }
}
