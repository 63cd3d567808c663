import type { ReactNode } from "react";
import type { Connection } from "../../shared/model/connection.ts";
import { clientsOf, isOn, type ConnectionStatus } from "../../shared/model/status.ts";
import { nameOf } from "../../shared/words/connection.ts";
import { statusWords } from "../../shared/words/status.ts";
import { Button, IconButton } from "../controls/button.tsx";
import { Chip } from "../controls/chip.tsx";
import { MenuButton } from "../controls/menu-button.tsx";
import { StatusGlyph } from "../controls/status-glyph.tsx";
import { connectionMenu } from "../list/connection-menu.ts";
import { toneOf } from "../list/list-row.tsx";
import { edit, setOn, setPinned, shown } from "../store/actions.ts";
import { useNow } from "../store/clock.ts";
import { useHost } from "../store/host.tsx";
import { AddressBar, SmallAddress } from "./address-bar.tsx";

interface Props {
  readonly connection: Connection;
  readonly status: ConnectionStatus;
  /** A callout stands below: the address moves to the second line. */
  readonly withCallout: boolean;
}

/** State words and facts. Only this part ticks. */
function StateLine({ connection, status, withCallout }: Props): ReactNode {
  const { bridge } = useHost();
  const words = statusWords(connection, status, useNow());
  return (
    <div className={`detail-state detail-is-${status.kind}`}>
      <span className={`detail-state-words ${toneOf(status)}`}>{words.header}</span>
      <span className="t2 cut num">{words.facts}</span>
      {/* For screen readers: what changes every second is left out. */}
      <span className="unseen" role="status">
        {`${nameOf(connection)}: ${words.state}${status.kind === "error" ? `, ${words.header}` : ""}`}
      </span>
      <span className="sp" />
      {status.kind === "retrying" && (
        <Button
          variant="link"
          size="small"
          onClick={() => {
            void shown(bridge.call("try-again", connection.id));
          }}
        >
          Try now
        </Button>
      )}
      {withCallout && <SmallAddress connection={connection} status={status} />}
    </div>
  );
}

/** Who it is, how it is, and where it listens. */
export function Header(props: Props): ReactNode {
  const { connection, status, withCallout } = props;
  const host = useHost();
  const { id, pinned } = connection;
  const on = isOn(status);
  return (
    <header className="detail-head">
      <div className="detail-title">
        <StatusGlyph kind={status.kind} clients={clientsOf(status)} hidden />
        <h1 className="cut selectable">{nameOf(connection)}</h1>
        <span className="detail-chips">
          {connection.tags.map((tag) => (
            <Chip key={tag}>{tag}</Chip>
          ))}
          {connection.trust.kind === "unverified" && <Chip kind="warn">Unverified</Chip>}
        </span>
        <span className="sp" />
        <IconButton
          icon="pin"
          className={pinned ? "detail-second detail-pinned" : "detail-second"}
          label={pinned ? "Unpin" : "Pin"}
          keys="Mod+P"
          onClick={() => {
            setPinned(host, id);
          }}
        />
        <IconButton
          icon="edit"
          className="detail-second"
          label="Edit"
          keys="Mod+E"
          onClick={() => {
            edit(id);
          }}
        />
        <MenuButton label="More" icon="more" items={connectionMenu(host, id)} />
        <Button
          className="detail-turn"
          variant={on ? "plain" : "primary"}
          onClick={() => {
            setOn(host, id, !on);
          }}
        >
          {on ? "Turn off" : "Turn on"}
        </Button>
      </div>
      <StateLine {...props} />
      {!withCallout && <AddressBar connection={connection} status={status} />}
    </header>
  );
}
