import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { isAppBuilt } from "../../scripts/electron-binary.ts";
import { appImageTools, debTools, linuxTests, rpmTools } from "../support/packaging/linux-packages.ts";
import { PackagingProject } from "../support/packaging/project.ts";
import { appImageEnv, fpmEnv, nsisEnv } from "../support/packaging/tools.ts";
import { unpackedTests } from "../support/packaging/unpacked.ts";
import { nsisTools, windowsTests } from "../support/packaging/windows-installer.ts";
import { lacks } from "../support/services/programs.ts";

/**
 * Every package that can be made without Electron's binary, which a stub stands for, and without a download. With CULVERT_CLI_FOLDER
 * set (`npm run package:check`) the Linux packages hold the command line that was really made.
 */
describe.skipIf(process.platform !== "linux" || !isAppBuilt())("packages, with a stub in the place of Electron", () => {
  let project: PackagingProject;
  const tools = mkdtempSync(path.join(os.tmpdir(), "culvert-packaging-tools-"));
  afterAll(() => {
    project.remove();
    rmSync(tools, { recursive: true, force: true });
  });
  beforeAll(async () => {
    project = new PackagingProject(process.env["CULVERT_CLI_FOLDER"] ?? null);
    const linux: string[] = ["dir"];
    if (!lacks(debTools)) linux.push("deb");
    if (!lacks(rpmTools)) linux.push("rpm");
    if (!lacks(appImageTools)) linux.push("AppImage");
    const nsis = !lacks(nsisTools);
    await Promise.all([
      project.build("linux", linux, { ...fpmEnv(tools), ...appImageEnv(tools) }),
      project.build("win", nsis ? ["nsis", "dir"] : ["dir"], nsis ? nsisEnv(tools) : {}),
      project.build("mac", ["dir"]),
    ]);
  }, 300_000);

  describe("unpacked", () => unpackedTests(() => project));
  describe("Linux", () => linuxTests(() => project));
  describe("Windows", () => windowsTests(() => project));
});
