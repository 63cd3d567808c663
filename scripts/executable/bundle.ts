import { readFileSync } from "node:fs";
import path from "node:path";
import { build, type Rolldown } from "vite";

const root = path.join(import.meta.dirname, "../..");

/** The command line as CommonJS: what the executable starts with, and the chunks that it loads. */
export interface Bundle {
  readonly start: string;
  /** By file name. */
  readonly chunks: ReadonlyMap<string, string>;
  /** Folders of the packages that code was taken from. */
  readonly packages: readonly string[];
}

async function chunksOf(entry: string, version: string): Promise<readonly Rolldown.OutputChunk[]> {
  const result = await build({
    root,
    configFile: false,
    logLevel: "error",
    // The executable has no folder of sources.
    define: { __CULVERT_VERSION__: JSON.stringify(version), "import.meta.dirname": "undefined" },
    build: {
      ssr: entry,
      write: false,
      target: "node24",
      minify: false,
      rollupOptions: {
        output: {
          format: "cjs",
          entryFileNames: "index.js",
          chunkFileNames: "[name].js",
          // A dynamic import would ask Node's loader, which knows no chunk of the executable.
          dynamicImportInCjs: false,
        },
      },
    },
    ssr: { noExternal: true, target: "node" },
  });
  const outputs = Array.isArray(result) ? result : [result];
  return outputs
    .flatMap((output) => ("output" in output ? output.output : []))
    .filter((output) => output.type === "chunk");
}

/** The folder of the package that a file of node_modules belongs to. */
function packageOf(file: string): string | null {
  return /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(file)?.[0] ?? null;
}

/** Bundles the command line. */
export async function bundleCli(version: string): Promise<Bundle> {
  const [start, ...others] = await chunksOf("scripts/executable/start.ts", version);
  if (start === undefined || others.length > 0) throw new Error("The start of the executable has to be one file.");
  const chunks = await chunksOf("src/cli/index.ts", version);
  const files = chunks.flatMap(({ moduleIds }) => moduleIds);
  return {
    start: start.code,
    chunks: new Map(chunks.map(({ fileName, code }) => [fileName, code])),
    packages: [...new Set(files.map(packageOf).filter((folder) => folder !== null))].sort(),
  };
}

/** The text of a package's license. @throws Error when it brings none along. */
export function licenseOf(folder: string): string {
  const { name, version } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as {
    name: string;
    version: string;
  };
  for (const file of ["LICENSE", "LICENSE.md", "LICENSE.txt"]) {
    try {
      return `${name} ${version}\n\n${readFileSync(path.join(folder, file), "utf8").trim()}\n`;
    } catch {
      // It has another name.
    }
  }
  throw new Error(`${name} brings no LICENSE along.`);
}
