import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { docsPictures, pictureSpecs } from "../../../scripts/docs-pictures.ts";

const root = path.join(import.meta.dirname, "../../..");
const read = (file: string): string => readFileSync(path.join(root, file), "utf8");

test("every picture of the documentation is taken by a spec, and every one that is taken is shown", () => {
  const files = [
    "README.md",
    ...["docs", "docs/guides"].flatMap((folder) =>
      readdirSync(path.join(root, folder))
        .filter((name) => name.endsWith(".md"))
        .map((name) => `${folder}/${name}`),
    ),
  ];
  const shown = new Set(
    files.flatMap((file) => [...read(file).matchAll(/pictures\/([\w-]+\.png)/g)].map(([, name]) => name)),
  );
  expect([...shown].sort()).toEqual(Object.keys(docsPictures).sort());
  expect(readdirSync(path.join(root, "docs/pictures")).sort()).toEqual(Object.keys(docsPictures).sort());
});

test("the specs take them under these names", () => {
  const specs = pictureSpecs.map(read).join("\n");
  for (const from of Object.values(docsPictures)) {
    const name = from.replace(/(?:-dark)?\.png$/, "");
    expect(specs).toMatch(new RegExp(`(?:looksRight\\(app, page, |shot\\(page, )"${name}"`));
  }
});
