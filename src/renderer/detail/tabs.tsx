import { useRef, type KeyboardEvent, type ReactNode } from "react";
import { setTab, useView, type DetailTab } from "../store/view.ts";

const names: readonly (readonly [DetailTab, string])[] = [
  ["overview", "Overview"],
  ["log", "Log"],
  ["configuration", "Configuration"],
];

export const tabId = (tab: DetailTab): string => `detail-tab-${tab}`;
export const panelId = "detail-panel";

/** The parts of the detail. One tab stop; the arrows choose. */
export function Tabs({ events }: { readonly events: number | null }): ReactNode {
  const current = useView((view) => view.tab);
  const list = useRef<HTMLDivElement>(null);
  const onKeyDown = (event: KeyboardEvent): void => {
    const at = names.findIndex(([tab]) => tab === current);
    const steps: Readonly<Record<string, number>> = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      Home: 0,
      End: names.length - 1,
    };
    const step = steps[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const next = (step + names.length) % names.length;
    const tab = names[next]?.[0];
    if (tab === undefined) return;
    setTab(tab);
    list.current?.querySelectorAll<HTMLElement>("[role=tab]")[next]?.focus();
  };
  return (
    <div ref={list} className="tabs" role="tablist" aria-label="Detail" onKeyDown={onKeyDown}>
      {names.map(([tab, name]) => (
        <button
          key={tab}
          id={tabId(tab)}
          type="button"
          role="tab"
          aria-selected={tab === current}
          aria-controls={panelId}
          tabIndex={tab === current ? 0 : -1}
          onClick={() => {
            setTab(tab);
          }}
        >
          {name}
          {tab === "log" && events !== null && <span className="tab-count">{events}</span>}
        </button>
      ))}
    </div>
  );
}
