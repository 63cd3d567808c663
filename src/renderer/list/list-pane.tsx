import { memo, type ReactNode } from "react";
import { Button } from "../controls/button.tsx";
import { MenuButton } from "../controls/menu-button.tsx";
import { Segmented } from "../controls/segmented.tsx";
import { Kbd } from "../controls/kbd.tsx";
import { useSnapshot } from "../store/host.tsx";
import { setFilter, setGrouping, setSearch, useView, type Grouping } from "../store/view.ts";
import { groupingOf, type ListModel } from "./groups.ts";
import { ListGrid } from "./list-grid.tsx";
import "./list.css";

const groupingNames: Readonly<Record<Grouping, string>> = {
  tag: "By tag",
  proxy: "By proxy",
  state: "By state",
  none: "No groups",
};

const Filters = memo(function Filters({ counts }: { readonly counts: ListModel["counts"] }): ReactNode {
  const filter = useView((view) => view.filter);
  const connections = useSnapshot((snapshot) => snapshot.connections);
  const grouping = groupingOf(
    useView((view) => view.grouping),
    connections,
  );
  return (
    <div className="list-filters">
      <Segmented
        label="Show"
        value={filter}
        onChange={setFilter}
        options={[
          { value: "all", label: "All", count: counts.all },
          { value: "on", label: "On", count: counts.on },
          { value: "attention", label: "Attention", count: counts.attention },
        ]}
      />
      <span className="sp" />
      <MenuButton
        label="Group"
        text={groupingNames[grouping]}
        items={Object.entries(groupingNames).map(([value, label]) => ({
          label,
          checked: value === grouping,
          onSelect: () => {
            setGrouping(value as Grouping);
          },
        }))}
      />
    </div>
  );
});

/** Says why the list is empty, and the way out. */
function Nothing({ search, filter }: Pick<ListModel, "search" | "filter">): ReactNode {
  if (search.trim() !== "")
    return (
      <div className="list-nothing" role="status">
        <p>
          Nothing matches “<span className="selectable">{search.trim()}</span>”. Search looks at names, hosts, ports and
          tags.
        </p>
        <Button
          onClick={() => {
            setSearch("");
          }}
        >
          Clear search
        </Button>
      </div>
    );
  return (
    <div className="list-nothing" role="status">
      {filter === "on" ? (
        <p>
          Nothing is on. Press <Kbd keys="Mod+K" /> and type a name.
        </p>
      ) : (
        <p>Nothing needs your attention.</p>
      )}
    </div>
  );
}

export interface ListPaneProps {
  readonly model: ListModel;
  /** A newer model is about to come. */
  readonly late: boolean;
  readonly onePane: boolean;
}

/** The list of connections with its filters. */
export const ListPane = memo(function ListPane({ model, late, onePane }: ListPaneProps): ReactNode {
  const density = useSnapshot((snapshot) => snapshot.settings.density);
  return (
    <section className="list" aria-label="Connections">
      {onePane && <h1 className="unseen">Connections</h1>}
      <Filters counts={model.counts} />
      <div className="list-body" data-pane="list">
        {model.items.length === 0 ? (
          <Nothing search={model.search} filter={model.filter} />
        ) : (
          <ListGrid items={model.items} late={late} compact={onePane || density === "compact"} />
        )}
      </div>
    </section>
  );
});
