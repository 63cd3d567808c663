import { copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";

/** Where the app has the command line once it is installed. */
const installed = "/opt/Culvert/resources/cli/culvert";

/** Where a distribution's zsh looks for what packages bring. */
const zshFolders = { deb: "usr/share/zsh/vendor-completions", rpm: "usr/share/zsh/site-functions" } as const;

const copyright = `Culvert, copyright 2026 Culvert contributors.

What it contains comes with licenses of its own:
- Electron: /opt/Culvert/LICENSE.electron.txt
- Chromium and what is in it: /opt/Culvert/LICENSES.chromium.html
- Node.js and the packages of the command line: /opt/Culvert/resources/cli/LICENSES.txt
`;

/**
 * Lays out what a package holds beside the app: the link in /usr/bin, the manual page and the completions. They are the package's own
 * files, so that no script has to make or remove them.
 * @param cli the folder that `npm run package:cli` made. @param out gets one folder for deb and one for rpm.
 */
export function stageLinuxFiles(cli: string, out: string): void {
  for (const kind of ["deb", "rpm"] as const) {
    const folder = path.join(out, kind);
    rmSync(folder, { recursive: true, force: true });
    const at = (name: string): string => {
      const file = path.join(folder, name);
      mkdirSync(path.dirname(file), { recursive: true });
      return file;
    };
    const copy = (name: string, to: string): void => {
      copyFileSync(path.join(cli, name), at(to));
    };
    symlinkSync(installed, at("usr/bin/culvert"));
    writeFileSync(
      at("usr/share/man/man1/culvert.1.gz"),
      gzipSync(readFileSync(path.join(cli, "culvert.1")), { level: 9 }),
    );
    copy("completions/culvert.bash", "usr/share/bash-completion/completions/culvert");
    copy("completions/culvert.fish", "usr/share/fish/vendor_completions.d/culvert.fish");
    copy("completions/_culvert", `${zshFolders[kind]}/_culvert`);
    writeFileSync(at("usr/share/doc/culvert/copyright"), copyright);
    // Tells the app that a package manager updates it (src/main/updates/way.ts).
    writeFileSync(at("opt/Culvert/resources/package-type"), kind);
  }
}
