import path from "node:path";
import type { NoUpdates } from "../../shared/model/update.ts";
import { appImageOf } from "../lifecycle/app-image.ts";

/** How this copy of the app is updated, or why it is not. */
export type UpdateWay =
  | { readonly way: "nsis" }
  | { readonly way: "squirrel" }
  /** `file` is the AppImage, which is replaced. */
  | { readonly way: "appimage"; readonly file: string }
  | { readonly way: "none"; readonly why: NoUpdates };

export interface CopyFacts {
  readonly platform: "darwin" | "win32" | "linux";
  /** False while it is developed. */
  readonly isPackaged: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The running program. */
  readonly program: string;
  /** What electron-builder notes in the resources of a deb, rpm or pacman package; null where it is none. */
  readonly packageType: string | null;
  /** The build, or a policy, names a feed and the build holds a key for it. */
  readonly hasFeed: boolean;
  /** Whether this user may add and replace files in a folder. */
  canWrite(folder: string): boolean;
}

const none = (why: NoUpdates): UpdateWay => ({ way: "none", why });

/** Finds out how this copy is updated. */
export function updateWay(facts: CopyFacts): UpdateWay {
  if (facts.platform === "linux" && facts.packageType !== null) return none("package-manager");
  if (!facts.hasFeed) return none("no-feed");
  if (facts.platform !== "linux") {
    const portable = facts.env["PORTABLE_EXECUTABLE_FILE"] !== undefined;
    if (!facts.isPackaged || portable) return none("other-copy");
    return { way: facts.platform === "win32" ? "nsis" : "squirrel" };
  }
  const file = appImageOf(facts.program, facts.env);
  if (file === null) return none("other-copy");
  return facts.canWrite(path.dirname(file)) ? { way: "appimage", file } : none("folder-not-writable");
}
