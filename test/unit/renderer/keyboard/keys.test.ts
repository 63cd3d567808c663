import { expect, test } from "vitest";
import { ariaKeys, isCommand, keysText, matches, type KeyPress } from "../../../../src/renderer/keyboard/keys.ts";

const press = (key: string, ...held: readonly ("ctrl" | "meta" | "shift" | "alt")[]): KeyPress => ({
  key,
  ctrlKey: held.includes("ctrl"),
  metaKey: held.includes("meta"),
  shiftKey: held.includes("shift"),
  altKey: held.includes("alt"),
});

test("Mod is ⌘ on macOS and Ctrl elsewhere, and never the other one", () => {
  expect(matches("Mod+K", press("k", "meta"), true)).toBe(true);
  expect(matches("Mod+K", press("k", "ctrl"), true)).toBe(false);
  expect(matches("Mod+K", press("k", "ctrl"), false)).toBe(true);
  expect(matches("Mod+K", press("k", "meta"), false)).toBe(false);
});

test("letters match with Caps Lock, and only with the Shift that is asked for", () => {
  expect(matches("Mod+K", press("K", "ctrl"), false)).toBe(true);
  expect(matches("Mod+C", press("C", "ctrl", "shift"), false)).toBe(false);
  expect(matches("Mod+Shift+C", press("C", "ctrl", "shift"), false)).toBe(true);
});

test("a sign that needs Shift on some keyboards matches by itself", () => {
  expect(matches("/", press("/", "shift"), false)).toBe(true);
  expect(matches("Mod+,", press(",", "ctrl"), false)).toBe(true);
});

test("Ctrl with Alt writes signs on many keyboards, so it never matches", () => {
  expect(matches("Mod+E", press("e", "ctrl", "alt"), false)).toBe(false);
  expect(matches("Ctrl+Alt+E", press("e", "ctrl", "alt"), false)).toBe(false);
});

test("a plain key does not match with a modifier", () => {
  expect(matches("Delete", press("Delete"), false)).toBe(true);
  expect(matches("Delete", press("Delete", "ctrl"), false)).toBe(false);
  expect(matches("Space", press(" "), false)).toBe(true);
  expect(isCommand(press("a", "ctrl"))).toBe(true);
  expect(isCommand(press("a", "alt"))).toBe(false);
});

test("key caps are in the signs of the platform", () => {
  expect(keysText("Mod+Shift+D", true)).toBe("⇧⌘D");
  expect(keysText("Mod+Shift+D", false)).toBe("Ctrl+Shift+D");
  expect(keysText("Mod+Enter", true)).toBe("⌘⏎");
  expect(keysText("Escape", false)).toBe("Esc");
  expect(ariaKeys("Mod+S", true)).toBe("Meta+S");
  expect(ariaKeys("Mod+S", false)).toBe("Control+S");
});
