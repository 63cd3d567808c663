import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { buildDate, manPage } from "../../../scripts/man-page.ts";
import { helpFlag } from "../../../src/cli/arguments/spec.ts";
import { commandNames, loadCommand } from "../../../src/cli/commands/registry.ts";

const page = await manPage("1.2.3", new Date("2026-01-02T03:04:05Z"));
const readable = page
  .replace(/\\f[BIR]/g, "")
  .replace(/\\-/g, "-")
  .replace(/\\&/g, "")
  .replace(/\\e/g, "\\");
const specs = (await Promise.all(commandNames.map(loadCommand))).map(({ spec }) => spec);

describe("culvert(1)", () => {
  test("names its version and day", () => {
    expect(page.split("\n")[0]).toBe('.TH CULVERT 1 2026-01-02 "Culvert 1.2.3" "User Commands"');
    expect(buildDate({ SOURCE_DATE_EPOCH: "1767323045" }).toISOString()).toBe("2026-01-02T03:04:05.000Z");
    expect(Math.abs(buildDate({}).getTime() - Date.now())).toBeLessThan(60_000);
  });

  test("has every command with its usage, and every flag with its meaning", () => {
    for (const { name, usage, flags, summary } of specs) {
      const section = new RegExp(`^\\.SS ${name}\\n([\\s\\S]*?)(?=^\\.S[SH])`, "m").exec(readable)?.[1] ?? "";
      for (const line of usage) expect(section).toContain(`culvert ${line.replace("…", "...")}`);
      const words = section.replace(/\s+/g, " ");
      expect(words.toLowerCase()).toContain(`${summary.toLowerCase()}.`);
      for (const flag of [...flags, helpFlag]) {
        if (flag !== helpFlag) expect(words).toMatch(new RegExp(`--${flag.name}[,.]`));
        const term = `--${flag.name}${flag.value === undefined ? "" : ` ${flag.value}`}\n`;
        const entry = new RegExp(`^\\.TP\\n(?:-h, )?${term}([\\s\\S]*?)(?=^\\.)`, "gm");
        const abouts = [...readable.matchAll(entry)].map((match) =>
          (match[1] ?? "").replace(/\s+/g, " ").toLowerCase(),
        );
        expect(
          abouts.some((about) => about.startsWith(flag.about.toLowerCase())),
          flag.name,
        ).toBe(true);
      }
    }
  });

  test("has every variable that the command line reads", () => {
    const folder = path.join(import.meta.dirname, "../../../src/cli");
    const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => readFileSync(path.join(folder, name), "utf8"));
    const names = sources.flatMap((text) => text.match(/\bCULVERT_[A-Z_]+(?=")|\bNO_COLOR\b|\bXDG_[A-Z_]+/g) ?? []);
    expect(new Set(names).size).toBeGreaterThan(3);
    for (const name of new Set(names)) expect(readable).toContain(name);
  });

  test("commands that search a certificate say where its store's password is taken from, as their help does", () => {
    for (const { about, flags } of specs)
      expect((about ?? []).join(" ").includes("CULVERT_CERT_STORE_PASSWORD")).toBe(
        flags.some(({ name }) => name === "client-cert-from-store"),
      );
  });

  test("no line of text is an instruction by chance", () => {
    const instructions = page.split("\n").filter((line) => /^[.']/.test(line));
    for (const line of instructions) expect(line).toMatch(/^\.(TH|SH|SS|PP|TP|nf|fi)\b/);
  });
});
