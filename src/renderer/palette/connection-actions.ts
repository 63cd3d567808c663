import { boundAddressOf, isOn, type ConnectionStatus } from "../../shared/model/status.ts";
import type { Connection } from "../../shared/model/connection.ts";
import type { IconName } from "../controls/icon.tsx";
import { leaveTo } from "../keyboard/leave.ts";
import { copy, deleteConnections, setPinned, shown, textToCopy, turnOff, turnOnAndCopy } from "../store/actions.ts";
import type { Host } from "../store/host.tsx";
import { openConnection } from "./run.ts";
import type { Findable } from "./rank.ts";

/** One thing that can be done with a connection. */
export interface ActionEntry extends Findable {
  readonly kind: "action";
  readonly icon: IconName;
  readonly run: () => void;
}

/** All that Tab offers for a connection in its state. */
export function connectionActions(
  host: Host,
  connection: Connection,
  status: ConnectionStatus,
): readonly ActionEntry[] {
  const { id, pinned } = connection;
  const action = (title: string, icon: IconName, run: () => void): ActionEntry => ({
    kind: "action",
    id: title,
    title,
    words: [],
    lastUsedAt: null,
    icon,
    run,
  });
  const copies = (
    [
      ["address", "Copy address"],
      ["port", "Copy port"],
      ["host", "Copy host"],
      ["command", "Copy command"],
    ] as const
  ).filter(([what]) => textToCopy(host, id, what) !== null);
  const failing = status.kind === "retrying" || status.kind === "error";
  return [
    isOn(status)
      ? action("Turn off", "power", () => turnOff(host, [id]))
      : action("Turn on and copy the address", "power", () => void turnOnAndCopy(host, id)),
    ...(failing ? [action("Try again", "retry", () => void shown(host.bridge.call("try-again", id)))] : []),
    ...copies.map(([what, title]) => action(title, "copy", () => copy(host, id, what))),
    action(boundAddressOf(status) === null && status.kind === "error" ? "Show why" : "Open", "right", () =>
      openConnection(id),
    ),
    action(pinned ? "Unpin" : "Pin", "pin", () => setPinned(host, id)),
    action("Edit", "edit", () => leaveTo({ name: "editor", id })),
    action("Duplicate", "plus", () => leaveTo({ name: "editor", id: null, duplicateOf: id })),
    action("Delete", "close", () => deleteConnections(host, [id])),
  ];
}
