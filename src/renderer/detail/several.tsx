import type { ReactNode } from "react";
import { useShallow } from "zustand/react/shallow";
import type { Connection } from "../../shared/model/connection.ts";
import { clientsOf, isOn } from "../../shared/model/status.ts";
import { localLabel, nameOf } from "../../shared/words/connection.ts";
import { Button } from "../controls/button.tsx";
import { StatusGlyph } from "../controls/status-glyph.tsx";
import { deleteConnections, shown, turnOff, turnOn } from "../store/actions.ts";
import { useHost, useMirror, type Host } from "../store/host.tsx";
import { statusOf } from "../store/select.ts";
import { ask, select } from "../store/view.ts";

/** Lines that are drawn; the actions are for all that are selected. */
const linesShown = 200;

function Line({ connection }: { readonly connection: Connection }): ReactNode {
  const status = useMirror((state) => statusOf(state, connection.id));
  return (
    <li>
      <button
        type="button"
        className="also-row"
        onClick={() => {
          select(connection.id);
        }}
      >
        <StatusGlyph kind={status.kind} clients={clientsOf(status)} />
        <span className="cut">{nameOf(connection)}</span>
        <span className="sp" />
        <code>{localLabel(connection, status)}</code>
      </button>
    </li>
  );
}

function addTag(host: Host, ids: readonly string[]): void {
  ask({
    title: "Add tag",
    action: "Add tag",
    field: { label: "Tag", value: "" },
    run: (text) => {
      const tag = text.trim();
      if (tag !== "") void shown(host.bridge.call("add-tag", [...ids], tag));
    },
  });
}

/** In the place of the detail while several are selected. */
export function Several({ connections }: { readonly connections: readonly Connection[] }): ReactNode {
  const host = useHost();
  const ids = connections.map(({ id }) => id);
  const on = useMirror(useShallow((state) => ids.filter((id) => isOn(statusOf(state, id))).length));
  return (
    <div className="several">
      <h1>
        {connections.length} selected, {on} on
      </h1>
      <div className="several-acts">
        <Button
          variant="primary"
          onClick={() => {
            turnOn(host, ids);
          }}
        >
          Turn on
        </Button>
        <Button
          onClick={() => {
            turnOff(host, ids);
          }}
        >
          Turn off
        </Button>
        <Button
          onClick={() => {
            addTag(host, ids);
          }}
        >
          Add tag
        </Button>
        <span className="sp" />
        <Button
          variant="danger"
          onClick={() => {
            deleteConnections(host, ids);
          }}
        >
          Delete…
        </Button>
      </div>
      <ul className="also">
        {connections.slice(0, linesShown).map((connection) => (
          <Line key={connection.id} connection={connection} />
        ))}
      </ul>
      {connections.length > linesShown && <p className="detail-nothing">and {connections.length - linesShown} more</p>}
    </div>
  );
}
