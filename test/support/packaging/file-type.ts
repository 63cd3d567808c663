import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Wine } from "./wine.ts";

const classes = "HKCU\\Software\\Classes";
const ending = `${classes}\\.culvert`;
const offered = `${ending}\\OpenWithProgids`;
const own = "Culvert.Connection";
const type = `${classes}\\${own}`;
const program = "C:\\Users\\Ada Lovelace\\AppData\\Local\\Programs\\culvert\\Culvert.exe";

/** The installer's own macros for files that end in .culvert. */
export function fileTypeTests(wine: () => Wine): void {
  describe("the type of file", () => {
    let steps: string;
    beforeAll(() => {
      steps = wine().compile("file-type");
    });
    beforeEach(() => {
      for (const key of [ending, type, ending.replace("HKCU", "HKLM")])
        if (wine().hasKey(key)) wine().run(["reg", "delete", key, "/f"]);
    });
    const text = (key: string, name = ""): string | undefined => wine().value(key, name)?.[1];
    const install = (): void => {
      wine().run([steps], { CULVERT_DO: "add" });
    };
    const uninstall = (): void => {
      wine().run([steps], { CULVERT_DO: "remove" });
    };

    test("it is Culvert's after the installation, again after an update, and gone without a trace afterwards", () => {
      for (let installed = 0; installed < 2; installed += 1) {
        install();
        expect(text(ending)).toBe(own);
        expect(wine().value(offered, own)?.[0]).toBe("REG_NONE");
        expect(text(type)).toBe("Culvert connection");
        expect(text(`${type}\\DefaultIcon`)).toBe(`${program},0`);
        // Windows puts the whole path of the file in the place of %1; what comes after -- is no option.
        expect(text(`${type}\\shell\\open\\command`)).toBe(`"${program}" -- "%1"`);
      }
      uninstall();
      expect([ending, type].filter((key) => wine().hasKey(key))).toEqual([]);
    });

    test("where it is another program's it stays so, and Culvert is offered beside it", () => {
      wine().write(ending, "", "REG_SZ", "Other.File");
      wine().write(offered, "Other.File", "REG_SZ", "");
      install();
      expect(text(ending)).toBe("Other.File");
      expect(wine().value(offered, own)).not.toBeNull();
      uninstall();
      expect(text(ending)).toBe("Other.File");
      expect(wine().value(offered, "Other.File")).not.toBeNull();
      expect(wine().value(offered, own)).toBeNull();
      expect(wine().hasKey(type)).toBe(false);
    });

    test("where it is another program's for the whole computer it stays so", () => {
      wine().write(ending.replace("HKCU", "HKLM"), "", "REG_SZ", "Other.File");
      install();
      expect(text(ending)).toBeUndefined();
      uninstall();
      expect(wine().hasKey(ending)).toBe(false);
      expect(text(ending.replace("HKCU", "HKLM"))).toBe("Other.File");
    });

    test("what another program wrote there since stays", () => {
      install();
      wine().write(ending, "", "REG_SZ", "Other.File");
      uninstall();
      expect(text(ending)).toBe("Other.File");
      expect(wine().hasKey(offered)).toBe(false);

      wine().run(["reg", "delete", ending, "/f"]);
      install();
      wine().write(ending, "Content Type", "REG_SZ", "text/plain");
      wine().write(`${ending}\\ShellNew`, "NullFile", "REG_SZ", "");
      uninstall();
      expect(text(ending, "Content Type")).toBe("text/plain");
      expect(wine().value(ending, "")).toBeNull();
      wine().run(["reg", "delete", ending, "/v", "Content Type", "/f"]);
      uninstall();
      expect(wine().value(`${ending}\\ShellNew`, "NullFile")).not.toBeNull();
    });
  });
}
