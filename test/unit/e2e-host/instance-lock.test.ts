import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

let folder: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "culvert-lock-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    }
  }
  rmSync(folder, { recursive: true, force: true });
});

function start(word: string): { readonly child: ChildProcess; said(): string } {
  const program = path.join(import.meta.dirname, "lock-process.ts");
  const userData = path.join(folder, "user-data");
  const child = spawn(process.execPath, [program, userData, folder, word], { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  return { child, said: () => text };
}
const patient = { timeout: 15_000 };

test("the first process hears of the second, which is told so", async () => {
  const first = start("one");
  await vi.waitFor(() => expect(first.said()).toBe("first\n"), patient);
  const second = start("two");
  await once(second.child, "exit");
  expect(second.said()).toBe("second\n");
  await vi.waitFor(() => expect(first.said()).toBe('first\nheard {"word":"two"}\n'), patient);
});

test("a lock whose owner is dead is taken over", async () => {
  const first = start("one");
  await vi.waitFor(() => expect(first.said()).toBe("first\n"), patient);
  const gone = once(first.child, "exit");
  first.child.kill("SIGKILL");
  await gone;
  const second = start("two");
  await vi.waitFor(() => expect(second.said()).toBe("first\n"), patient);
});
