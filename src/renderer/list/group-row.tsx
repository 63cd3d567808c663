import { memo, type MouseEvent, type ReactNode } from "react";
import { Button, IconButton } from "../controls/button.tsx";
import { classNames } from "../controls/class-names.ts";
import { Icon } from "../controls/icon.tsx";
import type { ListItem } from "./groups.ts";

export interface GroupRowProps {
  readonly domId: string;
  readonly index: number;
  readonly item: Extract<ListItem, { type: "group" }>;
  readonly top: number;
  /** It stays at the top while its rows scroll below it. */
  readonly stuck: boolean;
  readonly active: boolean;
  readonly onToggle: (index: number) => void;
  readonly onTurn: (index: number, on: boolean) => void;
  readonly onMenu: (event: MouseEvent, index: number) => void;
}

/** The header of a group: closes and opens it, and turns its connections on or off. */
export const GroupRow = memo(function GroupRow(props: GroupRowProps): ReactNode {
  const { item, index } = props;
  const total = item.group.members.length;
  const allOn = item.on === total;
  const counts = `${item.on} of ${total} on`;
  return (
    <div
      id={props.domId}
      role="row"
      aria-rowindex={index + 1}
      aria-label={`${item.group.title}, ${counts}${item.closed ? ", closed" : ""}`}
      className={classNames("group", props.stuck && "group-stuck", props.active && "row-active")}
      style={props.stuck ? undefined : { top: props.top }}
      onClick={() => {
        props.onToggle(index);
      }}
      onContextMenu={(event) => {
        props.onMenu(event, index);
      }}
    >
      <span role="gridcell" aria-expanded={!item.closed} className="group-title">
        <Icon name={item.closed ? "right" : "down"} size={12} />
        <span className="cut">{item.group.title}</span>
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
          label={`More for ${item.group.title}`}
          onClick={(event) => {
            event.stopPropagation();
            props.onMenu(event, index);
          }}
        />
      </span>
    </div>
  );
});
