import { useEffect, useMemo, useState } from "react";
import { useShallow } from "zustand/react/shallow";
import { useMirror, useSnapshot } from "../store/host.tsx";
import { kindsOf } from "../store/select.ts";
import { useView } from "../store/view.ts";
import { groupingOf, listModel, type Kinds, type ListModel } from "./groups.ts";
import { prepareSearch } from "./search.ts";
import { settle, type Settled } from "./settled.ts";

/** Where By state shows each connection; `kinds` themselves for every other grouping. */
function useSettledKinds(kinds: Kinds, byState: boolean): Kinds {
  const busy = useView((view) => view.listBusy);
  const [settled, setSettled] = useState<Settled | null>(null);
  useEffect(() => {
    if (!byState) {
      setSettled(null);
      return undefined;
    }
    const now = Date.now();
    const next = settle(settled, kinds, busy, now);
    setSettled(next.settled);
    if (next.dueAt === null) return undefined;
    const timer = setTimeout(() => {
      // Another object with the same content makes this effect run again.
      setSettled({ ...next.settled });
    }, next.dueAt - now);
    return () => {
      clearTimeout(timer);
    };
  }, [byState, busy, kinds, settled]);
  return byState && settled !== null ? settled.shown : kinds;
}

/** What the list shows; worked out again only when a connection, the kind of a state, or the view of it changes. */
export function useListModel(): ListModel {
  const connections = useSnapshot((snapshot) => snapshot.connections);
  const kinds = useMirror(useShallow(kindsOf));
  const filter = useView((view) => view.filter);
  const search = useView((view) => view.search);
  const collapsed = useView((view) => view.collapsed);
  const grouping = groupingOf(
    useView((view) => view.grouping),
    connections,
  );
  const settledKinds = useSettledKinds(kinds, grouping === "state");
  useEffect(() => prepareSearch(connections), [connections]);
  return useMemo(
    () => listModel({ connections, kinds, settledKinds, filter, grouping, search, collapsed }),
    [connections, kinds, settledKinds, filter, grouping, search, collapsed],
  );
}
