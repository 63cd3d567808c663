import type { KeyPress } from "../keyboard/keys.ts";

/** What a key press means while a shortcut is recorded. */
export type Recorded =
  | { readonly kind: "shortcut"; readonly accelerator: string }
  /** Only modifiers so far. */
  | { readonly kind: "more" }
  | { readonly kind: "cancel" }
  | { readonly kind: "clear" }
  | { readonly kind: "refused"; readonly reason: string };

const named: Readonly<Record<string, string>> = {
  " ": "Space",
  ArrowUp: "Up",
  ArrowDown: "Down",
  ArrowLeft: "Left",
  ArrowRight: "Right",
  Enter: "Return",
  "+": "Plus",
};

/** Reads a key press as an accelerator in Electron's spelling. */
export function record(press: KeyPress): Recorded {
  const { key, ctrlKey, metaKey, shiftKey, altKey } = press;
  if (["Control", "Meta", "Shift", "Alt", "AltGraph", "Dead", "Process"].includes(key)) return { kind: "more" };
  const modified = ctrlKey || metaKey || altKey;
  if (!modified && key === "Escape") return { kind: "cancel" };
  if (!modified && (key === "Backspace" || key === "Delete")) return { kind: "clear" };
  if (ctrlKey && altKey) return { kind: "refused", reason: "Ctrl and Alt together write signs on many keyboards" };
  const functionKey = /^F([1-9]|1\d|2[0-4])$/.test(key);
  if (!modified && !functionKey) return { kind: "refused", reason: "Hold Ctrl, Alt or ⌘ with it" };
  // Electron knows keys by what they write in plain ASCII.
  const name =
    named[key] ?? (/^[\x21-\x7e]$/.test(key) ? key.toUpperCase() : functionKey || key === "Tab" ? key : null);
  if (name === null) return { kind: "refused", reason: "This key cannot be part of a shortcut" };
  const parts = [ctrlKey && "Control", metaKey && "Super", altKey && "Alt", shiftKey && "Shift", name];
  return { kind: "shortcut", accelerator: parts.filter((part) => part !== false).join("+") };
}

const macSigns: Readonly<Record<string, string>> = { Control: "⌃", Super: "⌘", Alt: "⌥", Shift: "⇧" };
const otherNames: Readonly<Record<string, string>> = { Control: "Ctrl", Super: "Win" };

/** As printed on key caps. */
export const acceleratorText = (accelerator: string, mac: boolean): string =>
  mac
    ? accelerator
        .split("+")
        .map((part) => macSigns[part] ?? part)
        .join("")
    : accelerator
        .split("+")
        .map((part) => otherNames[part] ?? part)
        .join("+");
