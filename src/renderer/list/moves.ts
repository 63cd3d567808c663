import type { Row } from "../store/next-row.ts";
import type { ListItem } from "./groups.ts";

/** Where the keys that move take the place of the keyboard; the same place where there is nowhere to go. */
export function moveBy(items: readonly ListItem[], at: number, key: string, page: number): number {
  const last = items.length - 1;
  switch (key) {
    case "ArrowDown":
      return Math.min(last, at + 1);
    case "ArrowUp":
      return Math.max(0, at - 1);
    case "Home":
      return 0;
    case "End":
      return last;
    case "PageDown":
      return Math.min(last, at + page);
    case "PageUp":
      return Math.max(0, at - page);
    default:
      return at;
  }
}

/** The header above an item; -1 where it has none. */
export function headerOf(items: readonly ListItem[], at: number): number {
  for (let index = at; index >= 0; index -= 1) if (items[index]?.type === "group") return index;
  return -1;
}

/** The next item whose words begin with what was typed, going round; -1 where none does. */
export function findByLetters(
  items: readonly ListItem[],
  at: number,
  typed: string,
  wordsOf: (item: ListItem) => string,
): number {
  const wanted = typed.toLowerCase();
  // A second letter may still fit the item that the first one led to.
  const start = typed.length > 1 ? 0 : 1;
  for (let step = start; step < items.length + start; step += 1) {
    const index = (at + step) % items.length;
    const item = items[index];
    if (item !== undefined && wordsOf(item).toLowerCase().startsWith(wanted)) return index;
  }
  return -1;
}

/** The ids of the rows from one item to another, each once, in the order of the list. */
export function idsBetween(items: readonly ListItem[], from: number, to: number): readonly string[] {
  const ids = items
    .slice(Math.min(from, to), Math.max(from, to) + 1)
    .flatMap((item) => (item.type === "row" ? [item.id] : []));
  return [...new Set(ids)];
}

/** The order of connections after one was put before or behind another; null where that changes nothing. */
export function reordered(
  order: readonly string[],
  id: string,
  target: string,
  side: "before" | "behind",
): readonly string[] | null {
  if (id === target || !order.includes(id) || !order.includes(target)) return null;
  const rest = order.filter((other) => other !== id);
  const next = rest.toSpliced(rest.indexOf(target) + (side === "behind" ? 1 : 0), 0, id);
  return next.every((other, index) => other === order[index]) ? null : next;
}

/** The row of a selected connection in the group where it was chosen, or else its first one; -1 where none is shown. */
export function chosenAt(items: readonly ListItem[], selected: string | null, group: string | null): number {
  if (selected === null) return -1;
  const exact = items.findIndex((item) => item.type === "row" && item.id === selected && item.group === group);
  return exact >= 0 ? exact : items.findIndex((item) => item.type === "row" && item.id === selected);
}

/** The row to select once the selected ones are gone: the next one, or the one before. */
export function nextAfter(items: readonly ListItem[], at: number, gone: readonly string[]): Row | null {
  const stays = (item: ListItem): boolean => item.type === "row" && !gone.includes(item.id);
  const found = items.slice(Math.max(0, at)).find(stays) ?? items.slice(0, Math.max(0, at)).findLast(stays);
  return found?.type === "row" ? { id: found.id, group: found.group } : null;
}
