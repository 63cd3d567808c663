import type { ReactNode } from "react";
import { classNames } from "../controls/class-names.ts";
import { CopyButton } from "../controls/copy-button.tsx";
import { Icon } from "../controls/icon.tsx";
import { useSnapshot } from "../store/host.tsx";
import { plannedCommand, plannedRoute, type Stop } from "./route.ts";
import type { Editor } from "./use-editor.ts";
import "./aside.css";

/** What follows from the form: the route, what is wrong with it, and how it will be used. */
export function Aside({ editor }: { readonly editor: Editor }): ReactNode {
  const { draft } = editor;
  const platform = useSnapshot(({ host }) => host.platform);
  const route = plannedRoute(draft);
  const command = plannedCommand(draft, platform);
  return (
    <aside className="editor-aside" aria-label="Preview" data-pane="preview">
      <h2>Route</h2>
      <ol className="editor-route">
        <RouteStop name="This computer" stop={route.local} />
        <RouteStop name="Pomerium" stop={route.proxy} />
        <RouteStop name="Destination" stop={route.destination} />
      </ol>
      <h2>Checks</h2>
      <Checks editor={editor} />
      {command !== null && (
        <>
          <h2>Use it with</h2>
          <div className="editor-command">
            <code className="cut">{command}</code>
            <CopyButton compact label="Copy command" text={command} />
          </div>
        </>
      )}
    </aside>
  );
}

const RouteStop = ({ name, stop }: { readonly name: string; readonly stop: Stop }): ReactNode => (
  <li className={`editor-stop-${stop.state}`}>
    <span className="editor-node" />
    <div>
      <div className="editor-stop-name">{name}</div>
      <span className={classNames("mid", stop.state !== "missing" && "mono")} title={stop.host + stop.port}>
        <span>{stop.host}</span>
        <span className="editor-stop-port">{stop.port}</span>
      </span>
    </div>
  </li>
);

function Checks({ editor }: { readonly editor: Editor }): ReactNode {
  const { problems, draft } = editor;
  const unverified = draft.trust === "unverified";
  if (problems.length === 0 && !unverified)
    return (
      <p className="editor-check t2">
        {draft.destination.trim() === "" ? "Nothing to check yet" : "Nothing wrong has been found"}
      </p>
    );
  return (
    <ul className="editor-checks">
      {unverified && (
        <li className="editor-check editor-check-warning">
          <Icon name="shield" size={14} />
          <span>Server certificate is not verified</span>
        </li>
      )}
      {problems.map(({ field, level, message }) => (
        <li key={`${field} ${message}`} className={`editor-check editor-check-${level}`}>
          <Icon name={level} size={14} />
          <span>{message}</span>
        </li>
      ))}
    </ul>
  );
}
