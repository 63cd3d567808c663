import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import {
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type MouseEvent,
  type ReactNode,
} from "react";
import { Menu, type MenuItem, type MenuPlace } from "../controls/menu.tsx";
import { shown, turnOff, turnOn, turnOnAndCopy } from "../store/actions.ts";
import { useHost } from "../store/host.tsx";
import { select, selectSeveral, setCollapsed, setListBusy, setScroll, showDetail, useView } from "../store/view.ts";
import { connectionMenu } from "./connection-menu.ts";
import { groupMenu } from "./group-menu.ts";
import { GroupRow } from "./group-row.tsx";
import type { ListItem } from "./groups.ts";
import { ListRow, type RowHandlers } from "./list-row.tsx";
import { chosenAt, idsBetween, reordered } from "./moves.ts";
import { useListKeys } from "./use-list-keys.ts";

const groupHeight = 28;
const rowHeights = { comfortable: 44, compact: 28 } as const;

const domId = (key: string): string => `list-${key}`;

/** Both Ctrl and ⌘ add to a selection: which of them is usual does not matter here. */
const adds = (event: MouseEvent): boolean => event.metaKey || event.ctrlKey;

export interface ListGridProps {
  readonly items: readonly ListItem[];
  /** Newer items are about to come, and what is selected may be one of them. */
  readonly late: boolean;
  readonly compact: boolean;
}

