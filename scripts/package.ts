import path from "node:path";
import { parseArgs } from "node:util";
import { Arch, build, Platform, type Configuration } from "electron-builder";
import { makeCliFolder } from "./executable.ts";
import { targetOf } from "./executable/target.ts";
import { builderOverrides, downloadProblem } from "./packaging/builder-config.ts";
import { stageLinuxFiles } from "./packaging/linux-files.ts";
import { build as buildStep, runSteps } from "./steps.ts";

/**
 * `npm run package`: the installers of the app for the machine it is run on, in dist/app. `-- --dir` leaves the app unpacked. See
 * docs/packaging.md for what the environment decides.
 */
const root = path.join(import.meta.dirname, "..");
const { values } = parseArgs({ options: { dir: { type: "boolean", default: false } } });

/** A folder with Electron in it takes the place of the download, for builds without a network. */
function electronDist(): Pick<Configuration, "electronDist"> {
  const folder = process.env["ELECTRON_OVERRIDE_DIST_PATH"] ?? "";
  return folder === "" ? {} : { electronDist: folder };
}

/**
 * What electron-builder is run for. On Linux, deb and rpm are a run of their own, without the feed: with it, electron-builder writes
 * what kind of package it is into the folder that the AppImage is made of as well, which would then never update itself.
 */
function runs(config: Configuration): { targets: string[] | null; config: Configuration }[] {
  if (values.dir) return [{ targets: ["dir"], config }];
  if (process.platform !== "linux") return [{ targets: null, config }];
  return [
    { targets: ["deb", "rpm"], config: { ...config, publish: null } },
    { targets: ["AppImage"], config },
  ];
}

async function main(): Promise<void> {
  const overrides = builderOverrides(process.env);
  await runSteps([
    buildStep,
    { name: "native helper", live: true, command: ["node", path.join("scripts", "native.ts"), "--if-possible"] },
  ]);
  const { program } = await makeCliFolder(targetOf(process.platform, process.arch), path.join(root, "dist/cli"));
  if (process.platform === "linux") stageLinuxFiles(path.dirname(program), path.join(root, "dist/linux"));
  const files: string[] = [];
  for (const { targets, config } of runs(overrides)) {
    files.push(
      ...(await build({
        projectDir: root,
        targets: Platform.current().createTarget(targets, process.arch === "arm64" ? Arch.arm64 : Arch.x64),
        config: { ...config, ...electronDist() },
        publish: "never",
      })),
    );
  }
  for (const file of files) console.log(path.relative(process.cwd(), file));
}

main().catch((thrown: unknown) => {
  const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  console.error(downloadProblem(text) ?? (thrown instanceof Error ? thrown.message : text));
  process.exit(1);
});
