import type { MenuEntry } from "../host/recording.ts";

function line(entry: MenuEntry): string {
  switch (entry.type) {
    case "separator":
      return "---";
    case "checkbox":
      return `[${entry.checked ? "x" : " "}] ${entry.label}`;
    default:
      return entry.enabled ? entry.label : `(${entry.label})`;
  }
}

/** A menu as lines: ticks as [x], what cannot be clicked in brackets, the entries of submenus behind "> ". */
export const trayText = (items: readonly MenuEntry[]): string[] =>
  items.flatMap((entry) => [line(entry), ...trayText(entry.items ?? []).map((inner) => `> ${inner}`)]);
