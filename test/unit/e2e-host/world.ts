import { rmSync } from "node:fs";
import { onTestFinished } from "vitest";
import { setHost } from "../../e2e/host/double/host.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** The double without a browser: pages are never opened. Has to come before anything of the double is imported. */
export function hostWithoutBrowser(): { readonly exits: number[]; readonly folder: string } {
  const folder = temporaryFolder("double");
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const exits: number[] = [];
  setHost({
    appPath: folder,
    name: "double",
    version: "1.2.3",
    argv: ["electron", ".", `--user-data-dir=${folder}`, "--word"],
    folder,
    chromium: () => new Promise(() => undefined),
    exit: (code) => void exits.push(code),
  });
  return { exits, folder };
}
