import { expect, test } from "vitest";
import type { KeyPress } from "../../../../src/renderer/keyboard/keys.ts";
import { ShortcutRegistry, type Situation } from "../../../../src/renderer/keyboard/registry.ts";

const plain = (key: string): KeyPress => ({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false });
const ctrl = (key: string): KeyPress => ({ ...plain(key), ctrlKey: true });
const nowhere: Situation = { typing: false, onControl: false, selection: false };

test("Escape closes the innermost first, and one after the other", () => {
  const registry = new ShortcutRegistry();
  const done: string[] = [];
  registry.add("global", () => [{ keys: "Escape", run: () => void done.push("window") }]);
  let tagOpen = true;
  registry.add("part", () => [
    {
      keys: "Escape",
      run: () => {
        if (!tagOpen) return false;
        tagOpen = false;
        done.push("part");
        return true;
      },
    },
  ]);
  registry.add("page", () => [{ keys: "Escape", run: () => void done.push("page") }]);
  expect(registry.press(plain("Escape"), nowhere, false)).toBe(true);
  expect(registry.press(plain("Escape"), nowhere, false)).toBe(true);
  expect(done).toEqual(["part", "page"]);
});

test("of one layer, the newest is asked first, and is gone when it is taken away", () => {
  const registry = new ShortcutRegistry();
  const done: string[] = [];
  registry.add("page", () => [{ keys: "Mod+S", run: () => void done.push("old") }]);
  const remove = registry.add("page", () => [{ keys: "Mod+S", run: () => void done.push("new") }]);
  registry.press(ctrl("s"), nowhere, false);
  remove();
  remove();
  registry.press(ctrl("s"), nowhere, false);
  expect(done).toEqual(["new", "old"]);
});

test("while typing, plain keys and the keys of editing stay with the field", () => {
  const registry = new ShortcutRegistry();
  const done: string[] = [];
  const note = (keys: string, inFields = false) => ({ keys, inFields, run: () => void done.push(keys) });
  registry.add("global", () => [
    note("/"),
    note("Mod+Z"),
    note("Mod+C"),
    note("Mod+K"),
    note("F6", true),
    note("Delete"),
  ]);
  const typing = { ...nowhere, typing: true };
  for (const press of [plain("/"), ctrl("z"), ctrl("c"), ctrl("k"), plain("F6"), plain("Delete")])
    registry.press(press, typing, false);
  expect(done).toEqual(["Mod+K", "F6"]);
});

test("Space and Enter belong to the button that has the focus; selected text is copied before an address", () => {
  const registry = new ShortcutRegistry();
  const done: string[] = [];
  registry.add("part", () =>
    ["Space", "Enter", "Mod+C", "Mod+Enter"].map((keys) => ({ keys, run: () => void done.push(keys) })),
  );
  const onControl = { ...nowhere, onControl: true };
  expect(registry.press(plain(" "), onControl, false)).toBe(false);
  expect(registry.press(plain("Enter"), onControl, false)).toBe(false);
  expect(registry.press(ctrl("Enter"), onControl, false)).toBe(true);
  expect(registry.press(ctrl("c"), { ...nowhere, selection: true }, false)).toBe(false);
  expect(registry.press(ctrl("c"), nowhere, false)).toBe(true);
  expect(done).toEqual(["Mod+Enter", "Mod+C"]);
});
