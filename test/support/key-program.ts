import { writeFileSync } from "node:fs";
import path from "node:path";
import { findHelper } from "../../src/engine/index.ts";
import type { Service } from "./services/programs.ts";

const checkout = path.join(import.meta.dirname, "../..");
const found = findHelper({ platform: process.platform, arch: process.arch, folders: [], checkout });

/** The program that uses keys which may not leave their store, as it was built for this machine. */
export const keyProgram: Service & { readonly path: string } = {
  available: () => (found === null ? "culvert-tls (npm run build:native)" : null),
  get path() {
    if (found === null) throw new Error("culvert-tls is not built");
    return found;
  },
};

/** A program in its place that does what a shell script says; `$PROGRAM` is the real one where there is one. */
export function scriptedProgram(folder: string, script: string): string {
  const file = path.join(folder, `culvert-tls-${performance.now()}`);
  writeFileSync(file, `#!/bin/sh\nPROGRAM='${found ?? "false"}'\n${script}\n`, { mode: 0o700 });
  return file;
}
