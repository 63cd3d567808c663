import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { culvertExecutable } from "../run-culvert.ts";
import type { Service } from "./programs.ts";

const fileName = "libnss_wrapper.so";

/** Full name of the library that answers for names of a file of its own; null where it is not installed. */
export function nssWrapper(): string | null {
  if (process.platform !== "linux") return null;
  const inLib = readdirSync("/usr/lib").map((name) => path.join("/usr/lib", name, fileName));
  return [...inLib, path.join("/usr/lib64", fileName)].find((file) => existsSync(file)) ?? null;
}

/**
 * What it takes to lead the names of the guides to this computer: nothing for the sources, which guide-culvert.ts
 * patches; for an executable, the library that stands between it and the system's look-up.
 */
export const guideNames: Service = {
  available: () => (culvertExecutable === null || nssWrapper() !== null ? null : "libnss-wrapper"),
};
