import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { lacks } from "../services/programs.ts";
import type { PackagingProject } from "./project.ts";
import { programs } from "./tools.ts";

export const nsisTools = programs("makensis", "7za");

/** That the installer compiles. @param project with it built where its tools are. */
export function windowsTests(project: () => PackagingProject): void {
  test.skipIf(lacks(nsisTools))(
    "NSIS compiles the installer and the uninstaller with our steps in them, and has no warning",
    () => {
      const installer = readFileSync(project().made("win", `culvert-${project().version}-win-x64.exe`));
      expect(installer.toString("latin1", 0, 2)).toBe("MZ");
      const noted = readFileSync(project().made("win", "builder-debug.yml"), "utf8");
      // electron-builder notes the script it compiled; every warning would have ended it.
      expect(noted).toContain("packaging/windows/installer.nsh");
      expect(noted).toContain("ONE_CLICK");
      // Its own macros would overwrite what another program registered for the ending.
      expect(noted).not.toMatch(/APP_(UN)?ASSOCIATE|FileAssociation/);
    },
  );
}
