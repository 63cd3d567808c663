import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { getConfig, validateConfiguration } from "app-builder-lib/out/util/config/config.js";
import { DebugLogger } from "builder-util";
import { expect, onTestFinished, test } from "vitest";
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
