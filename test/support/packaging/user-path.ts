import { beforeAll, describe, expect, test } from "vitest";
import type { Wine } from "./wine.ts";

const key = "HKCU\\Environment";
const cli = "C:\\Users\\Ada Lovelace\\AppData\\Local\\Programs\\culvert\\resources\\cli";

const many = (count: number): string =>
  Array.from({ length: count }, (_, at) => `C:\\tools\\number${String(at).padStart(4, "0")}`).join(";");

/** The installer's own functions for the PATH. */
export function userPathTests(wine: () => Wine): void {
  describe("the user's PATH", () => {
    let program: string;
    beforeAll(() => {
      program = wine().compile("user-path");
    });
    const read = (): [type: string, text: string] | null => wine().value(key, "Path");
    const write = (type: string, text: string): void => wine().write(key, "Path", type, text);
    const add = (): void => {
      wine().run([program], { CULVERT_ADD: cli });
    };
    const remove = (): void => {
      wine().run([program], { CULVERT_REMOVE: cli });
    };

    test("there was none: it is made, and removed again", () => {
      wine().run(["reg", "add", key, "/f"]);
      add();
      expect(read()?.[1]).toBe(cli);
      add();
      expect(read()?.[1]).toBe(cli);
      remove();
      expect(read()).toBeNull();
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
      write(type, before);
      add();
      expect(read()).toEqual([type, added]);
      remove();
      expect(read()).toEqual([type, removed]);
    });

    test("what is no text is left alone", () => {
      write("REG_DWORD", "7");
      add();
      remove();
      expect(read()).toEqual(["REG_DWORD", "0x7"]);
    });
  });
}
