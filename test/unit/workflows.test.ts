import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { schemaFaults } from "../support/schemas.ts";
import { firstMissing, lacks, type Service } from "../support/services/programs.ts";

/** Debian has no package of it. */
const actionlint: Service = { available: () => firstMissing("actionlint"), isOptional: true };

const root = path.join(import.meta.dirname, "../..");
const folder = path.join(root, ".github/workflows");

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}
interface Job {
  readonly uses?: string;
  readonly steps?: readonly Step[];
  readonly strategy?: { readonly matrix: unknown };
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly "timeout-minutes"?: number;
}
interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, string>>;
  readonly concurrency: { readonly group: string };
  readonly jobs: Readonly<Record<string, Job>>;
}

const names = readdirSync(folder).sort();
const textOf = (name: string): string => readFileSync(path.join(folder, name), "utf8");
const workflowOf = (name: string): Workflow => parse(textOf(name)) as Workflow;
const jobsOf = (name: string): [string, Job][] => Object.entries(workflowOf(name).jobs);
const stepsOf = (name: string): Step[] => jobsOf(name).flatMap(([, { steps = [] }]) => steps);
const commandsOf = (name: string): string =>
  stepsOf(name)
    .map(({ run = "" }) => run)
    .join("\n");

test("there are two, and what runs for a change runs before a release", () => {
  expect(names).toEqual(["ci.yml", "package.yml"]);
  const { jobs } = workflowOf("package.yml");
  expect(jobs["test"]).toEqual({ uses: "./.github/workflows/ci.yml" });
  expect(jobs["release"]).toMatchObject({ needs: ["test", "package"] });
  expect(workflowOf("ci.yml").on).toHaveProperty("workflow_call");
});

describe.each(names)("%s", (name) => {
  test("is in the form of GitHub's workflows, and what is not is found", () => {
    const workflow = workflowOf(name);
    expect(schemaFaults("github-workflow", workflow)).toEqual([]);
    expect(schemaFaults("github-workflow", { ...workflow, job: {} })).not.toEqual([]);
  });

  test("runs scripts and tests that are there", () => {
    const { scripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const commands = commandsOf(name);
    const asked = [...commands.matchAll(/\bnpm run ([\w:]+)/g)].map(([, script = ""]) => script);
    expect(asked.length).toBeGreaterThan(2);
    expect(asked.filter((script) => scripts[script] === undefined)).toEqual([]);
    const all = commands + JSON.stringify(jobsOf(name).map(([, { strategy }]) => strategy));
    const files = all.match(/\b(?:test|scripts)\/[\w/.-]+\.ts\b|(?<=sudo )\.ci\/run\b/g) ?? [];
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
  });

  test("takes actions by their commit, with the version that it is beside it", () => {
    const lines = textOf(name)
      .split("\n")
      .filter((line) => /\buses: (?!\.\/)/.test(line));
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) expect(line).toMatch(/uses: actions\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    // One version of an action everywhere.
    const everywhere = new Set(names.flatMap((one) => textOf(one).match(/actions\/[\w-]+@\S+/g) ?? []));
    expect(new Set([...everywhere].map((uses) => uses.split("@")[0])).size).toBe(everywhere.size);
  });

  test("may read the sources and no more, but for the job that drafts a release", () => {
    const workflow = workflowOf(name);
    expect(workflow.permissions).toEqual({ contents: "read" });
    const more = jobsOf(name).filter(([, { permissions }]) => permissions !== undefined);
    expect(more.map(([job, { permissions }]) => [job, permissions])).toEqual(
      name === "package.yml" ? [["release", { contents: "write" }]] : [],
    );
    // With it a stranger's change would run with what only our own may.
    expect(Object.keys(workflow.on)).not.toContain("pull_request_target");
    const checkouts = stepsOf(name).filter(({ uses = "" }) => uses.startsWith("actions/checkout@"));
    for (const checkout of checkouts) expect(checkout.with).toMatchObject({ "persist-credentials": false });
  });

  test("ends by itself, and is not run twice at once", () => {
    for (const [job, { uses, "timeout-minutes": minutes = 0 }] of jobsOf(name))
      if (uses === undefined) expect(minutes, job).toSatisfy((n: number) => n > 0 && n <= 60);
    expect(workflowOf(name).concurrency.group).toContain("${{ github.ref }}");
  });

  test("puts nothing into a shell that somebody else could have written", () => {
    const put = commandsOf(name).match(/\$\{\{.*?\}\}/g) ?? [];
    expect(put.filter((expression) => !/^\$\{\{ matrix\.\w+ \}\}$/.test(expression))).toEqual([]);
  });

  test("has secrets in the jobs of the protected environment alone, and there in the environment of a step", () => {
    for (const [job, { environment, ...rest }] of jobsOf(name)) {
      const { steps = [], ...outside } = rest;
      if (environment !== "release") expect(JSON.stringify(rest), job).not.toMatch(/secrets/);
      const bare = steps.map(({ env: _env, ...step }) => step);
      expect(JSON.stringify([outside, bare]), job).not.toMatch(/secrets|inherit/);
    }
  });

  test.skipIf(lacks(actionlint))("passes actionlint", () => {
    const { status, stdout } = spawnSync("actionlint", [path.join(folder, name)], { encoding: "utf8" });
    expect([status, stdout]).toEqual([0, ""]);
  });
});

describe("package.yml", () => {
  test("builds every system on a machine of its own kind", () => {
    const { matrix } = workflowOf("package.yml").jobs["package"]?.strategy ?? {};
    expect(matrix).toEqual({
      include: [
        { target: "linux-x64", runner: "ubuntu-24.04" },
        { target: "linux-arm64", runner: "ubuntu-24.04-arm" },
        { target: "mac-x64", runner: "macos-15-intel" },
        { target: "mac-arm64", runner: "macos-15" },
        { target: "win-x64", runner: "windows-2025" },
        { target: "win-arm64", runner: "windows-11-arm" },
      ],
    });
  });

  test("sets variables that a script reads", () => {
    const scripts = readdirSync(path.join(root, "scripts"), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => readFileSync(path.join(root, "scripts", file), "utf8"))
      .join("\n");
    const set = stepsOf("package.yml")
      .flatMap(({ env = {} }) => Object.keys(env))
      .filter((variable) => variable.startsWith("CULVERT_"));
    expect(set.length).toBeGreaterThan(5);
    expect(set.filter((variable) => !new RegExp(`\\b${variable}\\b`).test(scripts))).toEqual([]);
  });

  test("takes along every kind of file that electron-builder.yml makes", () => {
    const config = parse(readFileSync(path.join(root, "electron-builder.yml"), "utf8")) as Readonly<
      Record<string, { readonly target?: readonly string[] }>
    >;
    const targets = ["mac", "win", "linux"].flatMap((system) => config[system]?.target ?? []);
    const upload = stepsOf("package.yml").find((step) => String(step.with?.["name"]).startsWith("package-"));
    const paths = String(upload?.with?.["path"]).trim().split("\n");
    expect(targets.length).toBeGreaterThan(4);
    for (const target of targets) expect(paths).toContain(`dist/app/*.${target === "nsis" ? "exe" : target}`);
    expect(paths).toContain("dist/app/latest*.yml");
  });
});
