import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { extractFile, listPackage } from "@electron/asar";
import { FuseV1Options, getCurrentFuseWire } from "@electron/fuses";
import { expect, test } from "vitest";
import { filesOf } from "./files.ts";
import type { PackagingProject } from "./project.ts";
import { factsOf } from "./resources.ts";
import type { System } from "./stub-electron.ts";

/** Files of the app, packed: 2.5 MB as of 0.1.0. What is far more is something that does not belong there. */
const asarBytes = 6 * 1024 * 1024;

/** Everything that may be in the archive; what is not matched is told by name. */
const inArchive = [
  /^\/package\.json$/,
  /^\/out\/main\/(chunks\/)?[\w-]+\.js$/,
  /^\/out\/preload\/index\.cjs$/,
  /^\/out\/renderer\/index\.html$/,
  /^\/out\/renderer\/assets\/[\w.-]+\.(js|css|svg|png|woff2)$/,
  /^\/assets\/tray\/\w+(-dark|-light|Template)(@2x)?\.png$/,
  /^\/assets\/icon\/256x256\.png$/,
];

const commandLine = ["LICENSES.txt", "completions/_culvert", "completions/culvert.bash", "completions/culvert.fish"];
commandLine.push("completions/culvert.ps1", "culvert.1");

const places = {
  linux: {
    app: "linux-unpacked",
    resources: "linux-unpacked/resources",
    fuses: "linux-unpacked/culvert",
    program: "culvert",
  },
  win: {
    app: "win-unpacked",
    resources: "win-unpacked/resources",
    fuses: "win-unpacked/Culvert.exe",
    program: "culvert.exe",
  },
  mac: { app: "mac", resources: "mac/Culvert.app/Contents/Resources", fuses: "mac/Culvert.app", program: "culvert" },
} as const;

