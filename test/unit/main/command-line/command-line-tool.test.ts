import { mkdirSync, mkdtempSync, readlinkSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  commandFor,
  diskFiles,
  linkCommandLine,
  planOf,
  type Found,
  type LinkFiles,
} from "../../../../src/main/command-line/command-line-tool.ts";
import { told } from "../../../../src/main/command-line/words.ts";

const program = "/Applications/Culvert.app/Contents/Resources/cli/culvert";
const place = "/usr/local/bin/culvert";

test.each<[string, Found, string]>([
  ["nothing there is linked", { kind: "nothing" }, "link"],
  ["the link that is wanted stays", { kind: "link", to: program }, "nothing"],
  [
    "the link of a copy that was moved is replaced",
    { kind: "link", to: "/Users/ada/Culvert.app/Contents/Resources/cli/culvert" },
    "replace",
  ],
  ["another program's link is asked about", { kind: "link", to: "/opt/homebrew/Cellar/culvert/1/bin/culvert" }, "ask"],
  ["a file is asked about", { kind: "file" }, "ask"],
])("%s", (_what, found, plan) => {
  expect(planOf(found, program)).toBe(plan);
});

/** Files that answer as told and note what was linked. */
function filesThat(
  found: Found | NodeJS.ErrnoException,
  link?: NodeJS.ErrnoException,
): LinkFiles & { linked: string[][] } {
  const linked: string[][] = [];
  return {
    linked,
    find: () => (found instanceof Error ? Promise.reject(found) : Promise.resolve(found)),
    link: (to, file) => {
      if (link) return Promise.reject(link);
      linked.push([to, file]);
      return Promise.resolve();
    },
  };
}

const refused = (code: string): NodeJS.ErrnoException => Object.assign(new Error(code), { code });

test("the link is made where that is allowed", async () => {
  const files = filesThat({ kind: "nothing" });
  expect(await linkCommandLine(program, files)).toEqual({ kind: "ready", place });
  expect(files.linked).toEqual([[program, place]]);
});

test("where it stands already nothing is written", async () => {
  const files = filesThat({ kind: "link", to: program });
  expect(await linkCommandLine(program, files)).toEqual({ kind: "ready", place });
  expect(files.linked).toEqual([]);
});

test.each(["EACCES", "EPERM", "ENOENT", "EROFS"])("%s ends with the line for an administrator", async (code) => {
  const outcome = await linkCommandLine(program, filesThat({ kind: "nothing" }, refused(code)));
  expect(outcome).toEqual({ kind: "needs-rights", command: commandFor(program) });
  expect(await linkCommandLine(program, filesThat(refused(code)))).toEqual(outcome);
});

test("what somebody else put there is left alone, and told with the line that replaces it", async () => {
  const files = filesThat({ kind: "file" });
  expect(await linkCommandLine(program, files)).toEqual({ kind: "taken", place, command: commandFor(program) });
  expect(files.linked).toEqual([]);
});

test.each([
  "/Volumes/Culvert 0.1.0/Culvert.app/Contents/Resources/cli/culvert",
  "/private/var/folders/zz/T/AppTranslocation/1A/d/Culvert.app/Contents/Resources/cli/culvert",
])("no link leads to %s, which is gone tomorrow", async (passing) => {
  const files = filesThat({ kind: "nothing" });
  expect(await linkCommandLine(passing, files)).toEqual({ kind: "not-installed" });
  expect(files.linked).toEqual([]);
});

test("a name with a quote or a space stays one word of the line", () => {
  const odd = "/Users/ada/Ada's apps/Culvert.app/Contents/Resources/cli/culvert";
  expect(commandFor(odd)).toBe(
    `sudo mkdir -p /usr/local/bin && sudo ln -sfn '/Users/ada/Ada'\\''s apps/Culvert.app/Contents/Resources/cli/culvert' ${place}`,
  );
});

test("each outcome is told, with the line to copy where there is one", () => {
  const command = commandFor(program);
  expect(told({ kind: "ready", place }).command).toBeUndefined();
  expect(told({ kind: "not-installed" }).message).toBe("Move Culvert to Applications first.");
  for (const outcome of [{ kind: "needs-rights", command } as const, { kind: "taken", place, command } as const]) {
    expect(told(outcome).command).toBe(command);
    expect(told(outcome).detail).toContain(command);
  }
});

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "culvert-link-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.skipIf(process.platform === "win32")("on the disk a link is found, made, and replaced whole", async () => {
  const file = path.join(folder, "culvert");
  expect(await diskFiles.find(file)).toEqual({ kind: "nothing" });
  await diskFiles.link("/first", file);
  expect(await diskFiles.find(file)).toEqual({ kind: "link", to: "/first" });
  await diskFiles.link("/second", file);
  expect(readlinkSync(file)).toBe("/second");
  expect(readdirSync(folder)).toEqual(["culvert"]);
});

test.skipIf(process.platform === "win32")("on the disk what is in the way stays as it is", async () => {
  const file = path.join(folder, "culvert");
  writeFileSync(file, "program");
  expect(await diskFiles.find(file)).toEqual({ kind: "file" });
  const taken = path.join(folder, "taken");
  mkdirSync(taken);
  symlinkSync("/inside", path.join(taken, "link"));
  await expect(diskFiles.link("/first", taken)).rejects.toThrow();
  expect(readdirSync(folder).sort()).toEqual(["culvert", "taken"]);
});
