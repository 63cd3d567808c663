import type { ReactNode } from "react";
import { clientsOf, offStatus, type ConnectionStatus } from "../../shared/model/status.ts";
import { localLabel } from "../../shared/words/connection.ts";
import { Chip } from "../controls/chip.tsx";
import { Icon } from "../controls/icon.tsx";
import { Kbd } from "../controls/kbd.tsx";
import { StatusGlyph } from "../controls/status-glyph.tsx";
import type { ActionEntry } from "./connection-actions.ts";
import { Marked } from "./marked.tsx";
import type { PaletteItem } from "./model.ts";
import type { Found } from "./rank.ts";
import { rowAction } from "./row-action.ts";

export interface PaletteRowProps {
  readonly id: string;
  readonly row: PaletteItem | Found<ActionEntry>;
  /** Of a connection. */
  readonly status: ConnectionStatus | null;
  readonly active: boolean;
  readonly onActive: () => void;
  readonly onRun: () => void;
}

/** One result: what it is, and on the right what Enter does. */
export function PaletteRow({ id, row, status, active, onActive, onRun }: PaletteRowProps): ReactNode {
  const { item, marks } = row;
  const known = status ?? offStatus;
  return (
    <div
      id={id}
      role="option"
      aria-selected={active}
      className="palette-row"
      onPointerMove={active ? undefined : onActive}
      onClick={onRun}
    >
      {item.kind === "connection" ? (
        <StatusGlyph kind={known.kind} clients={clientsOf(known)} />
      ) : (
        <Icon name={item.icon} />
      )}
      <span className="palette-name">
        <span className="cut">
          <Marked text={item.title} marks={marks} />
        </span>
        {item.kind === "connection" && item.connection.protocol === "udp" && <Chip>UDP</Chip>}
        {item.kind === "connection" && item.connection.trust.kind === "unverified" && (
          <Chip kind="warn">Unverified</Chip>
        )}
        {item.kind === "connection" && (
          <span className="palette-detail cut">{item.connection.tags.join(", ") || item.connection.destination}</span>
        )}
      </span>
      <span className="palette-action">
        {item.kind === "connection" && <ConnectionEnd item={item.connection} status={known} active={active} />}
        {item.kind === "command" && item.keys !== undefined && <Kbd keys={item.keys} />}
        {active && item.kind !== "command" && <Kbd keys="Enter" />}
      </span>
    </div>
  );
}

function ConnectionEnd(props: {
  readonly item: Parameters<typeof rowAction>[0];
  readonly status: ConnectionStatus;
  readonly active: boolean;
}): ReactNode {
  const { item, status, active } = props;
  if (!active) return <span className="mono">{localLabel(item, status)}</span>;
  const { words, address } = rowAction(item, status);
  return (
    <>
      {words} {address !== "" && <span className="mono">{address}</span>}
    </>
  );
}
