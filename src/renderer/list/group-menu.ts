import type { MenuItem } from "../controls/menu.tsx";
import { deleteConnections, shown, turnOff, turnOn } from "../store/actions.ts";
import type { Host } from "../store/host.tsx";
import { ask } from "../store/view.ts";
import type { Group } from "./groups.ts";

/** Asks for the new name of a tag. A name that is another tag's joins the two. */
function renameTag(host: Host, tag: string): void {
  ask({
    title: `Rename ${tag}`,
    action: "Rename",
    field: { label: "Tag", value: tag },
    run: (text) => {
      const name = text.trim();
      if (name !== "" && name !== tag) void shown(host.bridge.call("rename-tag", tag, name));
    },
  });
}

/** What can be done with all of a group. */
export function groupMenu(host: Host, group: Group): readonly MenuItem[] {
  const ids = group.members.map(({ id }) => id);
  return [
    {
      label: "Turn all on",
      onSelect: () => {
        turnOn(host, ids);
      },
    },
    {
      label: "Turn all off",
      onSelect: () => {
        turnOff(host, ids);
      },
    },
    "separator",
    ...(group.kind === "tag"
      ? [
          {
            label: "Rename tag",
            onSelect: () => {
              renameTag(host, group.title);
            },
          },
        ]
      : []),
    {
      label: "Delete connections…",
      danger: true,
      onSelect: () => {
        deleteConnections(host, ids);
      },
    },
  ];
}
