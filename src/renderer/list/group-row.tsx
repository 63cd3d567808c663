import { memo, type MouseEvent, type ReactNode } from "react";
import { Button, IconButton } from "../controls/button.tsx";
import { classNames } from "../controls/class-names.ts";
import { Icon } from "../controls/icon.tsx";

export interface GroupRowProps {
  readonly domId: string;
  readonly index: number;
  readonly title: string;
  /** How many members it has, and how many of them are on. */
  readonly total: number;
  readonly on: number;
  readonly closed: boolean;
  readonly top: number;
  /** It stays at the top while its rows scroll below it. */
  readonly stuck: boolean;
  readonly active: boolean;
  readonly onToggle: (index: number) => void;
  readonly onTurn: (index: number, on: boolean) => void;
  readonly onMenu: (event: MouseEvent, index: number) => void;
}

/**
 * The header of a group: closes and opens it, and turns its connections on or off. It gets what it shows, not the group:
 * every search makes new groups, most of which look as before.
 */
export const GroupRow = memo(function GroupRow(props: GroupRowProps): ReactNode {
  const { index, title, total, on, closed } = props;
  const allOn = on === total;
  const counts = `${on} of ${total} on`;
  return (
    <div
      id={props.domId}
      role="row"
      aria-rowindex={index + 1}
      aria-label={`${title}, ${counts}${closed ? ", closed" : ""}`}
      className={classNames("group", props.stuck && "group-stuck", props.active && "row-active")}
      style={props.stuck ? undefined : { top: props.top }}
      onClick={() => {
        props.onToggle(index);
      }}
      onContextMenu={(event) => {
        props.onMenu(event, index);
      }}
    >
      <span role="gridcell" aria-expanded={!closed} className="group-title">
        <Icon name={closed ? "right" : "down"} size={12} />
        <span className="cut">{title}</span>
        <span className="group-count">{counts}</span>
      </span>
      <span role="gridcell" className="group-acts">
        <Button
          variant="quiet"
          size="small"
          tabIndex={-1}
          onClick={(event) => {
            event.stopPropagation();
            props.onTurn(index, !allOn);
          }}
        >
          {allOn ? "Turn all off" : "Turn all on"}
        </Button>
        <IconButton
          icon="more"
          size="small"
          tabIndex={-1}
          label={`More for ${title}`}
          onClick={(event) => {
            event.stopPropagation();
            props.onMenu(event, index);
          }}
        />
      </span>
    </div>
  );
});
