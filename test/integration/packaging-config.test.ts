import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { getConfig, validateConfiguration } from "app-builder-lib/out/util/config/config.js";
import { DebugLogger } from "builder-util";
import { expect, onTestFinished, test } from "vitest";
import { connectionFileExtension } from "../../src/main/connection-file.ts";
import { appId } from "../../src/main/launch.ts";
import { runValueName } from "../../src/main/lifecycle/login-item.ts";
import { linkSchemes } from "../../src/main/links.ts";
import { lacks } from "../support/services/programs.ts";
import { output, programs } from "../support/packaging/tools.ts";

const root = path.join(import.meta.dirname, "../..");
const read = (name: string): string => readFileSync(path.join(root, name), "utf8");
const config = await getConfig(root, null, null);

test("electron-builder's own schema accepts the configuration, and no other", async () => {
  await validateConfiguration(config, new DebugLogger(false));
  await expect(
    validateConfiguration({ ...config, nsis: { oneclick: true } as object }, new DebugLogger(false)),
  ).rejects.toThrow("does not match the API schema");
});

test("the app is known by one id", () => {
  expect(config.appId).toBe(appId);
  // The uninstaller removes the entry for starting at sign-in by APP_ID.
  expect(runValueName).toBe(appId);
});

test("the schemes that the installers register are those that the app reads", () => {
  expect([config.protocols].flat().map((protocol) => protocol?.schemes)).toEqual([linkSchemes]);
  const script = read("packaging/windows/installer.nsh");
  for (const macro of ["CULVERT_ADD_SCHEME", "CULVERT_REMOVE_SCHEME"])
    expect([...script.matchAll(new RegExp(`insertmacro ${macro} "(.*)"`, "g"))].map(([, scheme]) => scheme)).toEqual(
      linkSchemes,
    );
});

test("the type of file that the installers register is the one that the app reads", () => {
  const ending = connectionFileExtension.slice(1);
  const { mac, linux } = config;
  for (const associations of [mac?.fileAssociations, linux?.fileAssociations])
    expect([associations].flat().map((association) => association?.ext)).toEqual([ending]);
  // On Windows electron-builder's own would take it from another program: packaging/windows/file-type.nsh.
  expect(config.fileAssociations ?? config.win?.fileAssociations).toBeUndefined();
  const script = read("packaging/windows/installer.nsh");
  for (const macro of ["CULVERT_ADD_FILE_TYPE", "CULVERT_REMOVE_FILE_TYPE"])
    expect([...script.matchAll(new RegExp(`insertmacro ${macro} "(.*)"`, "g"))].map(([, name]) => name)).toEqual([
      ending,
    ]);
});

test("every fuse is set, and none is left to Electron", () => {
  expect(config.electronFuses).toEqual({
    runAsNode: false,
    enableNodeOptionsEnvironmentVariable: false,
    enableNodeCliInspectArguments: false,
    enableCookieEncryption: true,
    enableEmbeddedAsarIntegrityValidation: true,
    onlyLoadAppFromAsar: true,
    loadBrowserProcessSpecificV8Snapshot: false,
    grantFileProtocolExtraPrivileges: false,
    resetAdHocDarwinSignature: true,
  });
});

test("no key, password or feed stands in the configuration", () => {
  expect(config.publish).toBeNull();
  expect(read("electron-builder.yml")).not.toMatch(/csc|password|token|sha1|identity/i);
});

test("the entitlements ask for V8's machine code and nothing else", () => {
  for (const name of ["entitlements", "entitlements-inherited"]) {
    const keys = [...read(`packaging/macos/${name}.plist`).matchAll(/<key>(.*)<\/key>/g)].map(([, key]) => key);
    expect(keys).toEqual(["com.apple.security.cs.allow-jit"]);
  }
});

test.skipIf(lacks(programs("shellcheck")))("shellcheck has nothing to say about the scripts of the packages", () => {
  const scripts = ["after-install.sh", "after-remove.sh"].map((name) => path.join(root, "packaging/linux", name));
  expect(output("shellcheck", scripts)).toBe("");
});

test("the scripts of the packages hold nothing that fpm or rpm would read as a macro", () => {
  for (const name of ["after-install.sh", "after-remove.sh"]) {
    expect(read(`packaging/linux/${name}`)).not.toContain("%");
    expect(read(`packaging/linux/${name}`)).not.toMatch(/\$\{[a-zA-Z]+\}|<%=/);
  }
});

test.runIf(process.platform === "linux")(
  "Chromium's sandbox gets the helper that is root's where users may not have namespaces, also where root may",
  () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "culvert-after-install-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const helper = path.join(folder, "opt/Culvert/chrome-sandbox");
    mkdirSync(path.dirname(helper), { recursive: true });
    writeFileSync(helper, "");
    const stub = (name: string, line: string): void => {
      writeFileSync(path.join(folder, name), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
    };
    const modeAfter = (): string => {
      const script = path.join(root, "packaging/linux/after-install.sh");
      output("env", [`DPKG_ROOT=${folder}`, `PATH=${folder}:${process.env["PATH"] ?? ""}`, "sh", script, "configure"]);
      return (statSync(helper).mode & 0o7777).toString(8);
    };
    // As root: always. As somebody else: as the kernel has it.
    stub("unshare", "exit 0");
    stub("setpriv", 'case "$*" in *--reuid=[1-9]*" unshare --user true") exit 0 ;; esac; exit 1');
    expect(modeAfter()).toBe("755");
    stub("setpriv", "exit 1");
    expect(modeAfter()).toBe("4755");
    // Again, as an upgrade runs it.
    expect(modeAfter()).toBe("4755");
  },
);

test.runIf(process.platform === "linux")(
  "the scripts of the packages tell the system of the type of file, where it has to be told",
  () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "culvert-scripts-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const stub = (name: string, line: string): void => {
      writeFileSync(path.join(folder, name), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
    };
    // Nothing else is found, so that this system stays as it is.
    for (const name of ["chmod", "rm"]) stub(name, "exit 0");
    for (const name of ["setpriv", "apparmor_status"]) stub(name, "exit 1");
    const said = (name: string, argument: string, wanted = ""): string => {
      const script = path.join(root, "packaging/linux", name);
      return output("/usr/bin/env", ["-i", `PATH=${folder}`, `DPKG_ROOT=${wanted}`, "/bin/sh", script, argument]);
    };
    expect(said("after-install.sh", "configure")).toBe("");
    // One that fails does not keep the package from being installed.
    for (const name of ["update-mime-database", "update-desktop-database"]) stub(name, `echo "${name} $*"; exit 1`);
    const told = "update-mime-database /usr/share/mime\nupdate-desktop-database -q /usr/share/applications\n";
    expect(said("after-install.sh", "configure")).toBe(told);
    expect(said("after-remove.sh", "remove")).toBe(told);
    // rpm's, and what an upgrade has written anew.
    expect(said("after-remove.sh", "0")).toBe(told);
    expect(said("after-remove.sh", "1")).toBe("");
    // An image that is being built elsewhere.
    expect(said("after-install.sh", "configure", folder)).toBe("");
  },
);
