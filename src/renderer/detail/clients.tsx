import type { ReactNode } from "react";
import type { ClientInfo } from "../../shared/model/activity.ts";
import { bytes, clock, count, wholeDuration } from "../../shared/words/format.ts";
import { IconButton } from "../controls/button.tsx";
import { shown } from "../store/actions.ts";
import { useNow } from "../store/clock.ts";
import { useHost } from "../store/host.tsx";

/** Rows that are drawn; a table of thousands would be read by nobody. */
const rowsShown = 100;

export interface ClientsProps {
  readonly id: string;
  readonly clients: readonly ClientInfo[];
  /** Where to connect to; null while it does not listen. */
  readonly address: string | null;
  /** UDP: datagrams that were lost here since it was turned on, also those of clients that have left. */
  readonly dropped: number;
}

/** Who uses the local port now. */
export function Clients({ id, clients, address, dropped }: ClientsProps): ReactNode {
  const { bridge } = useHost();
  const now = useNow(clients.length > 0);
  const showsDropped = clients.some((client) => (client.dropped ?? 0) > 0);
  return (
    <section aria-label="Clients">
      <div className="detail-section">
        <h2>
          Clients <span className="detail-count num">{clients.length}</span>
        </h2>
        <span className="sp" />
        {dropped > 0 && <span className="clients-dropped num">{count(dropped, "datagram")} dropped</span>}
      </div>
      {clients.length === 0 ? (
        <p className="detail-nothing">
          No clients yet.{" "}
          {address !== null && (
            <>
              Point your tool at <code>{address}</code>.
            </>
          )}
        </p>
      ) : (
        <table className="clients">
          <thead>
            <tr>
              <th scope="col">Client</th>
              <th scope="col">Since</th>
              <th scope="col" className="right">
                Received
              </th>
              <th scope="col" className="right">
                Sent
              </th>
              {showsDropped && (
                <th scope="col" className="right">
                  Dropped
                </th>
              )}
              <th scope="col">
                <span className="unseen">Disconnect</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {clients.slice(0, rowsShown).map(({ peer, from, since, received, sent, dropped: lost = 0 }) => (
              <tr key={peer}>
                <td className="mono">{from}</td>
                <td className="num">
                  {clock(since)} <span className="t3">{wholeDuration(now - since)}</span>
                </td>
                <td className="right num">{bytes(received)}</td>
                <td className="right num">{bytes(sent)}</td>
                {showsDropped && <td className="right num">{lost}</td>}
                <td className="right">
                  <IconButton
                    icon="close"
                    size="small"
                    label={`Disconnect ${from}`}
                    onClick={() => {
                      void shown(bridge.call("disconnect-client", id, peer));
                    }}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {clients.length > rowsShown && (
        <p className="detail-nothing">and {count(clients.length - rowsShown, "more client")}</p>
      )}
    </section>
  );
}
