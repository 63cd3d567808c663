import type { ReactNode } from "react";
import type { Connection } from "../../shared/model/connection.ts";
import type { ConnectionStatus } from "../../shared/model/status.ts";
import { hostOfOrigin, proxyOriginOf, splitDestination } from "../../shared/words/connection.ts";
import { classNames } from "../controls/class-names.ts";
import { useNow } from "../store/clock.ts";
import { useSnapshot } from "../store/host.tsx";
import { shownAddress } from "./address-bar.tsx";
import { routeOf, type Stop } from "./route-model.ts";

interface RouteStopProps {
  readonly stop: Stop;
  readonly name: string;
  readonly address: string;
}

const RouteStop = ({ stop, name, address }: RouteStopProps): ReactNode => {
  const { host, port } = splitDestination(address);
  return (
    <li className={`stop-${stop.state} pipe-${stop.pipe}`}>
      <span className="route-node" />
      <span className="route-name">{name}</span>
      <span className="mid mono" title={address}>
        <span>{host}</span>
        <span>{port}</span>
      </span>
      <span
        className={classNames("route-words", "num", stop.state === "bad" && "err", stop.state === "wait" && "warn")}
      >
        {stop.words}
      </span>
    </li>
  );
};

/** From this computer to the destination: three stops and what joins them. */
export function RouteView(props: {
  readonly connection: Connection;
  readonly status: ConnectionStatus;
  /** Clients of the local port, whether they are through or wait. */
  readonly present: number;
}): ReactNode {
  const { connection, status, present } = props;
  const origin = proxyOriginOf(connection);
  const session = useSnapshot((snapshot) => snapshot.sessions.find(({ proxy }) => proxy === origin) ?? null);
  const now = useNow(session !== null && session.expiresAt !== null);
  const [local, proxy, destination] = routeOf(connection, status, session, now, present);
  return (
    <ol className="route" aria-label="Route">
      <RouteStop stop={local} name="This computer" address={shownAddress(connection, status) ?? "any port"} />
      <RouteStop
        stop={proxy}
        name="Pomerium"
        address={origin === null ? connection.pomeriumUrl : hostOfOrigin(origin)}
      />
      <RouteStop stop={destination} name="Destination" address={connection.destination} />
    </ol>
  );
}
