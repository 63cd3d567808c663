import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parse, stringify } from "yaml";
import { readMetadata } from "../src/main/updates/release.ts";

const usage = `node scripts/merge-feed.ts OUT FOLDER…  puts what several machines have built into one folder

Each architecture is built on a machine of its own, and electron-builder writes the feed's metadata (latest*.yml) for what it has built.
Of the same name in several folders this makes one file that names the files of all.`;

const isMetadata = (name: string): boolean => /^latest.*\.yml$/.test(name);

/**
 * Several files of metadata as one: the files of all, and the rest as the first has it.
 * @throws where they are of different versions, or name one file twice.
 */
export function mergeMetadata(texts: readonly string[]): string {
  const all = texts.map((text) => parse(text) as { readonly files: readonly unknown[] });
  const read = all.map(readMetadata);
  const versions = new Set(read.map(({ version }) => version));
  if (versions.size !== 1) throw new Error(`These are not of one version: ${[...versions].join(", ")}`);
  const names = read.flatMap(({ files }) => files.map(({ url }) => url));
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new Error(`${twice} was built twice`);
  // What the app does not read stays, such as the sizes of block maps.
  return stringify({ ...all[0], files: all.flatMap(({ files }) => files) }, { lineWidth: 0 });
}

/** Copies the files of all folders into `out`, which it makes, with metadata of one name merged. @throws where two files have one name. */
export function mergeFolders(out: string, folders: readonly string[]): void {
  mkdirSync(out, { recursive: true });
  const metadata = new Map<string, string[]>();
  for (const folder of folders) {
    for (const name of readdirSync(folder).sort()) {
      const file = path.join(folder, name);
      if (isMetadata(name)) metadata.set(name, [...(metadata.get(name) ?? []), readFileSync(file, "utf8")]);
      else if (existsSync(path.join(out, name))) throw new Error(`${name} is in more than one folder`);
      else copyFileSync(file, path.join(out, name));
    }
  }
  for (const [name, texts] of metadata) writeFileSync(path.join(out, name), mergeMetadata(texts));
}

function main([out, ...folders]: readonly string[]): void {
  if (out === undefined || folders.length === 0) {
    console.log(usage);
    process.exitCode = 2;
    return;
  }
  mergeFolders(out, folders);
  for (const name of readdirSync(out).sort()) console.log(name);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main(process.argv.slice(2));
