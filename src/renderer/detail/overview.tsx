import type { ReactNode } from "react";
import type { Activity } from "../../shared/model/activity.ts";
import type { Connection } from "../../shared/model/connection.ts";
import { boundAddressOf, clientsOf, isOn, type ConnectionStatus } from "../../shared/model/status.ts";
import { addressToUse, localLabel, nameOf } from "../../shared/words/connection.ts";
import { Button } from "../controls/button.tsx";
import { StatusGlyph } from "../controls/status-glyph.tsx";
import { useMirror, useSnapshot, useSnapshotParts } from "../store/host.tsx";
import { statusOf } from "../store/select.ts";
import { select, setTab } from "../store/view.ts";
import { Clients } from "./clients.tsx";
import { newest } from "./log-model.ts";
import { LogRow } from "./log-row.tsx";
import { RouteView } from "./route.tsx";
import { SignInCallout } from "./sign-in-callout.tsx";
import { TrafficCards } from "./traffic.tsx";

function AlsoStarts({ connection }: { readonly connection: Connection }): ReactNode {
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

/** The sign-in that this connection waits for, and who else does. */
function SignInPart(props: { readonly connection: Connection; readonly proxy: string }): ReactNode {
  const { connection, proxy } = props;
  const signIn = useSnapshot((snapshot) => snapshot.signIns.find((one) => one.proxy === proxy));
  return signIn === undefined ? null : <SignInCallout connection={connection} signIn={signIn} />;
}

function OthersPart(props: { readonly connection: Connection; readonly proxy: string }): ReactNode {
  const { connection, proxy } = props;
  const others = useSnapshotParts((snapshot) => {
    const waiting = snapshot.signIns.find((one) => one.proxy === proxy)?.connections ?? [];
    return snapshot.connections.filter(({ id }) => id !== connection.id && waiting.includes(id));
  });
  if (others.length === 0) return null;
  return (
    <section aria-label="This sign-in also starts">
      <h2 className="detail-section">
        This sign-in also starts <span className="detail-count num">{others.length}</span>
      </h2>
      <ul className="also">
        {others.map((other) => (
          <AlsoStarts key={other.id} connection={other} />
        ))}
      </ul>
    </section>
  );
}

export interface OverviewProps {
  readonly connection: Connection;
  readonly status: ConnectionStatus;
  readonly activity: Activity | null;
}

/** The way it takes, what goes through it, who uses it, and what happened last. */
export function Overview({ connection, status, activity }: OverviewProps): ReactNode {
  const bound = boundAddressOf(status);
  const clients = activity?.clients ?? [];
  const signingIn = status.kind === "signing-in";
  const carries = isOn(status) && status.kind !== "starting" && !(signingIn && clientsOf(status) === 0);
  const events = newest(activity?.log ?? [], 2);
  return (
    <div className="overview">
      {signingIn && <SignInPart connection={connection} proxy={status.proxy} />}
      {signingIn && <h2 className="detail-section">Route</h2>}
      <RouteView connection={connection} status={status} present={clients.length} />
      {signingIn && <OthersPart connection={connection} proxy={status.proxy} />}
      {carries && activity !== null && (
        <>
          <TrafficCards traffic={activity.traffic} />
          <Clients
            id={connection.id}
            clients={clients}
            address={bound === null ? null : addressToUse(bound)}
            dropped={activity.dropped ?? 0}
          />
        </>
      )}
      {events.length > 0 && (
        <section aria-label="Recent events">
          <div className="detail-section">
            <h2>Recent events</h2>
            <span className="sp" />
            <Button
              variant="link"
              size="small"
              onClick={() => {
                setTab("log");
              }}
            >
              Open log
            </Button>
          </div>
          {events.map((entry) => (
            <LogRow key={entry.id} entry={entry} short />
          ))}
        </section>
      )}
    </div>
  );
}
