import { isOn } from "../../shared/model/status.ts";
import type { MenuItem } from "../controls/menu.tsx";
import { isMac } from "../keyboard/platform.ts";
import {
  copy,
  deleteConnections,
  duplicate,
  edit,
  setPinned,
  textToCopy,
  toggle,
  type CopyWhat,
} from "../store/actions.ts";
import type { Host } from "../store/host.tsx";
import { connectionOf, statusOf } from "../store/select.ts";

const copyNames: Readonly<Record<CopyWhat, string>> = {
  address: "Copy address",
  port: "Copy port",
  host: "Copy host",
  command: "Copy command",
};
const copyKeys: Partial<Readonly<Record<CopyWhat, string>>> = { address: "Mod+C", port: "Mod+Shift+C" };

/** Ways to copy a connection's local end, without those that have nothing to copy. */
export const copyItems = (host: Host, id: string, what: readonly CopyWhat[]): readonly MenuItem[] =>
  what
    .filter((kind) => textToCopy(host, id, kind) !== null)
    .map((kind) => ({
      label: copyNames[kind],
      ...(copyKeys[kind] === undefined ? {} : { keys: copyKeys[kind] }),
      onSelect: () => {
        copy(host, id, kind);
      },
    }));

/** The keys that delete; ⌘⌫ where there is ⌘. */
export const deleteKeys = (): string => (isMac() ? "Mod+Backspace" : "Delete");

/** The menu of one connection: the same by right click and by ⋯. */
export function connectionMenu(host: Host, id: string): readonly MenuItem[] {
  const state = host.mirror.store.getState();
  const connection = connectionOf(state.snapshot, id);
  if (connection === null) return [];
  const copies = copyItems(host, id, ["address", "port", "command"]);
  return [
    {
      label: isOn(statusOf(state, id)) ? "Turn off" : "Turn on",
      keys: "Space",
      onSelect: () => {
        toggle(host, id);
      },
    },
    "separator",
    ...copies,
    ...(copies.length === 0 ? [] : (["separator"] as const)),
    {
      label: connection.pinned ? "Unpin" : "Pin",
      keys: "Mod+P",
      onSelect: () => {
        setPinned(host, id);
      },
    },
    {
      label: "Edit",
      keys: "Mod+E",
      onSelect: () => {
        edit(id);
      },
    },
    {
      label: "Duplicate",
      keys: "Mod+D",
      onSelect: () => {
        duplicate(id);
      },
    },
    "separator",
    {
      label: "Delete",
      keys: deleteKeys(),
      danger: true,
      onSelect: () => {
        deleteConnections(host, [id]);
      },
    },
  ];
}
