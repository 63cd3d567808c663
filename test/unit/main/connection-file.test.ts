import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectionFileAmong, placeOfFile } from "../../../src/main/connection-file.ts";

const link = "tcp+https://pg.corp.example.com:5432";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "culvert-connection-file-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const write = (name: string, text: string | Buffer): string => {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return pathToFileURL(file).href;
};

test("a file is found among the arguments by path, from the folder of the start, and as a file: URL", () => {
  const at = (one: string): string => pathToFileURL(path.resolve("/home/ada", one)).href;
  expect(connectionFileAmong(["culvert", "--hidden", "--", "Orders db.culvert"], "/home/ada")).toBe(
    at("Orders db.culvert"),
  );
  expect(connectionFileAmong(["culvert", "/tmp/A.CULVERT"], "/home/ada")).toBe(at("/tmp/A.CULVERT"));
  const url = "file:///tmp/Orders%20db.culvert";
  expect(connectionFileAmong(["culvert", url], "/home/ada")).toBe(url);
});

test.each([
  [["/usr/bin/a.culvert", "--hidden"]],
  [["culvert", "--file=a.culvert"]],
  [["culvert", "a.culvert.json"]],
  [["culvert", "https://evil.example/a.culvert"]],
  [["culvert", "culvert:a.culvert"]],
])("%j holds none", (argv) => {
  expect(connectionFileAmong(argv, "/home/ada")).toBeNull();
});

test.each([
  ["one link", link],
  ["with comments and empty lines", `# Orders\r\n\r\n  ${link}  \r\n`],
  ["as Notepad saves it", `\uFEFF${link}\r\n`],
  ["as the scheme of its own", `culvert:${link}\n`],
])("%s leads to a new connection under the file's name", async (_what, text) => {
  const url = write("Orders Postgres.culvert", text);
  expect(await placeOfFile(url)).toEqual({ page: "new", link, name: "Orders Postgres" });
});

test("the name is bounded, and has nothing in it that could turn the text around it", async () => {
  const [turned, long] = [write("a\u202Etxt.culvert", link), write(`${"é".repeat(120)}.culvert`, link)];
  expect(await placeOfFile(turned)).toMatchObject({ name: "atxt" });
  expect(await placeOfFile(long)).toMatchObject({ name: "é".repeat(120) });
  expect(await placeOfFile(write(".culvert", link))).toEqual({ page: "new", link });
});

test.each([
  ["nothing", ""],
  ["two links", `${link}\n${link}`],
  ["something else", '{"connections":[]}'],
  ["a link with a password", "tcp+https://user:secret@pg.corp.example.com:5432"],
  ["a link without a destination", "culvert:"],
])("%s is told as no connection, without repeating it", async (_what, text) => {
  const refused = await placeOfFile(write("Odd.culvert", text)).catch((thrown: unknown) => thrown);
  expect(refused).toMatchObject({
    code: "setting-invalid",
    message: "Odd.culvert holds no connection.",
    userAction: "It has to be a text with one link, such as tcp+https://pg.example.com:5432.",
  });
});

test("what cannot be read says why", async () => {
  mkdirSync(path.join(folder, "Folder.culvert"));
  const cases: readonly (readonly [string, string])[] = [
    [pathToFileURL(path.join(folder, "Gone.culvert")).href, "Culvert cannot read Gone.culvert: there is no such file."],
    [pathToFileURL(path.join(folder, "Folder.culvert")).href, "Culvert cannot read Folder.culvert: it is not a file."],
    [write("Large.culvert", "#".repeat(20_000)), "Culvert cannot read Large.culvert: it is larger than 16 KiB."],
  ];
  for (const [url, message] of cases)
    await expect(placeOfFile(url)).rejects.toMatchObject({ code: "file-unreadable", message });
});

// A host before the path is a computer of the network to Windows.
test.skipIf(process.platform === "win32")("a file elsewhere is told as that", async () => {
  const message = "Culvert cannot open file://elsewhere/a.culvert: it is not a file of this computer.";
  await expect(placeOfFile("file://elsewhere/a.culvert")).rejects.toMatchObject({ code: "file-unreadable", message });
});
