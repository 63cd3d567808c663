import { spawn } from "node:child_process";

/** One named command. */
export interface Step {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Shows the output as it comes; otherwise it is shown only when the step fails. */
  readonly live?: boolean;
}

export const format: Step = { name: "format", command: ["prettier", "--check", "."] };
export const lint: Step = { name: "lint", command: ["eslint", "--max-warnings=0", "."] };
export const types: Step = { name: "types", command: ["tsc", "-b"] };
export const build: Step = { name: "build", command: ["npm", "run", "--silent", "build"] };

/** Runs the steps one after the other; ends the process with 1 at the first that fails. */
export async function runSteps(steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    const started = performance.now();
    const { code, output } = await run(step);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    if (code !== 0) {
      process.stdout.write(output);
      console.error(`${step.name} failed after ${seconds} s: ${step.command.join(" ")}`);
      process.exit(1);
    }
    console.log(`${step.name} ok, ${seconds} s`);
  }
}

function run({ command, live = false }: Step): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const [file, ...args] = command;
    // npm puts node_modules/.bin on the PATH; Windows needs a shell for the .cmd files in there.
    const child = spawn(file, args, {
      stdio: ["ignore", live ? "inherit" : "pipe", live ? "inherit" : "pipe"],
      shell: process.platform === "win32",
    });
    const chunks: Buffer[] = [];
    child.stdout?.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr?.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("error", (error) => resolve({ code: 1, output: `${error.message}\n` }));
    child.on("close", (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString() }));
  });
}
