import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { culvert } from "../support/run-culvert.ts";

const text = readFileSync(path.join(import.meta.dirname, "../../docs/switching.md"), "utf8");

/** The rows of the table below a heading, as cells. */
function rowsBelow(heading: string): string[][] {
  const section = text.split(/^## /m).find((part) => part.startsWith(heading)) ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const flagsIn = (cell: string): string[] => cell.match(/--[a-z-]+/g) ?? [];

let home: string;
let env: Record<string, string>;

beforeAll(() => {
  home = mkdtempSync(path.join(tmpdir(), "culvert-switching-"));
  env = { HOME: home, CULVERT_HOME: path.join(home, "culvert") };
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe("docs/switching.md", () => {
  test.each(["tcp", "udp"])("names every flag of %s, and none that it does not have", async (command) => {
    const help = (await culvert(["help", command], env)).stdout;
    const flags = (help.split("Flags:\n")[1] ?? "").match(/--[a-z-]+/g) ?? [];
    const named = rowsBelow("Flags of").flatMap(([flag = ""]) => flagsIn(flag));
    expect([...new Set(named)].sort()).toEqual([...new Set(flags)].sort());
  });

  test("says 'not yet' of the flags that are refused, and of no others", async () => {
    const values: Record<string, string[]> = { "--client-cert-from-store": [] };
    for (const [flag = "", standing] of rowsBelow("Flags of")) {
      if (standing !== "not yet") continue;
      for (const name of flagsIn(flag)) {
        const { code, stderr } = await culvert(["tcp", "a.corp.test:1", name, ...(values[name] ?? ["CN=x"])], env);
        expect([code, stderr]).toEqual([2, expect.stringContaining("not available yet")]);
      }
    }
  });

  test("names the commands that there are", async () => {
    const overview = (await culvert(["help"], env)).stdout;
    const commands = [...overview.matchAll(/^ {2}([a-z]+) {3}/gm)].map((match) => match[1] ?? "");
    expect(commands.length).toBeGreaterThan(5);
    const table = rowsBelow("Commands").flat().join(" ");
    for (const command of commands) expect(table).toMatch(new RegExp(`\`${command}\\b`));
  });
});
