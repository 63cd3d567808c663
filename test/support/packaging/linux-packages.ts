import { lstatSync, mkdirSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { lacks } from "../services/programs.ts";
import { filesOf } from "./files.ts";
import type { PackagingProject } from "./project.ts";
import { appImageRuntimeBytes, output, programs } from "./tools.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/**
 * What lintian is let say: the place in /opt is electron-builder's, the field fpm's, the last line is about the stub and the root who runs
 * it; Node, which the command line is, brings a zlib and is linked to a fixed place.
 */
const expectedOfLintian = new RegExp(
  [
    "dir-or-file-in-opt|no-changelog|unknown-field Vendor",
    "(embedded-library zlib|hardening-no-pie) .*/cli/culvert\\]$",
    "executable-not-elf-or-script .*/libffmpeg\\.so|running with root",
  ].join("|"),
);

function temporary(): string {
  const folder = temporaryFolder("packages");
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What a package puts outside of /opt. @param zsh where the distribution's zsh looks. */
const outside = (zsh: string): string[] => [
  "usr/bin/culvert",
  "usr/share/applications/culvert.desktop",
  "usr/share/bash-completion/completions/culvert",
  "usr/share/doc/culvert/copyright",
  "usr/share/fish/vendor_completions.d/culvert.fish",
  ...[1024, 128, 16, 24, 256, 32, 48, 512, 64].map(
    (size) => `usr/share/icons/hicolor/${size}x${size}/apps/culvert.png`,
  ),
  "usr/share/man/man1/culvert.1.gz",
  "usr/share/mime/packages/culvert.xml",
  `${zsh}/_culvert`,
];

function checkDesktopEntry(file: string, exec: string): void {
  expect(output("desktop-file-validate", [file])).toBe("");
  const entry = readFileSync(file, "utf8");
  for (const line of [
    "Name=Culvert",
    `Exec=${exec} %U`,
    "Icon=culvert",
    "StartupWMClass=culvert",
    "Categories=Network;RemoteAccess;",
    "MimeType=application/x-culvert;x-scheme-handler/culvert;x-scheme-handler/tcp+https;x-scheme-handler/udp+https;",
  ])
    expect(entry.split("\n")).toContain(line);
}

/** What a desktop makes of the descriptions in a folder. @param share with mime and applications below it; is written to. */
function checkFileType(share: string): void {
  output("update-mime-database", [path.join(share, "mime")]);
  expect(readFileSync(path.join(share, "mime/globs2"), "utf8")).toMatch(/^\d+:application\/x-culvert:\*\.culvert$/m);
  output("update-desktop-database", [path.join(share, "applications")]);
  expect(readFileSync(path.join(share, "applications/mimeinfo.cache"), "utf8")).toContain(
    "\napplication/x-culvert=culvert.desktop;\n",
  );
}

/** An empty system that dpkg can install into, without the packages that others would bring. */
function emptySystem(): { root: string; dpkg: (...args: readonly string[]) => string } {
  const root = temporary();
  for (const folder of ["var/lib/dpkg/info", "var/lib/dpkg/updates", "etc"])
    mkdirSync(path.join(root, folder), { recursive: true });
  writeFileSync(path.join(root, "var/lib/dpkg/status"), "");
  // The scripts run outside of the new root and are told of it by DPKG_ROOT.
  const always = [
    `--root=${root}`,
    "--force-script-chrootless",
    "--force-depends",
    "--force-not-root",
    "--log=/dev/null",
  ];
  return { root, dpkg: (...args) => output("fakeroot", ["dpkg", ...always, ...args]) };
}

const installedFiles = (root: string): string[] => filesOf(root).filter((name) => !name.startsWith("var/"));

/** What the Linux packages hold, install and leave. @param project with AppImage, deb and rpm built where their tools are. */
export function linuxTests(project: () => PackagingProject): void {
  const made = (name: string): string => project().made("linux", name);
  const deb = (): string => made(`culvert_${project().version}_amd64.deb`);
  const rpm = (): string => made(`culvert-${project().version}.x86_64.rpm`);

  test.skipIf(lacks(debTools))(
    "deb: what it says of itself",
    () => {
      const field = (name: string): string => output("dpkg-deb", ["-f", deb(), name]).trim();
      expect([field("Package"), field("Version"), field("Architecture"), field("Section")]).toEqual([
        "culvert",
        project().version,
        "amd64",
        "net",
      ]);
      expect(field("Depends").split(", ")).toEqual(
        expect.arrayContaining(["libnss3", "libsecret-1-0", "libgtk-3-0", "libgbm1"]),
      );
      expect(field("Recommends")).toBe("");
      const said = output("lintian", ["--tag-display-limit", "0", "--fail-on", "none", deb()]).split("\n");
      expect(said.filter((line) => line !== "" && !expectedOfLintian.test(line))).toEqual([]);
      // Lintian unpacks the whole command line and looks into every file of it.
    },
    600_000,
  );

  test.skipIf(lacks(debTools))("deb: what it holds outside of /opt, with nothing in there but root's", () => {
    const folder = temporary();
    output("dpkg-deb", ["-x", deb(), folder]);
    expect(filesOf(folder).filter((name) => !name.startsWith("opt/Culvert/"))).toEqual(
      outside("usr/share/zsh/vendor-completions").sort(),
    );
    expect(readlinkSync(path.join(folder, "usr/bin/culvert"))).toBe("/opt/Culvert/resources/cli/culvert");
    expect(statSync(path.join(folder, "opt/Culvert/resources/cli/culvert")).mode & 0o777).toBe(0o755);
    checkDesktopEntry(path.join(folder, "usr/share/applications/culvert.desktop"), "/opt/Culvert/culvert");
    expect(readFileSync(path.join(folder, "opt/Culvert/resources/package-type"), "utf8")).toBe("deb");
    const listed = output("dpkg-deb", ["-c", deb()]).trim().split("\n");
    expect(listed.filter((line) => !line.includes(" root/root "))).toEqual([]);
    // Others than root may not write anything, and nothing runs as root.
    expect(listed.filter((line) => !line.startsWith("l") && /^.{5}w|^.{8}w|^...[sS]|^......[sS]/.test(line))).toEqual(
      [],
    );
  });

  test.skipIf(lacks(debTools) || lacks(desktopTools))("deb: a desktop opens files that end in .culvert with it", () => {
    const folder = temporary();
    output("dpkg-deb", ["-x", deb(), folder]);
    checkFileType(path.join(folder, "usr/share"));
    const described = readFileSync(path.join(folder, "usr/share/mime/application/x-culvert.xml"), "utf8");
    expect(described).toContain("<comment>Culvert connection</comment>");
  });

  test.skipIf(lacks(debTools))("deb: installed and purged in an empty system it leaves nothing", () => {
    const { root, dpkg } = emptySystem();
    const before = installedFiles(root);
    dpkg("-i", deb());
    expect(installedFiles(root)).toEqual(expect.arrayContaining(["usr/bin/culvert", "opt/Culvert/culvert"]));
    const commandLine = path.join(root, readlinkSync(path.join(root, "usr/bin/culvert")));
    expect(output(commandLine, ["version"])).toContain(project().version);
    const sandbox = lstatSync(path.join(root, "opt/Culvert/chrome-sandbox"));
    expect(["755", "4755"]).toContain((sandbox.mode & 0o7777).toString(8));
    // Over itself, as an update does it.
    dpkg("-i", deb());
    expect(installedFiles(root)).toContain("usr/bin/culvert");
    dpkg("-P", "culvert");
    expect(installedFiles(root)).toEqual(before);
    expect(filesOf(path.join(root, "var/lib/dpkg/info")).filter((name) => name.startsWith("culvert"))).toEqual([]);
  });

  test.skipIf(lacks(programs("sh")))(
    "the script for removal keeps the AppArmor profile in an upgrade, and takes it along at the end",
    () => {
      const root = temporary();
      const profile = path.join(root, "etc/apparmor.d/culvert");
      mkdirSync(path.dirname(profile), { recursive: true });
      writeFileSync(profile, "profile");
      const run = (argument: string): string[] => {
        const script = path.join(project().folder, "packaging/linux/after-remove.sh");
        output("env", [`DPKG_ROOT=${root}`, "sh", script, argument]);
        return filesOf(root);
      };
      // rpm gives the number of versions that stay, dpkg a word.
      for (const upgrade of ["1", "upgrade", "abort-install"]) expect(run(upgrade)).toEqual(["etc/apparmor.d/culvert"]);
      expect(run("remove")).toEqual([]);
      writeFileSync(profile, "profile");
      expect(run("0")).toEqual([]);
    },
  );

  test.skipIf(lacks(rpmTools))("rpm: what it says of itself and what it holds outside of /opt", () => {
    const tags = "%{NAME} %{VERSION} %{ARCH} %{GROUP}";
    expect(output("rpm", ["-qp", "--nosignature", "--qf", tags, rpm()])).toBe(
      `culvert ${project().version} x86_64 Applications/Internet`,
    );
    const requires = output("rpm", ["-qp", "--requires", rpm()]).split("\n");
    expect(requires).toEqual(expect.arrayContaining(["nss", "libsecret", "gtk3", "mesa-libgbm"]));
    const files = output("rpm", ["-qpl", rpm()]).trim().split("\n");
    expect(files.filter((name) => !name.startsWith("/opt/Culvert")).map((name) => name.slice(1))).toEqual(
      ["usr/share/doc/culvert", ...outside("usr/share/zsh/site-functions")].sort(),
    );
    expect(files).toContain("/opt/Culvert/resources/package-type");
    // A package that does not own its folders leaves them behind.
    expect(files).toEqual(expect.arrayContaining(["/opt/Culvert", "/opt/Culvert/resources/cli/completions"]));
  });

  test.skipIf(lacks(appImageTools) || lacks(desktopTools))(
    "AppImage: what integrates it finds its type of file inside",
    () => {
      const folder = path.join(temporary(), "contents");
      const file = made(`culvert-${project().version}-linux-x86_64.AppImage`);
      output("unsquashfs", ["-q", "-no-progress", "-o", String(appImageRuntimeBytes), "-d", folder, file]);
      const share = path.join(folder, "usr/share");
      mkdirSync(path.join(share, "applications"));
      renameSync(path.join(folder, "culvert.desktop"), path.join(share, "applications/culvert.desktop"));
      checkFileType(share);
    },
  );

  test.skipIf(lacks(appImageTools))("AppImage: its file system holds the app, its entry and its icons", () => {
    const folder = path.join(temporary(), "contents");
    const file = made(`culvert-${project().version}-linux-x86_64.AppImage`);
    output("unsquashfs", ["-q", "-no-progress", "-o", String(appImageRuntimeBytes), "-d", folder, file]);
    expect(statSync(file).mode & 0o111).not.toBe(0);
    checkDesktopEntry(path.join(folder, "culvert.desktop"), "AppRun");
    expect(readlinkSync(path.join(folder, ".DirIcon"))).toBe("usr/share/icons/hicolor/1024x1024/apps/culvert.png");
    expect(filesOf(path.join(folder, "resources"))).toContain("cli/culvert");
    // It would make the app think that a package manager updates it.
    expect(filesOf(path.join(folder, "resources"))).not.toContain("package-type");
    // The sandbox is given up where the kernel forbids it to the user, and nowhere else.
    expect(readFileSync(path.join(folder, "culvert.desktop"), "utf8")).not.toContain("--no-sandbox");
    expect(readFileSync(path.join(folder, "AppRun"), "utf8")).toMatch(/unshare -Ur true[^\n]*then\n\s*NO_SANDBOX=/);
    expect(output("sh", ["-c", `bash -n "$0"`, path.join(folder, "AppRun")])).toBe("");
  });
}

export const debTools = programs("dpkg-deb", "dpkg", "fakeroot", "lintian", "desktop-file-validate", "du");
export const rpmTools = programs("rpmbuild", "rpm");
const desktopTools = programs("update-mime-database", "update-desktop-database");
export const appImageTools = programs("mksquashfs", "unsquashfs", "desktop-file-validate", "bash");
