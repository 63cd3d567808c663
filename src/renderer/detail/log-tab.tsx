import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { logEntriesKept, type LogEntry } from "../../shared/model/activity.ts";
import { IconButton } from "../controls/button.tsx";
import { CopyButton } from "../controls/copy-button.tsx";
import { MenuButton } from "../controls/menu-button.tsx";
import { Segmented } from "../controls/segmented.tsx";
import { TextField } from "../controls/text-field.tsx";
import { shown } from "../store/actions.ts";
import { useHost } from "../store/host.tsx";
import { exportName, logJson, logModel, logText, type LevelFilter, type LogModel } from "./log-model.ts";
import { LogRow } from "./log-row.tsx";

/** So near to the end still counts as the end, pixels. */
const endSlack = 24;

interface LogBarProps {
  readonly name: string;
  readonly model: LogModel;
  readonly level: LevelFilter;
  readonly onLevel: (level: LevelFilter) => void;
  readonly text: string;
  readonly onText: (text: string) => void;
  readonly paused: boolean;
  readonly onPause: () => void;
}

function LogBar(props: LogBarProps): ReactNode {
  const { name, model, paused } = props;
  const { bridge } = useHost();
  const save = (ending: "json" | "txt"): void => {
    const text = ending === "json" ? logJson(model.entries) : `${logText(model.entries)}\n`;
    void shown(bridge.call("save-text", { suggestedName: exportName(name, ending), text }));
  };
  return (
    <div className="log-bar">
      <TextField
        size="medium"
        icon="search"
        type="search"
        aria-label="Filter messages"
        placeholder="Filter messages"
        value={props.text}
        onChange={props.onText}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || props.text === "") return;
          event.preventDefault();
          event.stopPropagation();
          props.onText("");
        }}
      />
      <Segmented
        label="Level"
        value={props.level}
        onChange={props.onLevel}
        options={[
          { value: "all", label: "All", count: model.counts.all },
          { value: "warning", label: "Warnings", count: model.counts.warning },
          { value: "error", label: "Errors", count: model.counts.error },
        ]}
      />
      <IconButton
        icon={paused ? "right" : "pause"}
        label={paused ? "Go on" : "Pause"}
        aria-pressed={paused}
        onClick={props.onPause}
      />
      <CopyButton compact label="Copy" text={() => logText(model.entries)} />
      <MenuButton
        label="Export…"
        icon="file"
        items={[
          {
            label: "Export as text…",
            onSelect: () => {
              save("txt");
            },
          },
          {
            label: "Export as JSON…",
            onSelect: () => {
              save("json");
            },
          },
        ]}
      />
    </div>
  );
}

/** The rows: at the end they follow what comes; anywhere else they stay, and a pill says what is new. */
function LogRows({ entries, full }: { readonly entries: readonly LogEntry[]; readonly full: boolean }): ReactNode {
  const scroller = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const [atEnd, setAtEnd] = useState(true);
  const lastId = entries.at(-1)?.id ?? 0;
  /** The newest entry that was on screen when the end was left. */
  const [seen, setSeen] = useState(lastId);
  const virtualizer = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 22,
    getItemKey: (index) => entries[index]?.id ?? index,
    overscan: 10,
  });
  const toggle = useCallback((id: number) => {
    setOpen((before) => {
      const next = new Set(before);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  }, []);
  const count = entries.length;
  useEffect(() => {
    if (atEnd && count > 0) virtualizer.scrollToIndex(count - 1, { align: "end" });
  }, [atEnd, count, lastId, virtualizer]);
  useEffect(() => {
    if (atEnd) setSeen(lastId);
  }, [atEnd, lastId]);
  const fresh = atEnd ? 0 : entries.filter(({ id }) => id > seen).length;
  return (
    <div className="log-place">
      <div
        ref={scroller}
        className="log-rows"
        role="log"
        aria-live="off"
        aria-label="Events"
        tabIndex={0}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          setAtEnd(scrollHeight - scrollTop - clientHeight <= endSlack);
        }}
      >
        {full && <p className="log-earlier">Earlier events are in the log file.</p>}
        <div className="log-track" style={{ height: virtualizer.getTotalSize() }}>
          {virtualizer.getVirtualItems().map(({ index, key, start }) => {
            const entry = entries[index];
            if (entry === undefined) return null;
            return (
              <div
                key={key}
                ref={virtualizer.measureElement}
                data-index={index}
                className="log-item"
                style={{ transform: `translateY(${start}px)` }}
              >
                <LogRow entry={entry} open={open.has(entry.id)} onToggle={toggle} />
              </div>
            );
          })}
        </div>
      </div>
      {fresh > 0 && (
        <button
          type="button"
          className="log-pill"
          onClick={() => {
            setAtEnd(true);
          }}
        >
          {fresh} new ↓
        </button>
      )}
    </div>
  );
}

/** All that happened to one connection, newest at the bottom. */
export function LogTab(props: { readonly name: string; readonly log: readonly LogEntry[] }): ReactNode {
  const { name, log } = props;
  const [level, setLevel] = useState<LevelFilter>("all");
  const [text, setText] = useState("");
  /** What was there when it was paused. */
  const [held, setHeld] = useState<readonly LogEntry[] | null>(null);
  const source = held ?? log;
  const model = useMemo(() => logModel(source, level, text), [source, level, text]);
  return (
    <div className="log">
      <LogBar
        name={name}
        model={model}
        level={level}
        onLevel={setLevel}
        text={text}
        onText={setText}
        paused={held !== null}
        onPause={() => {
          setHeld(held === null ? log : null);
        }}
      />
      {model.entries.length === 0 ? (
        <p className="detail-nothing detail-middle" role="status">
          {source.length === 0 ? "Nothing has happened yet." : "No event matches."}
        </p>
      ) : (
        <LogRows entries={model.entries} full={log.length >= logEntriesKept && level === "all" && text === ""} />
      )}
    </div>
  );
}
