import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { completionFiles } from "../src/cli/completion/files.ts";
import { bundleCli, licenseOf } from "./executable/bundle.ts";
import { makeExecutable } from "./executable/inject.ts";
import { medianStarts } from "./executable/measure.ts";
import {
  isThisMachine,
  nameOf,
  nodeFor,
  nodeLicense,
  programNameOf,
  targetOf,
  type Target,
} from "./executable/target.ts";
import { buildDate, manPage } from "./man-page.ts";

/**
 * The command line as one file that needs no Node: `npm run package:cli -- [--platform linux|mac|win] [--arch x64|arm64]
 * [--out FOLDER] [--measure]`. Beside it go the manual page, the completions, the licenses, and the helper for the
 * system's certificate store where it was built.
 */
const root = path.join(import.meta.dirname, "..");

/** What was made. */
interface CliFolder {
  /** The executable; the rest lies beside it. */
  readonly program: string;
  /** Without the names of Node's own functions, which are a seventh of it. */
  readonly stripped: boolean;
}

/** Makes the folder of one target; the same name each time, so that what was there before is replaced. */
export async function makeCliFolder(target: Target, out: string): Promise<CliFolder> {
  const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { version: string };
  const node = nodeFor(target);
  const bundle = await bundleCli(version);
  const folder = path.join(out, `culvert-${version}-${nameOf(target)}`);
  const between = mkdtempSync(path.join(os.tmpdir(), "culvert-executable-"));
  try {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(path.join(folder, "completions"), { recursive: true });
    const file = path.join(folder, programNameOf(target));
    const { stripped } = makeExecutable(target, node, bundle, file, between, process.env);
    const licenses = [`Node.js ${process.version}\n\n${nodeLicense().trim()}\n`];
    licenses.push(...bundle.packages.map(licenseOf));
    writeFileSync(path.join(folder, "LICENSES.txt"), licenses.join(`\n${"=".repeat(80)}\n\n`));
    writeFileSync(path.join(folder, "culvert.1"), await manPage(version, buildDate(process.env)));
    for (const [name, text] of await completionFiles()) writeFileSync(path.join(folder, "completions", name), text);
    const helper = target.platform === "win32" ? "culvert-tls.exe" : "culvert-tls";
    const places = [nameOf(target), nameOf(target).replace(/-.*/, "-universal")];
    const built = places
      .map((name) => path.join(root, "native/build", name, helper))
      .find((built) => existsSync(built));
    if (built !== undefined) copyFileSync(built, path.join(folder, helper));
    return { program: file, stripped };
  } finally {
    rmSync(between, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      platform: { type: "string", default: process.platform },
      arch: { type: "string", default: process.arch },
      out: { type: "string", default: path.join(root, "dist/cli") },
      measure: { type: "boolean", default: false },
    },
  });
  const target = targetOf(values.platform, values.arch);
  const { program, stripped } = await makeCliFolder(target, values.out);
  const size = (statSync(program).size / 1e6).toFixed(1);
  console.log(
    `${path.relative(process.cwd(), program)}: ${size} MB${stripped || target.platform !== "linux" ? "" : ", with symbols: there is no strip for it here"}`,
  );
  if (!values.measure || !isThisMachine(target)) return;
  for (const line of medianStarts(program, root)) console.log(line);
}

if (process.argv[1] === import.meta.filename) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  });
}
