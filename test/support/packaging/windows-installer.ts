import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lacks } from "../services/programs.ts";
import type { PackagingProject } from "./project.ts";
import { output, programs } from "./tools.ts";
import { temporaryFolder } from "../temporary-folder.ts";

export const nsisTools = programs("makensis", "7za");
const wineTools = programs("makensis", "wine");

const root = path.join(import.meta.dirname, "../../..");
const cli = "C:\\Users\\Ada Lovelace\\AppData\\Local\\Programs\\culvert\\resources\\cli";

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
    },
  );
}

/** A Windows of its own, by Wine. */
class WinePath {
  readonly #folder = temporaryFolder("wine");
  readonly #program = path.join(this.#folder, "user-path.exe");

  constructor() {
    const script = path.join(root, "test/packaging/user-path.nsi");
    const include = path.join(root, "packaging/windows/user-path.nsh");
    output("makensis", ["-WX", "-V2", `-DOUT=${this.#program}`, `-DNSH=${include}`, script]);
    this.run(["wineboot", "-i"]);
  }

  run(args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
    // No display, no Mono, no browser engine: the registry is all that is needed.
    const quiet = {
      WINEPREFIX: path.join(this.#folder, "prefix"),
      WINEDEBUG: "-all",
      WINEDLLOVERRIDES: "mscoree,mshtml=",
    };
    const printed = execFileSync("wine", args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      timeout: 100_000,
      env: { ...process.env, ...quiet, ...env },
    });
    return printed.replaceAll("\r", "");
  }

  /** Type and text of the user's PATH; null where there is none. */
  read(): [type: string, text: string] | null {
    try {
      const found = /^ +Path {4}(\w+) {4}(.*)$/im.exec(this.run(["reg", "query", "HKCU\\Environment", "/v", "Path"]));
      return found === null ? null : [found[1] ?? "", found[2] ?? ""];
    } catch {
      return null;
    }
  }

  write(type: string, text: string): void {
    this.run(["reg", "add", "HKCU\\Environment", "/v", "Path", "/t", type, "/d", text, "/f"]);
  }

  add(): void {
    this.run([this.#program], { CULVERT_ADD: cli });
  }

  removeEntry(): void {
    this.run([this.#program], { CULVERT_REMOVE: cli });
  }

  close(): void {
    try {
      // Its services would outlive the files they run from.
      this.run(["wineboot", "-k"]);
    } finally {
      rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    }
  }
}

const many = (count: number): string =>
  Array.from({ length: count }, (_, at) => `C:\\tools\\number${String(at).padStart(4, "0")}`).join(";");

/** The installer's own functions for the PATH, run by Wine. */
export function userPathTests(): void {
  describe.skipIf(lacks(wineTools))("the user's PATH, in Wine", () => {
    let wine: WinePath;
    beforeAll(() => {
      wine = new WinePath();
    });
    afterAll(() => wine.close());

    test("there was none: it is made, and removed again", () => {
      wine.run(["reg", "add", "HKCU\\Environment", "/f"]);
      wine.add();
      expect(wine.read()?.[1]).toBe(cli);
      wine.add();
      expect(wine.read()?.[1]).toBe(cli);
      wine.removeEntry();
      expect(wine.read()).toBeNull();
    });

    test.each([
      [
        "variables in it stay variables",
        "REG_EXPAND_SZ",
        "%USERPROFILE%\\bin;C:\\a",
        `%USERPROFILE%\\bin;C:\\a;${cli}`,
        "%USERPROFILE%\\bin;C:\\a",
      ],
      ["plain text stays plain text", "REG_SZ", "C:\\a", `C:\\a;${cli}`, "C:\\a"],
      ["a semicolon at its end is not doubled", "REG_EXPAND_SZ", "C:\\a;", `C:\\a;${cli}`, "C:\\a"],
      ["one of 6,000 characters is not cut off", "REG_EXPAND_SZ", many(300), `${many(300)};${cli}`, many(300)],
      ["one that has no room is left alone", "REG_EXPAND_SZ", many(1_633), many(1_633), many(1_633)],
      [
        "in other letters it is the same folder",
        "REG_SZ",
        `C:\\a;${cli.toUpperCase()};C:\\b`,
        `C:\\a;${cli.toUpperCase()};C:\\b`,
        "C:\\a;C:\\b",
      ],
      ["a folder inside of it is another", "REG_SZ", `${cli}\\x;${cli};${cli}`, `${cli}\\x;${cli};${cli}`, `${cli}\\x`],
    ])("%s", (_what, type, before, added, removed) => {
      wine.write(type, before);
      wine.add();
      expect(wine.read()).toEqual([type, added]);
      wine.removeEntry();
      expect(wine.read()).toEqual([type, removed]);
    });

    test("what is no text is left alone", () => {
      wine.write("REG_DWORD", "7");
      wine.add();
      wine.removeEntry();
      expect(wine.read()).toEqual(["REG_DWORD", "0x7"]);
    });
  });
}
