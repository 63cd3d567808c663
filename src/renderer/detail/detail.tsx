import { memo, useDeferredValue, type ReactNode } from "react";
import type { Connection } from "../../shared/model/connection.ts";
import { localLabel, nameOf } from "../../shared/words/connection.ts";
import { Kbd } from "../controls/kbd.tsx";
import { useMirror, useSnapshot, useSnapshotParts } from "../store/host.tsx";
import { connectionOf, statusOf } from "../store/select.ts";
import { useView } from "../store/view.ts";
import { Configuration } from "./configuration.tsx";
import { ErrorCallout } from "./error-callout.tsx";
import { Header } from "./header.tsx";
import { LogTab } from "./log-tab.tsx";
import { Overview } from "./overview.tsx";
import { Several } from "./several.tsx";
import { panelId, tabId, Tabs } from "./tabs.tsx";
import "./detail.css";
import "./overview.css";
import "./log.css";

function One({ connection }: { readonly connection: Connection }): ReactNode {
  const { id } = connection;
  const status = useMirror((state) => statusOf(state, id));
  const refused = useMirror((state) => state.refused[id]);
  const activity = useMirror((state) => (state.activity?.id === id ? state.activity : null));
  const tab = useView((view) => view.tab);
  const error = refused ?? (status.kind === "error" ? status.error : null);
  return (
    <>
      <Header connection={connection} status={status} withCallout={error !== null} />
      {error !== null && (
        <div className="detail-callout">
          <ErrorCallout
            connection={connection}
            error={error}
            at={status.kind === "error" ? status.since : Date.now()}
            address={localLabel(connection, status)}
            withoutActions={refused !== undefined}
          />
        </div>
      )}
      <Tabs events={activity?.log.length ?? null} />
      <div
        id={panelId}
        role="tabpanel"
        aria-labelledby={tabId(tab)}
        className={tab === "log" ? "detail-body detail-body-log" : "detail-body"}
      >
        {tab === "overview" && <Overview connection={connection} status={status} activity={activity} />}
        {tab === "log" && activity !== null && <LogTab name={nameOf(connection)} log={activity.log} />}
        {tab === "configuration" && <Configuration connection={connection} />}
      </div>
    </>
  );
}

/** The selected connection; or the several, or the hint that there is none. Not drawn again with the list beside it. */
export const Detail = memo(function Detail(): ReactNode {
  // Drawn behind what selected it: the letter that was typed, or the row that was moved to, is on screen before.
  const selected = useDeferredValue(useView((view) => view.selected));
  const several = useView((view) => view.several);
  const connection = useSnapshot((snapshot) => connectionOf(snapshot, selected));
  const connections = useSnapshotParts(({ connections: all }) =>
    several.length === 0 ? [] : all.filter(({ id }) => several.includes(id)),
  );
  const name = connections.length > 1 ? "Selected connections" : connection === null ? "Detail" : nameOf(connection);
  return (
    <section className="detail" aria-label={name} data-pane="detail" tabIndex={-1}>
      {connections.length > 1 ? (
        <Several connections={connections} />
      ) : connection === null ? (
        <>
          <h1 className="unseen">Culvert</h1>
          <p className="detail-nothing detail-middle">
            <span>
              Select a connection, or press <Kbd keys="Mod+K" />.
            </span>
          </p>
        </>
      ) : (
        <One key={connection.id} connection={connection} />
      )}
    </section>
  );
});