/** The rows. A grid with one tab stop: the browser's focus stays on it, and `aria-activedescendant` says where the keyboard is. */
export function ListGrid({ items, late, compact }: ListGridProps): ReactNode {
  const host = useHost();
  const scroller = useRef<HTMLDivElement>(null);
  const selected = useView((view) => view.selected);
  const selectedIn = useView((view) => view.selectedIn);
  const several = useView((view) => view.several);
  const [activeKey, setActiveKey] = useState<string | null>(null);
  const [menu, setMenu] = useState<{ readonly items: readonly MenuItem[]; readonly at: MenuPlace } | null>(null);
  const dragged = useRef<string | null>(null);
  const rangeStart = useRef<string | null>(null);

  const indexes = useMemo(() => new Map(items.map((item, index) => [item.key, index])), [items]);
  /** The row of the selected connection in the group where it was chosen, or its first one. */
  const chosen = useMemo(() => chosenAt(items, selected, selectedIn), [selected, selectedIn, items]);
  const chosenItem = items[chosen];
  const chosenGroup = chosenItem?.type === "row" ? chosenItem.group : null;
  const active = (activeKey === null ? undefined : indexes.get(activeKey)) ?? chosen;
  const headers = useMemo(() => items.flatMap((item, index) => (item.type === "group" ? [index] : [])), [items]);
  const rowHeight = rowHeights[compact ? "compact" : "comfortable"];
  const stuck = useRef(-1);
  // A new function makes every row's place be worked out again: with new items or heights, and for nothing else.
  const keyAt = useCallback((index: number) => items[index]?.key ?? index, [items, rowHeight]);

  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => (items[index]?.type === "group" ? groupHeight : rowHeight),
    getItemKey: keyAt,
    overscan: 6,
    initialOffset: () => useView.getState().scroll,
    // A row that is moved to must not end under the header that stays at the top.
    scrollPaddingStart: groupHeight,
    rangeExtractor: (range) => {
      stuck.current = headers.findLast((index) => index <= range.startIndex) ?? -1;
      const drawn = new Set(defaultRangeExtractor(range));
      for (const index of [stuck.current, active]) if (index >= 0 && index < items.length) drawn.add(index);
      return [...drawn].sort((a, b) => a - b);
    },
  });

  useEffect(
    () => () => {
      setScroll(virtualizer.scrollOffset ?? 0);
      setListBusy(false);
    },
    [virtualizer],
  );

  const goToItem = (index: number, choose: boolean): void => {
    const item = items[index];
    if (item === undefined) return;
    setActiveKey(item.key);
    virtualizer.scrollToIndex(index);
    if (choose && item.type === "row") select(item.id, item.group);
  };

  // A selection from elsewhere (search, palette, tray, a page that was on screen meanwhile) is brought into sight.
  const lastChosen = useRef(useView.getState().scrolledWith);
  useEffect(() => {
    if (late || lastChosen.current === selected) return;
    lastChosen.current = selected;
    const key = items[chosen]?.key;
    // Chosen in the list itself, by a click or a key, it is in sight.
    if (key === undefined || key === activeKey) return;
    setActiveKey(key);
    virtualizer.scrollToIndex(chosen);
  }, [selected, chosen, activeKey, items, late, virtualizer]);

  const openMenu = (index: number, at?: MenuPlace): void => {
    const item = items[index];
    if (item === undefined) return;
    if (item.type === "row" && !useView.getState().several.includes(item.id)) select(item.id, item.group);
    setActiveKey(item.key);
    const element = document.getElementById(domId(item.key));
    const place = at ?? (element === null ? null : { element });
    if (place === null) return;
    setMenu({
      at: place,
      items: item.type === "group" ? groupMenu(host, item.group) : connectionMenu(host, item.id),
    });
  };

  const onKeyDown = useListKeys({
    items,
    at: active,
    page: Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / rowHeight) - 1),
    goTo: goToItem,
    openDetail: () => {
      showDetail(true);
      // With one pane it is there only with the next frame.
      requestAnimationFrame(() => document.querySelector<HTMLElement>("[data-pane=detail]")?.focus());
    },
    openMenu,
  });

  // Rows are memoised: their handlers stay the same and look up what is current when they are called.
  const current = useRef({ items, indexes, openMenu });
  useLayoutEffect(() => {
    current.current = { items, indexes, openMenu };
  });
  const handlers = useMemo<RowHandlers>(
    () => ({
      onChoose: (event, index) => {
        const now = current.current;
        const item = now.items[index];
        if (item?.type !== "row") return;
        const view = useView.getState();
        setActiveKey(item.key);
        if (event.shiftKey) {
          const from = now.indexes.get(rangeStart.current ?? "") ?? index;
          selectSeveral(idsBetween(now.items, from, index));
          return;
        }
        rangeStart.current = item.key;
        if (adds(event)) {
          const before = view.several.length > 0 ? view.several : view.selected === null ? [] : [view.selected];
          selectSeveral(before.includes(item.id) ? before.filter((id) => id !== item.id) : [...before, item.id]);
          return;
        }
        select(item.id, item.group);
        showDetail(true);
      },
      onAct: (id) => void turnOnAndCopy(host, id),
      onMenu: (event, index) => {
        event.preventDefault();
        event.stopPropagation();
        const byButton =
          event.type === "click" ? { element: event.currentTarget } : { x: event.clientX, y: event.clientY };
        current.current.openMenu(index, byButton);
      },
      onDragStart: (event, id) => {
        dragged.current = id;
        event.dataTransfer.effectAllowed = "move";
      },
      onDragOver: (event, id) => {
        if (dragged.current === null || dragged.current === id) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = "move";
      },
      onDrop: (event, id) => {
        const moved = dragged.current;
        dragged.current = null;
        if (moved === null) return;
        event.preventDefault();
        const order = (host.mirror.store.getState().snapshot?.connections ?? []).map((connection) => connection.id);
        const side = order.indexOf(moved) < order.indexOf(id) ? "behind" : "before";
        const next = reordered(order, moved, id, side);
        if (next !== null) void shown(host.bridge.call("order-connections", [...next]));
      },
    }),
    [host],
  );
  const toggleGroup = useCallback((index: number) => {
    const item = current.current.items[index];
    if (item?.type !== "group") return;
    setActiveKey(item.key);
    setCollapsed(item.key, !item.closed);
  }, []);
  const turnGroup = useCallback(
    (index: number, on: boolean) => {
      const item = current.current.items[index];
      if (item?.type !== "group") return;
      const ids = item.group.members.map(({ id }) => id);
      if (on) turnOn(host, ids);
      else turnOff(host, ids);
    },
    [host],
  );

  const drawn = virtualizer.getVirtualItems();
  const activeItem = items[active];
  return (
    <>
      <div
        ref={scroller}
        className="list-rows"
        role="grid"
        tabIndex={0}
        data-list=""
        aria-label="Connections"
        aria-multiselectable="true"
        aria-rowcount={items.length}
        aria-activedescendant={activeItem === undefined ? undefined : domId(activeItem.key)}
        onKeyDown={onKeyDown}
        onFocus={() => {
          setListBusy(true);
          if (active < 0 && items.length > 0) setActiveKey(items[0]?.key ?? null);
        }}
        onBlur={() => {
          // Into its own menu the focus only goes for a moment.
          if (menu === null) setListBusy(false);
        }}
        onPointerEnter={() => {
          setListBusy(true);
        }}
        onPointerLeave={(event) => {
          if (!event.currentTarget.contains(document.activeElement)) setListBusy(false);
        }}
      >
        <div role="presentation" className="list-track" style={{ height: virtualizer.getTotalSize() }}>
          {drawn.map(({ index, start, key }) => {
            const item = items[index];
            if (item === undefined) return null;
            if (item.type === "group")
              return (
                <GroupRow
                  key={key}
                  domId={domId(item.key)}
                  index={index}
                  title={item.group.title}
                  total={item.group.members.length}
                  on={item.on}
                  closed={item.closed}
                  top={start}
                  stuck={index === stuck.current}
                  active={index === active}
                  onToggle={toggleGroup}
                  onTurn={turnGroup}
                  onMenu={handlers.onMenu}
                />
              );
            const isOne = several.length > 0 ? several.includes(item.id) : item.id === selected;
            const here = several.length > 0 || item.group === chosenGroup;
            return (
              <ListRow
                key={key}
                domId={domId(item.key)}
                index={index}
                connection={item.connection}
                top={start}
                height={rowHeight}
                compact={compact}
                selected={isOne && here}
                also={isOne && !here}
                active={index === active}
                pinnedGroup={item.group === "pinned"}
                groupTag={item.group.startsWith("tag:") ? item.group.slice("tag:".length) : null}
                handlers={handlers}
              />
            );
          })}
        </div>
      </div>
      {/* Not in the grid, which may hold rows alone. */}
      {menu && (
        <Menu
          label="Actions"
          items={menu.items}
          at={menu.at}
          onClose={() => {
            setMenu(null);
          }}
        />
      )}
    </>
  );
}
