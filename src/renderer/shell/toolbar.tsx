import { memo, type KeyboardEvent, type ReactNode } from "react";
import { boundAddressOf, isOn } from "../../shared/model/status.ts";
import { count } from "../../shared/words/format.ts";
import { Button, IconButton } from "../controls/button.tsx";
import { Kbd } from "../controls/kbd.tsx";
import { MenuButton } from "../controls/menu-button.tsx";
import { TextField } from "../controls/text-field.tsx";
import type { ListModel } from "../list/groups.ts";
import { copy, turnOnAndCopy } from "../store/actions.ts";
import { useHost, useSnapshot } from "../store/host.tsx";
import { statusOf } from "../store/select.ts";
import { goTo, openPalette, select, setSearch, showDetail, useView } from "../store/view.ts";
import { Bar } from "./bar.tsx";

/** What is searched for. ↑ and ↓ move in the list, Enter acts, Tab goes to the list, Esc clears. */
function Search({ model }: { readonly model: ListModel }): ReactNode {
  const host = useHost();
  const search = useView((view) => view.search);
  const total = useSnapshot((snapshot) => snapshot.connections.length);

  const move = (step: -1 | 1): void => {
    const rows = model.items.filter((item) => item.type === "row");
    const { selected, selectedIn } = useView.getState();
    const exact = rows.findIndex(({ id, group }) => id === selected && group === selectedIn);
    const at = exact >= 0 ? exact : rows.findIndex(({ id }) => id === selected);
    const next = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
    if (next !== undefined) select(next.id, next.group);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const { selected } = useView.getState();
    switch (event.key) {
      case "ArrowDown":
      case "ArrowUp":
        move(event.key === "ArrowDown" ? 1 : -1);
        break;
      case "Enter": {
        if (selected === null || !model.shown.includes(selected)) return;
        const status = statusOf(host.mirror.store.getState(), selected);
        if (status.kind === "error") showDetail(true);
        else if (isOn(status) && boundAddressOf(status) !== null) copy(host, selected);
        else void turnOnAndCopy(host, selected);
        break;
      }
      case "Tab":
        if (event.shiftKey) return;
        document.querySelector<HTMLElement>("[data-list]")?.focus();
        break;
      case "Escape":
        if (search === "") return;
        setSearch("");
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <TextField
      className="bar-search"
      size="medium"
      icon="search"
      type="search"
      role="searchbox"
      aria-label="Search connections"
      data-search=""
      placeholder={`Search ${count(total, "connection")}`}
      value={search}
      onChange={setSearch}
      onKeyDown={onKeyDown}
      trailing={search === "" ? <Kbd keys="Mod+F" /> : undefined}
    />
  );
}

const newConnection = (): void => {
  goTo({ name: "editor", id: null });
};
const settings = (): void => {
  goTo({ name: "settings" });
};

// These do not change: typing in the search field draws the field alone.
const settingsButton = <IconButton icon="settings" label="Settings" keys="Mod+," onClick={settings} />;
const newButton = (
  <Button icon="plus" aria-label="New connection" onClick={newConnection}>
    New
  </Button>
);
const Commands = memo(({ onePane }: { readonly onePane: boolean }): ReactNode => (
  <Button
    variant="quiet"
    icon="commands"
    aria-label="Commands"
    aria-keyshortcuts="Meta+K Control+K"
    onClick={openPalette}
  >
    {!onePane && "Commands"} <Kbd keys="Mod+K" />
  </Button>
));

/** The toolbar over the panes. With one pane and the detail in it, it holds the way back. */
export function Toolbar(props: { readonly model: ListModel; readonly onePane: boolean }): ReactNode {
  const { model, onePane } = props;
  const detailShown = useView((view) => view.detailShown && view.selected !== null);
  const empty = useSnapshot((snapshot) => snapshot.connections.length === 0);
  if (onePane && detailShown && !empty)
    return (
      <Bar>
        <Button
          variant="quiet"
          icon="back"
          onClick={() => {
            showDetail(false);
          }}
        >
          Connections
        </Button>
        <span className="sp" />
        <Commands onePane />
        {settingsButton}
      </Bar>
    );
  if (onePane && !empty)
    return (
      <Bar>
        <span className="bar-one-pane sp">
          <Search model={model} />
        </span>
        <IconButton variant="plain" icon="plus" label="New connection" keys="Mod+N" onClick={newConnection} />
        <MenuButton
          label="More"
          icon="more"
          items={[
            { label: "Commands", keys: "Mod+K", onSelect: openPalette },
            { label: "Settings", keys: "Mod+,", onSelect: settings },
          ]}
        />
      </Bar>
    );
  return (
    <Bar>
      {!empty && <Search model={model} />}
      {newButton}
      <span className="sp" />
      <Commands onePane={onePane} />
      {settingsButton}
    </Bar>
  );
}
