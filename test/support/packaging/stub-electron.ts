import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { stubProgram } from "./resources.ts";

/** What electron-builder calls a system. */
export type System = "linux" | "mac" | "win";

/** As Electron 45 has it: version 1, nine fuses, some on and some off (@electron/fuses). */
const fuseWire = `dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX\x01\x09101101001`;
const locales = ["de", "en-GB", "en-US", "fr", "zh-CN"];

/**
 * A folder that has the shape of an unpacked Electron, with the files that packaging looks at and nothing that runs: the fuses
 * stand where they stand in the real one. Enough to make packages for every system on any.
 */
export function makeStubElectron(folder: string, system: System): void {
  const write = (name: string, content: string | Buffer, mode = 0o644): void => {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content, { mode });
  };
  write("version", "45.4.1");
  write("LICENSE", "Electron's license");
  write("LICENSES.chromium.html", "<p>Chromium's licenses</p>");
  if (system === "mac") {
    makeStubBundle(folder, write);
    return;
  }
  for (const locale of locales) write(`locales/${locale}.pak`, "texts");
  for (const name of ["icudtl.dat", "resources.pak", "snapshot_blob.bin", "v8_context_snapshot.bin"])
    write(name, "data");
  if (system === "win") {
    write("electron.exe", Buffer.concat([stubProgram("Electron"), Buffer.from(fuseWire, "latin1")]));
    for (const name of ["ffmpeg.dll", "libEGL.dll", "libGLESv2.dll"]) write(name, stubProgram(name));
  } else {
    write("electron", Buffer.from(`#!/bin/sh\nexit 0\n${fuseWire}`, "latin1"), 0o755);
    write("chrome-sandbox", "#!/bin/sh\nexit 0\n", 0o755);
    write("chrome_crashpad_handler", "#!/bin/sh\nexit 0\n", 0o755);
    write("libffmpeg.so", "library", 0o755);
  }
}

function makeStubBundle(folder: string, write: (name: string, content: string | Buffer, mode?: number) => void): void {
  const app = "Electron.app/Contents";
  write(
    `${app}/Info.plist`,
    plist({ CFBundleExecutable: "Electron", CFBundleName: "Electron", CFBundlePackageType: "APPL" }),
  );
  write(`${app}/MacOS/Electron`, "program", 0o755);
  write(`${app}/Resources/electron.icns`, "icon");
  const framework = `${app}/Frameworks/Electron Framework.framework`;
  write(`${framework}/Versions/A/Electron Framework`, Buffer.from(`framework ${fuseWire}`, "latin1"), 0o755);
  write(`${framework}/Versions/A/Resources/Info.plist`, plist({ CFBundleExecutable: "Electron Framework" }));
  for (const locale of locales) {
    const language = locale.replace("-US", "").replace("-", "_");
    write(`${app}/Resources/${language}.lproj/locale.pak`, "texts");
    write(`${framework}/Versions/A/Resources/${language}.lproj/locale.pak`, "texts");
  }
  const links = [
    ["Versions/Current", "A"],
    ["Electron Framework", "Versions/Current/Electron Framework"],
    ["Resources", "Versions/Current/Resources"],
  ] as const;
  for (const [name, to] of links) symlinkSync(to, path.join(folder, framework, name));
  for (const helper of ["", " (GPU)", " (Plugin)", " (Renderer)"]) {
    const name = `Electron Helper${helper}`;
    const contents = `${app}/Frameworks/${name}.app/Contents`;
    write(`${contents}/Info.plist`, plist({ CFBundleExecutable: name }));
    write(`${contents}/MacOS/${name}`, "program", 0o755);
  }
}

function plist(entries: Readonly<Record<string, string>>): string {
  const lines = Object.entries(entries).map(([key, value]) => `<key>${key}</key><string>${value}</string>`);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict>${lines.join("")}</dict></plist>\n`;
}
