import { expect, test } from "vitest";
import { UpdateMemory } from "../../../../src/main/updates/memory.ts";
import { VirtualFile } from "./virtual-file.ts";

test("what was told and postponed is known at the next start", () => {
  const file = new VirtualFile();
  const memory = new UpdateMemory(file);
  memory.noteTold("1.5.0");
  memory.notePostponed("1.4.9");
  const next = new UpdateMemory(file);
  expect([next.wasTold("1.5.0"), next.wasTold("1.4.9"), next.wasPostponed("1.4.9")]).toEqual([true, false, true]);
});

test.each<[string, unknown]>([
  ["another form", { version: 1, told: 5, postponed: null }],
  ["a newer form", { version: 2 }],
  ["a text", "1.5.0"],
  ["a long version", { version: 1, told: "9".repeat(1_000), postponed: null }],
])("%s in the file counts as nothing, and is written over", (_what, content) => {
  const file = new VirtualFile();
  file.content = content;
  const memory = new UpdateMemory(file);
  expect(memory.wasTold("1.5.0")).toBe(false);
  memory.noteTold("1.5.0");
  expect(new UpdateMemory(file).wasTold("1.5.0")).toBe(true);
});

test("a file that can neither be read nor written costs nothing but the memory", () => {
  const file = new VirtualFile();
  file.broken = true;
  const memory = new UpdateMemory(file);
  memory.noteTold("1.5.0");
  expect(memory.wasTold("1.5.0")).toBe(true);
});
