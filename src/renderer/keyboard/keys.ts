import { isMac } from "./platform.ts";

/**
 * A combination of keys, as "Mod+Shift+D": modifiers first, then `KeyboardEvent.key` (letters in capitals).
 * `Mod` is ⌘ on macOS and Ctrl elsewhere; `Ctrl` is Ctrl everywhere.
 */
export type Keys = string;

/** What of a keyboard event decides. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

interface Combination {
  readonly key: string;
  readonly ctrl: boolean;
  readonly meta: boolean;
  readonly shift: boolean;
  readonly alt: boolean;
}

function parse(keys: Keys, mac: boolean): Combination {
  const parts = keys.split("+");
  const last = parts.pop() ?? "";
  const has = (name: string): boolean => parts.includes(name);
  return {
    key: last === "Space" ? " " : last,
    ctrl: has("Ctrl") || (has("Mod") && !mac),
    meta: has("Mod") && mac,
    shift: has("Shift"),
    alt: has("Alt"),
  };
}

const isLetter = (key: string): boolean => /^\p{L}$/u.test(key);

/** True where the press is exactly these keys. Ctrl and Alt together never match: they are AltGr on many keyboards. */
export function matches(keys: Keys, press: KeyPress, mac: boolean = isMac()): boolean {
  if (press.ctrlKey && press.altKey) return false;
  const wanted = parse(keys, mac);
  if (wanted.ctrl !== press.ctrlKey || wanted.meta !== press.metaKey || wanted.alt !== press.altKey) return false;
  // Many keyboards need Shift to write a sign such as "/" or ".": there the sign itself decides.
  const shiftDecides = isLetter(wanted.key) || wanted.key.length > 1 || wanted.key === " ";
  if (shiftDecides && wanted.shift !== press.shiftKey) return false;
  return isLetter(wanted.key) ? press.key.toUpperCase() === wanted.key : press.key === wanted.key;
}

/** A modifier that makes a press a command, not text. */
export const isCommand = (press: KeyPress): boolean => (press.ctrlKey || press.metaKey) && !press.altKey;

const macSigns: Readonly<Record<string, string>> = {
  Mod: "⌘",
  Ctrl: "⌃",
  Shift: "⇧",
  Alt: "⌥",
  Enter: "⏎",
  Backspace: "⌫",
  Delete: "⌦",
  Escape: "Esc",
  ArrowUp: "↑",
  ArrowDown: "↓",
};
const names: Readonly<Record<string, string>> = {
  Mod: "Ctrl",
  Escape: "Esc",
  Delete: "Del",
  ArrowUp: "↑",
  ArrowDown: "↓",
};

/** As printed on key caps: "⇧⌘D", or "Ctrl+Shift+D". */
export function keysText(keys: Keys, mac: boolean = isMac()): string {
  const parts = keys.split("+");
  if (!mac) {
    const order = ["Mod", "Ctrl", "Alt", "Shift"];
    const rank = (part: string): number => (order.includes(part) ? order.indexOf(part) : order.length);
    return [...parts]
      .sort((a, b) => rank(a) - rank(b))
      .map((part) => names[part] ?? part)
      .join("+");
  }
  const order = ["Ctrl", "Alt", "Shift", "Mod"];
  const rank = (part: string): number => (order.includes(part) ? order.indexOf(part) : order.length);
  return [...parts]
    .sort((a, b) => rank(a) - rank(b))
    .map((part) => macSigns[part] ?? part)
    .join("");
}

/** For `aria-keyshortcuts`: "Meta+Shift+D" or "Control+Shift+D". */
export const ariaKeys = (keys: Keys, mac: boolean = isMac()): string =>
  keys
    .split("+")
    .map((part) => (part === "Mod" ? (mac ? "Meta" : "Control") : part === "Ctrl" ? "Control" : part))
    .join("+");
