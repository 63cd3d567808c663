import { memo, type DragEvent, type MouseEvent, type ReactNode } from "react";
import type { Connection } from "../../shared/model/connection.ts";
import { clientsOf, isOn, type ConnectionStatus } from "../../shared/model/status.ts";
import { isNetworkAddress, localLabel, nameOf, splitDestination } from "../../shared/words/connection.ts";
import { errorWords } from "../../shared/words/errors.ts";
import { statusWords } from "../../shared/words/status.ts";
import { Chip } from "../controls/chip.tsx";
import { classNames } from "../controls/class-names.ts";
import { Icon } from "../controls/icon.tsx";
import { StatusGlyph } from "../controls/status-glyph.tsx";
import { Switch } from "../controls/switch.tsx";
import { copy, setOn } from "../store/actions.ts";
import { useNow } from "../store/clock.ts";
import { useHost, useMirror } from "../store/host.tsx";
import { statusOf } from "../store/select.ts";
import { useView } from "../store/view.ts";

/** The colour of a state's words. */
export const toneOf = ({ kind }: ConnectionStatus): string => {
  switch (kind) {
    case "off":
      return "t2";
    case "starting":
      return "acc";
    case "listening":
    case "connected":
      return "ok";
    case "signing-in":
    case "retrying":
      return "warn";
    case "error":
      return "err";
  }
};

/** Characters of "255.255.255.255:65535". */
const shortAddress = 21;

export interface RowHandlers {
  readonly onChoose: (event: MouseEvent, index: number) => void;
  readonly onAct: (id: string) => void;
  readonly onMenu: (event: MouseEvent, index: number) => void;
  readonly onDragStart: (event: DragEvent, id: string) => void;
  readonly onDragOver: (event: DragEvent, id: string) => void;
  readonly onDrop: (event: DragEvent, id: string) => void;
}

export interface ListRowProps {
  readonly domId: string;
  readonly index: number;
  readonly connection: Connection;
  readonly top: number;
  readonly height: number;
  readonly compact: boolean;
  /** Chosen here; `also` is the same connection in another group. */
  readonly selected: boolean;
  readonly also: boolean;
  /** Where the keyboard is. */
  readonly active: boolean;
  readonly pinnedGroup: boolean;
  /** The tag that its group stands for, which the row need not repeat. */
  readonly groupTag: string | null;
  readonly handlers: RowHandlers;
}

/** One connection in the list. Draws again when its own status changes, and no other row does. */
export const ListRow = memo(function ListRow(props: ListRowProps): ReactNode {
  const { connection, handlers, index } = props;
  const { id } = connection;
  const host = useHost();
  const status = useMirror((state) => statusOf(state, id));
  const refused = useMirror((state) => state.refused[id]);
  const copied = useView((view) => view.copied === id);
  const now = useNow(status.kind === "retrying");
  const words = statusWords(connection, status, now);
  const name = nameOf(connection);
  const address = localLabel(connection, status);
  const rowWords = refused === undefined ? words.row : errorWords(refused).row;
  const tone = refused === undefined ? toneOf(status) : "err";
  const on = isOn(status);
  const state = rowWords !== "" && <span className={`row-state ${tone}`}>{rowWords}</span>;
  const flags = (
    <>
      {connection.protocol === "udp" && <Chip>UDP</Chip>}
      {connection.trust.kind === "unverified" && <Chip kind="warn">Unverified</Chip>}
      {isNetworkAddress(connection) && <Chip>Network</Chip>}
    </>
  );
  // Only what is longer than any IPv4 address is cut, and then in the middle: the port stays.
  const long = address.length > shortAddress ? splitDestination(address) : null;
  const local = copied ? (
    <span className="row-copied">
      <Icon name="check" size={14} />
      Copied
    </span>
  ) : (
    <button
      type="button"
      tabIndex={-1}
      className={classNames("row-address mono", long !== null && "row-address-long")}
      aria-label={`Copy ${address}`}
      onClick={(event) => {
        // A port that is not known yet cannot be copied: the click is for the row then.
        if (address === "any port") return;
        event.stopPropagation();
        copy(host, id);
      }}
      onDoubleClick={(event) => {
        event.stopPropagation();
      }}
    >
      {long === null ? (
        address
      ) : (
        <span className="mid" title={address}>
          <span>{long.host}</span>
          <span>{long.port}</span>
        </span>
      )}
    </button>
  );
  const label = [
    name,
    words.state.toLowerCase(),
    ...(rowWords === "" || rowWords === words.state ? [] : [rowWords]),
    address,
    ...(connection.protocol === "udp" ? ["UDP"] : []),
    ...(connection.trust.kind === "unverified" ? ["unverified"] : []),
    ...connection.tags,
  ].join(", ");
  const destination = splitDestination(connection.destination);
  return (
    <div
      id={props.domId}
      role="row"
      aria-rowindex={index + 1}
      aria-selected={props.selected || props.also}
      aria-label={label}
      className={classNames(
        "row",
        props.compact && "row-compact",
        props.selected && "row-selected",
        props.also && "row-also",
        props.active && "row-active",
        !on && "row-off",
        `row-is-${status.kind}`,
      )}
      style={{ top: props.top, height: props.height }}
      draggable={props.pinnedGroup}
      onClick={(event) => {
        handlers.onChoose(event, index);
      }}
      onDoubleClick={() => {
        handlers.onAct(id);
      }}
      onContextMenu={(event) => {
        handlers.onMenu(event, index);
      }}
      onDragStart={(event) => {
        handlers.onDragStart(event, id);
      }}
      onDragOver={(event) => {
        if (props.pinnedGroup) handlers.onDragOver(event, id);
      }}
      onDrop={(event) => {
        handlers.onDrop(event, id);
      }}
    >
      <span role="gridcell" className="row-glyph">
        <StatusGlyph kind={status.kind} clients={clientsOf(status)} hidden />
      </span>
      {props.compact ? (
        <div role="gridcell" className="row-line cut">
          <span className="row-name cut">{name}</span>
          {flags}
          {refused !== undefined || (on && tone !== "ok") ? (
            state
          ) : (
            <span className="row-tags">
              {connection.tags
                .filter((tag) => tag !== props.groupTag)
                .map((tag) => (
                  <Chip key={tag}>{tag}</Chip>
                ))}
            </span>
          )}
          {local}
        </div>
      ) : (
        <div role="gridcell" className="row-lines">
          <div className="row-line">
            <span className="row-name cut">{name}</span>
            {flags}
            {local}
          </div>
          <div className="row-line row-second">
            <span className="mid" title={connection.destination}>
              <span>{destination.host}</span>
              <span>{destination.port}</span>
            </span>
            {state}
          </div>
        </div>
      )}
      <span role="gridcell" className="row-switch-cell">
        <Switch
          className="row-switch"
          tabIndex={-1}
          label={name}
          checked={on}
          onChange={(checked) => {
            setOn(host, id, checked);
          }}
        />
      </span>
    </div>
  );
});