/** What each system's unpacked app has to be, whichever installer it then goes into. @param project with all three built. */
export function unpackedTests(project: () => PackagingProject): void {
  const at = (system: System, place: "app" | "resources" | "fuses"): string =>
    project().made(system, places[system][place]);
  const systems = ["linux", "win", "mac"] as const;

  test.each(systems)("%s: the archive holds what the app needs and nothing else", (system) => {
    const archive = path.join(at(system, "resources"), "app.asar");
    const files = listPackage(archive, { isPack: false })
      .map((name) => name.replaceAll("\\", "/"))
      .filter((name) => /\.\w+$/.test(name));
    expect(files.filter((name) => !inArchive.some((pattern) => pattern.test(name)))).toEqual([]);
    for (const pattern of inArchive) expect(files.filter((name) => pattern.test(name))).not.toEqual([]);
    expect(files).toContain("/out/main/index.js");
    expect(statSync(archive).size).toBeLessThan(asarBytes);
  });

  test.each(systems)("%s: no map, and no reference to one, leaves with it", (system) => {
    const archive = path.join(at(system, "resources"), "app.asar");
    for (const name of listPackage(archive, { isPack: false }).filter((file) => /\.(c?js|css)$/.test(file)))
      expect(extractFile(archive, name.slice(1)).toString("utf8")).not.toContain("sourceMappingURL=");
  });

  test.each(systems)("%s: the packed package.json says where to start, and no developer's matters", (system) => {
    const packed = JSON.parse(
      extractFile(path.join(at(system, "resources"), "app.asar"), "package.json").toString("utf8"),
    ) as Record<string, unknown>;
    expect(packed).toMatchObject({
      name: "culvert",
      productName: "Culvert",
      main: "./out/main/index.js",
      type: "module",
      desktopName: "culvert.desktop",
    });
    expect(packed["version"]).toBe(project().version);
    expect(packed["devDependencies"] ?? packed["scripts"]).toBeUndefined();
  });

  test.each(systems)("%s: the command line lies beside it with its manual page and completions", (system) => {
    // Helpers for keys that stay in their store are there where they were built.
    const files = filesOf(path.join(at(system, "resources"), "cli")).filter((name) => !name.startsWith("culvert-tls"));
    expect(files).toEqual([...commandLine, places[system].program].sort());
    if (system !== "win") expect(statSync(path.join(at(system, "resources"), "cli/culvert")).mode & 0o111).not.toBe(0);
  });

  test.each(systems)("%s: of Chromium's languages English alone is left", (system) => {
    const languages = filesOf(at(system, "app")).filter((name) => /locales|\.lproj/.test(name));
    expect(languages.map((name) => /(en)(-US\.pak|\.lproj\/)/.exec(name)?.[1])).toEqual(languages.map(() => "en"));
    expect(languages).toHaveLength(system === "mac" ? 2 : 1);
  });

  test.each(systems)("%s: the fuses are as the configuration says, in the binary itself", async (system) => {
    const wire = await getCurrentFuseWire(at(system, "fuses"));
    const state = (fuse: FuseV1Options): string => String.fromCharCode(Number(wire[fuse]));
    expect({
      runAsNode: state(FuseV1Options.RunAsNode),
      cookieEncryption: state(FuseV1Options.EnableCookieEncryption),
      nodeOptions: state(FuseV1Options.EnableNodeOptionsEnvironmentVariable),
      inspect: state(FuseV1Options.EnableNodeCliInspectArguments),
      integrity: state(FuseV1Options.EnableEmbeddedAsarIntegrityValidation),
      onlyAsar: state(FuseV1Options.OnlyLoadAppFromAsar),
      snapshot: state(FuseV1Options.LoadBrowserProcessSpecificV8Snapshot),
      fileProtocol: state(FuseV1Options.GrantFileProtocolExtraPrivileges),
    }).toEqual({
      runAsNode: "0",
      cookieEncryption: "1",
      nodeOptions: "0",
      inspect: "0",
      integrity: "1",
      onlyAsar: "1",
      snapshot: "0",
      fileProtocol: "0",
    });
  });

  test("beside the archive and the command line there is Electron and nothing of ours", () => {
    // The AppArmor profile comes along where a deb or rpm was made of it.
    const own = /^resources\/(app\.asar$|cli\/|apparmor-profile$)|^locales\/en-US\.pak$/;
    expect(filesOf(at("linux", "app")).filter((name) => !own.test(name))).toEqual([
      "LICENSE.electron.txt",
      "LICENSES.chromium.html",
      "chrome-sandbox",
      "chrome_crashpad_handler",
      "culvert",
      "icudtl.dat",
      "libffmpeg.so",
      "resources.pak",
      "snapshot_blob.bin",
      "v8_context_snapshot.bin",
      "version",
    ]);
  });

  test("macOS: the bundle has its id, its links, its type of file, and the hash of its archive", () => {
    const plist = readFileSync(project().made("mac", "mac/Culvert.app/Contents/Info.plist"), "utf8").replace(
      /\s+/g,
      "",
    );
    expect(plist).toContain("<key>CFBundleIdentifier</key><string>io.culvert.app</string>");
    expect(plist).toContain(
      "<key>CFBundleURLSchemes</key><array><string>culvert</string><string>tcp+https</string><string>udp+https</string></array>",
    );
    const documents = /<key>CFBundleDocumentTypes<\/key><array><dict>(.*?)<\/dict><\/array>/.exec(plist)?.[1];
    for (const claim of [
      "<key>CFBundleTypeExtensions</key><array><string>culvert</string></array>",
      "<key>CFBundleTypeRole</key><string>Viewer</string>",
      "<key>LSHandlerRank</key><string>Owner</string>",
      "<key>CFBundleTypeIconFile</key><string>icon.icns</string>",
    ])
      expect(documents).toContain(claim);
    expect(plist).toMatch(/<key>Resources\/app\.asar<\/key><dict><key>algorithm<\/key><string>SHA256<\/string>/);
    const icon = (file: string): Buffer => readFileSync(file);
    const bundled = icon(project().made("mac", "mac/Culvert.app/Contents/Resources/icon.icns"));
    expect(bundled.equals(icon(path.join(project().folder, "assets/icon/icon.icns")))).toBe(true);
  });

  test("Windows: the program carries its name, version, icons, and the hash of its archive", () => {
    const { strings, icons, types } = factsOf(readFileSync(project().made("win", "win-unpacked/Culvert.exe")));
    expect(strings).toMatchObject({
      ProductName: "Culvert",
      CompanyName: "Culvert contributors",
      FileVersion: project().version,
    });
    expect(icons).toEqual([16, 24, 32, 48, 64, 128, 256]);
    expect(types).toContain("INTEGRITY");
  });
}
