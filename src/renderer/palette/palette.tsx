import {
  useId,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
} from "react";
import { flushSync } from "react-dom";
import type { ConnectionStatus } from "../../shared/model/status.ts";
import { Dialog } from "../controls/dialog.tsx";
import { Icon } from "../controls/icon.tsx";
import { Kbd } from "../controls/kbd.tsx";
import { matches } from "../keyboard/keys.ts";
import { useHost, useMirror } from "../store/host.tsx";
import { wishedStatus } from "../store/select.ts";
import { closePalette, useView } from "../store/view.ts";
import { connectionActions, type ActionEntry } from "./connection-actions.ts";
import type { ConnectionEntry } from "./entries.ts";
import { paletteSections, type PaletteItem } from "./model.ts";
import { PaletteRow } from "./palette-row.tsx";
import { rank, type Found } from "./rank.ts";
import { rowAction } from "./row-action.ts";
import { copyAddress, openConnection, runCommand, runRowAction } from "./run.ts";
import "./palette.css";

type Row = PaletteItem | Found<ActionEntry>;

/** The command palette, while it is open. */
export const PaletteHost = (): ReactNode => (useView((view) => view.paletteOpen) ? <Palette /> : null);

/** A press beside the field leaves the focus in it. */
const keepFocus = (event: MouseEvent): void => {
  event.preventDefault();
};

/** Finds connections and commands, and does what is chosen: by keys alone. */
function Palette(): ReactNode {
  const host = useHost();
  const snapshot = useMirror((state) => state.snapshot);
  const wishes = useMirror((state) => state.wishes);
  const [text, setText] = useState("");
  const [active, setActive] = useState(0);
  /** The connection whose actions are shown. */
  const [inside, setInside] = useState<ConnectionEntry | null>(null);
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);

  const sections = useMemo((): readonly { title: string; items: readonly Row[] }[] => {
    if (snapshot === null) return [];
    const status = (id: string): ConnectionStatus => wishedStatus(snapshot.statuses[id], wishes[id]);
    if (inside === null) return paletteSections(snapshot, status, text);
    const actions = connectionActions(host, inside.connection, status(inside.id));
    const found = text.trim() === "" ? actions.map((item) => ({ item, marks: [], score: 0 })) : rank(actions, text);
    return found.length === 0 ? [] : [{ title: inside.title, items: found }];
  }, [snapshot, wishes, inside, text, host]);
  const rows = sections.flatMap(({ items }) => items);
  const at = Math.min(active, rows.length - 1);
  const current = rows[at]?.item;
  const statusOf = (id: string): ConnectionStatus => wishedStatus(snapshot?.statuses[id], wishes[id]);

  useLayoutEffect(() => {
    const row = list.current?.querySelector("[aria-selected=true]");
    // The first row shows its heading too.
    if (at === 0 && list.current) list.current.scrollTop = 0;
    else if (row && "scrollIntoView" in row) row.scrollIntoView({ block: "nearest" });
  }, [at, sections]);

  const write = (next: string): void => {
    setText(next);
    setActive(0);
  };
  const enter = (entry: ConnectionEntry | null): void => {
    setInside(entry);
    write("");
  };
  /** The palette is gone, and the focus back, before anything starts. */
  const close = (andThen: () => void): void => {
    flushSync(closePalette);
    andThen();
  };
  const run = (row: Row | undefined): void => {
    if (row === undefined) return;
    const { item } = row;
    if (item.kind === "connection")
      close(() => runRowAction(host, item.id, rowAction(item.connection, statusOf(item.id))));
    else close(item.kind === "command" ? () => runCommand(host, item.action) : item.run);
  };

  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.nativeEvent.isComposing) return;
    const connection = current?.kind === "connection" ? current : null;
    const { selectionStart, selectionEnd } = event.currentTarget;
    const move = (step: number): void => setActive(rows.length === 0 ? 0 : (at + step + rows.length) % rows.length);
    const is = (keys: string): boolean => matches(keys, event);
    if (is("ArrowDown")) move(1);
    else if (is("ArrowUp")) move(-1);
    else if (is("PageDown")) setActive(Math.max(0, Math.min(rows.length - 1, at + 8)));
    else if (is("PageUp")) setActive(Math.max(0, at - 8));
    else if (is("Enter")) run(rows[at]);
    else if (is("Mod+Enter") && connection) close(() => openConnection(connection.id));
    else if (is("Mod+C") && connection && selectionStart === selectionEnd)
      close(() => copyAddress(host, connection.id));
    else if (is("Tab")) {
      if (connection) enter(connection);
    } else if (is("Shift+Tab") || (is("Backspace") && text === "")) {
      if (inside === null) return;
      enter(null);
    } else if (is("Escape") && inside !== null) enter(null);
    else if (is("Escape") || is("Mod+K")) closePalette();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  let index = -1;
  return (
    <Dialog bare lightDismiss title="Commands" className="palette" onClose={closePalette}>
      <div className="palette-input">
        <Icon name="search" />
        <input
          data-autofocus=""
          role="combobox"
          aria-label={inside ? `Actions of ${inside.title}` : "Find a connection or a command"}
          aria-expanded={rows.length > 0}
          aria-controls={listId}
          aria-activedescendant={at >= 0 ? `${listId}-${at}` : undefined}
          aria-autocomplete="list"
          autoComplete="off"
          spellCheck={false}
          maxLength={200}
          placeholder={inside ? `What to do with ${inside.title}` : "Type a name, host, port, tag or command"}
          value={text}
          onChange={(event) => {
            write(event.currentTarget.value);
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div ref={list} id={listId} className="palette-list" role="listbox" aria-label="Results" onMouseDown={keepFocus}>
        {sections.map(({ title, items }) => (
          <div key={title} role="group" aria-label={title}>
            <div className="palette-section" aria-hidden="true">
              {title}
            </div>
            {items.map((row) => {
              index += 1;
              const position = index;
              return (
                <PaletteRow
                  key={`${row.item.kind} ${row.item.id}`}
                  id={`${listId}-${position}`}
                  row={row}
                  status={row.item.kind === "connection" ? statusOf(row.item.id) : null}
                  active={position === at}
                  onActive={() => setActive(position)}
                  onRun={() => run(row)}
                />
              );
            })}
          </div>
        ))}
      </div>
      {rows.length === 0 && (
        <p className="palette-nothing" role="status">
          Nothing matches “{text.trim()}”.
        </p>
      )}
      <div className="palette-footer" aria-hidden="true" onMouseDown={keepFocus}>
        {current && (
          <span>
            <Kbd keys="Enter" />
            {current.kind === "connection" ? rowAction(current.connection, statusOf(current.id)).words : "Do it"}
          </span>
        )}
        {current?.kind === "connection" && (
          <>
            <span>
              <Kbd keys="Mod+C" />
              Copy
            </span>
            <span>
              <Kbd keys="Mod+Enter" />
              Open
            </span>
            <span>
              <Kbd keys="Tab" />
              More actions
            </span>
          </>
        )}
        <span className="palette-escape">
          <Kbd keys="Escape" />
          {inside ? "Back" : "Close"}
        </span>
      </div>
    </Dialog>
  );
}
