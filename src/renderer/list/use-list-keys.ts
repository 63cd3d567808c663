import { useRef, type KeyboardEvent } from "react";
import { matches } from "../keyboard/keys.ts";
import { shown, toggle, toggleAll } from "../store/actions.ts";
import { useHost } from "../store/host.tsx";
import { connectionOf } from "../store/select.ts";
import { select, selectSeveral, setCollapsed, useView } from "../store/view.ts";
import { nameOf } from "../../shared/words/connection.ts";
import type { ListItem } from "./groups.ts";
import { findByLetters, headerOf, idsBetween, moveBy, reordered } from "./moves.ts";

/** Letters that come within this time are one word. */
const typingMs = 1_000;

export interface ListKeysInput {
  readonly items: readonly ListItem[];
  /** The item where the keyboard is; -1 for none. */
  readonly at: number;
  /** Rows that fit in the window. */
  readonly page: number;
  readonly goTo: (index: number, choose: boolean) => void;
  readonly openDetail: () => void;
  readonly openMenu: (index: number) => void;
}

/** The keys that only mean something in the list; those of a connection belong to the whole page (page-shortcuts.tsx). */
export function useListKeys(input: ListKeysInput): (event: KeyboardEvent) => void {
  const host = useHost();
  const typed = useRef({ text: "", at: 0 });
  const anchor = useRef<number | null>(null);

  const movePinned = (item: ListItem, step: -1 | 1): void => {
    if (item.type !== "row" || item.group !== "pinned") return;
    const connections = host.mirror.store.getState().snapshot?.connections ?? [];
    const pinned = connections.filter((connection) => connection.pinned).map(({ id }) => id);
    const target = pinned[pinned.indexOf(item.id) + step];
    if (target === undefined) return;
    const order = reordered(
      connections.map(({ id }) => id),
      item.id,
      target,
      step < 0 ? "before" : "behind",
    );
    if (order !== null) void shown(host.bridge.call("order-connections", [...order]));
  };

  const typeLetter = (key: string, time: number): void => {
    const before = time - typed.current.at < typingMs ? typed.current.text : "";
    typed.current = { text: before + key, at: time };
    const connections = host.mirror.store.getState().snapshot ?? null;
    const found = findByLetters(input.items, Math.max(0, input.at), typed.current.text, (item) => {
      if (item.type === "group") return "";
      const connection = connectionOf(connections, item.id);
      return connection === null ? "" : nameOf(connection);
    });
    if (found >= 0) input.goTo(found, true);
  };

  const openOrClose = (item: ListItem, open: boolean): void => {
    if (item.type === "group") {
      if (item.closed === open) setCollapsed(item.key, !open);
      else if (open) input.goTo(input.at + 1, true);
    } else if (!open) {
      const header = headerOf(input.items, input.at);
      if (header >= 0) input.goTo(header, false);
    }
  };

  const onRow = (event: KeyboardEvent, id: string): boolean => {
    if (matches("Space", event)) {
      const { several } = useView.getState();
      if (several.includes(id)) toggleAll(host, several);
      else toggle(host, id);
      return true;
    }
    if (event.key !== "Enter" || event.metaKey || event.ctrlKey) return false;
    input.openDetail();
    return true;
  };

  const handle = (event: KeyboardEvent): boolean => {
    const { items, at } = input;
    const item = items[at];
    if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      if (item !== undefined) movePinned(item, event.key === "ArrowUp" ? -1 : 1);
      return true;
    }
    if (matches("Mod+A", event)) {
      selectSeveral(idsBetween(items, 0, items.length - 1));
      return true;
    }
    if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) {
      if (at >= 0) input.openMenu(at);
      return true;
    }
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (plain && /^(Arrow(Up|Down)|Home|End|Page(Up|Down))$/.test(event.key)) {
      const next = moveBy(items, at, event.key, input.page);
      if (event.shiftKey) {
        anchor.current ??= at;
        input.goTo(next, false);
        selectSeveral(idsBetween(items, anchor.current, next));
      } else {
        anchor.current = null;
        input.goTo(next, true);
      }
      return true;
    }
    if (item === undefined) return false;
    if (plain && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
      openOrClose(item, event.key === "ArrowRight");
      return true;
    }
    if (item.type === "row" && onRow(event, item.id)) return true;
    if (item.type === "group" && plain && (event.key === " " || event.key === "Enter")) {
      setCollapsed(item.key, !item.closed);
      return true;
    }
    if (event.key === "Escape" && useView.getState().several.length > 0) {
      select(useView.getState().selected);
      return true;
    }
    // "/" goes to the search field.
    if (plain && event.key.length === 1 && event.key !== " " && event.key !== "/") {
      typeLetter(event.key, event.timeStamp);
      return true;
    }
    return false;
  };

  return (event) => {
    if (event.defaultPrevented || !handle(event)) return;
    event.preventDefault();
    event.stopPropagation();
  };
}
