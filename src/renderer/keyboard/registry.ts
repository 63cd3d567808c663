import { isCommand, matches, type KeyPress, type Keys } from "./keys.ts";
import { isMac } from "./platform.ts";

export interface Shortcut {
  readonly keys: Keys | readonly Keys[];
  /** Returns false where there was nothing to do: then the next one that wants these keys is asked. */
  readonly run: () => boolean | void;
  /** Also while typing in a field, without a modifier: for Escape and function keys. */
  readonly inFields?: boolean;
}

/** Inner layers are asked first: "part" is a list or a detail, "page" what holds it, "global" the window. */
export type ShortcutLayer = "global" | "page" | "part";

const order: readonly ShortcutLayer[] = ["part", "page", "global"];

/** Where a key was pressed. */
export interface Situation {
  /** In a field that takes text. */
  readonly typing: boolean;
  /** On a button or another control that has its own use for Space and Enter. */
  readonly onControl: boolean;
  /** Some text of the page is selected. */
  readonly selection: boolean;
}

const editsText = (keys: Keys): boolean => /^Mod\+(Shift\+Z|[ACVXYZ]|Backspace|Delete|Arrow\w+)$/.test(keys);

/** True where the page may take these keys from what has the focus. */
export function mayTake(keys: Keys, press: KeyPress, where: Situation, inFields = false): boolean {
  if (where.typing && (editsText(keys) || !(isCommand(press) || inFields))) return false;
  if (where.onControl && (press.key === " " || press.key === "Enter") && !isCommand(press)) return false;
  return !(where.selection && keys === "Mod+C");
}

interface Entry {
  readonly layer: ShortcutLayer;
  readonly shortcuts: () => readonly Shortcut[];
}

/** Who wants which keys. Within one layer the newest is asked first. */
export class ShortcutRegistry {
  readonly #entries: Entry[] = [];

  /** @returns the way to take them away again. */
  add(layer: ShortcutLayer, shortcuts: () => readonly Shortcut[]): () => void {
    const entry = { layer, shortcuts };
    this.#entries.push(entry);
    return () => {
      const at = this.#entries.indexOf(entry);
      if (at >= 0) this.#entries.splice(at, 1);
    };
  }

  /** Runs the innermost shortcut that wants the press. True where one did something. */
  press(press: KeyPress, where: Situation, mac: boolean = isMac()): boolean {
    const entries = [...this.#entries].reverse();
    for (const layer of order) {
      for (const entry of entries.filter((one) => one.layer === layer)) {
        for (const { keys, run, inFields } of entry.shortcuts()) {
          const all = typeof keys === "string" ? [keys] : keys;
          const taken = all.some((one) => matches(one, press, mac) && mayTake(one, press, where, inFields));
          if (taken && run() !== false) return true;
        }
      }
    }
    return false;
  }
}
