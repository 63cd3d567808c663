import { useDeferredValue, useEffect, useRef, type ReactNode } from "react";
import { Detail } from "../detail/detail.tsx";
import { ListPane } from "../list/list-pane.tsx";
import { chosenAt, nextAfter } from "../list/moves.ts";
import { useListModel } from "../list/use-list-model.ts";
import { findNextRowBy } from "../store/next-row.ts";
import { useHost, useSnapshot } from "../store/host.tsx";
import { select, useView } from "../store/view.ts";
import { FirstRun } from "./first-run.tsx";
import { usePageShortcuts } from "./page-shortcuts.ts";
import { Splitter } from "./splitter.tsx";
import { Toolbar } from "./toolbar.tsx";

/** What is typed selects its first match, so that Enter can act on it. A state that changes meanwhile does not. */
function useFirstMatch(first: { readonly id: string; readonly group: string } | null): void {
  const search = useView((view) => view.search);
  const searched = useRef(search);
  useEffect(() => {
    if (searched.current === search) return;
    searched.current = search;
    if (search.trim() !== "" && first !== null) select(first.id, first.group);
  }, [search, first]);
}

/** The toolbar and the two panes; one pane at a time where the window is narrow. */
export function ConnectionsPage({ onePane }: { readonly onePane: boolean }): ReactNode {
  const { mirror } = useHost();
  const model = useListModel();
  // The letter that was typed is on screen before the rows that it finds; nothing else is late, and what keys act on never is.
  const behind = useDeferredValue(model);
  const drawn = behind.search === model.search ? model : behind;
  const empty = useSnapshot((snapshot) => snapshot.connections.length === 0);
  const selected = useView((view) => view.selected);
  const known = useSnapshot((snapshot) => snapshot.connections.some(({ id }) => id === selected));
  const detailShown = useView((view) => view.detailShown) && selected !== null && known;
  const listWidth = useView((view) => view.listWidth);
  useFirstMatch(model.items.find((item) => item.type === "row") ?? null);
  usePageShortcuts(model, onePane);
  useEffect(
    () =>
      findNextRowBy((gone) => {
        const view = useView.getState();
        return nextAfter(model.items, chosenAt(model.items, view.selected, view.selectedIn), gone);
      }),
    [model],
  );
  useEffect(() => {
    mirror.watch(known ? selected : null);
  }, [mirror, selected, known]);
  return (
    <>
      <Toolbar model={model} onePane={onePane} />
      {empty ? (
        <FirstRun />
      ) : (
        <main className="panes">
          {(!onePane || !detailShown) && (
            <div className="pane-list" style={onePane ? undefined : { width: listWidth }}>
              <ListPane model={drawn} late={drawn !== model} onePane={onePane} />
            </div>
          )}
          {!onePane && <Splitter />}
          {(!onePane || detailShown) && <Detail />}
        </main>
      )}
    </>
  );
}
