import { authorityOf, parseTarget } from "../../shared/address.ts";
import type { Snapshot } from "../../shared/ipc/snapshot.ts";
import type { Connection, ConnectionInput } from "../../shared/model/connection.ts";
import { isOn, offStatus, type ConnectionStatus } from "../../shared/model/status.ts";
import { hostOfOrigin, nameOf, proxyOf, splitDestination } from "../../shared/words/connection.ts";
import { count } from "../../shared/words/format.ts";
import type { IconName } from "../controls/icon.tsx";
import { readLink } from "../editor/link.ts";
import type { Keys } from "../keyboard/keys.ts";
import { settingWords } from "../settings/catalog.ts";
import type { Findable } from "./rank.ts";

/** What a command does, as data: the one who runs it has the hands for it. */
export type CommandAction =
  | { readonly type: "new"; readonly draft?: Partial<ConnectionInput> }
  | { readonly type: "search"; readonly text?: string }
  | { readonly type: "settings"; readonly section?: string }
  | { readonly type: "filter"; readonly filter: "all" | "on" | "attention" }
  | { readonly type: "set-on"; readonly ids: readonly string[]; readonly on: boolean; readonly ask?: boolean }
  | { readonly type: "open-sign-in"; readonly proxy: string }
  | { readonly type: "open-log-folder" }
  | { readonly type: "quit" };

export interface CommandEntry extends Findable {
  readonly kind: "command";
  readonly icon: IconName;
  readonly keys?: Keys;
  readonly action: CommandAction;
}

export interface ConnectionEntry extends Findable {
  readonly kind: "connection";
  readonly connection: Connection;
}

/** Finds a connection by its name, tags, host, port and proxy. Made once for each connection: ranking keeps notes by entry. */
const entries = new WeakMap<Connection, ConnectionEntry>();

export function connectionEntry(connection: Connection): ConnectionEntry {
  let entry = entries.get(connection);
  if (!entry) {
    const { host, port } = splitDestination(connection.destination);
    const proxy = proxyOf(connection)?.host;
    entry = {
      kind: "connection",
      id: connection.id,
      title: nameOf(connection),
      words: [
        ...connection.tags,
        host,
        port,
        port.slice(1),
        ...(proxy === undefined ? [] : [proxy]),
        ...(connection.protocol === "udp" ? ["udp"] : []),
      ],
      lastUsedAt: connection.lastUsedAt,
      connection,
    };
    entries.set(connection, entry);
  }
  return entry;
}

function command(
  id: string,
  title: string,
  icon: IconName,
  action: CommandAction,
  more: { readonly keys?: Keys; readonly words?: readonly string[] } = {},
): CommandEntry {
  const { keys, words = [] } = more;
  return { kind: "command", id, title, icon, action, words, lastUsedAt: null, ...(keys === undefined ? {} : { keys }) };
}

/** The switch commands for a set of connections: only those that would do something. */
function switches(
  key: string,
  where: string,
  connections: readonly Connection[],
  status: (id: string) => ConnectionStatus,
): readonly CommandEntry[] {
  const on = connections.filter(({ id }) => isOn(status(id))).map(({ id }) => id);
  const off = connections.filter(({ id }) => !isOn(status(id))).map(({ id }) => id);
  const words = (verb: string, n: number): string =>
    n === connections.length && n > 1 ? `Turn ${verb} all ${n}${where}` : `Turn ${verb} ${n}${where}`;
  const ask = where === "";
  return [
    ...(off.length > 0
      ? [command(`${key} on`, words("on", off.length), "power", { type: "set-on", ids: off, on: true, ask })]
      : []),
    ...(on.length > 0
      ? [command(`${key} off`, words("off", on.length), "power", { type: "set-on", ids: on, on: false, ask })]
      : []),
  ];
}

/** Every command that makes sense now: the menus, the tags and the settings. */
export function commandEntries(
  snapshot: Pick<Snapshot, "connections" | "signIns">,
  status: (id: string) => ConnectionStatus,
): readonly CommandEntry[] {
  const { connections, signIns } = snapshot;
  const tags = [...new Set(connections.flatMap(({ tags: own }) => own))].sort((a, b) => a.localeCompare(b));
  return [
    ...signIns.map(({ proxy }) =>
      command(`sign-in ${proxy}`, `Open the sign-in page of ${hostOfOrigin(proxy)}`, "key", {
        type: "open-sign-in",
        proxy,
      }),
    ),
    command("new", "New connection", "plus", { type: "new" }, { keys: "Mod+N", words: ["add", "create"] }),
    command("search", "Search connections", "search", { type: "search" }, { keys: "Mod+F", words: ["find"] }),
    command("all", "Show all connections", "right", { type: "filter", filter: "all" }, { keys: "Mod+1" }),
    command("on", "Show what is on", "right", { type: "filter", filter: "on" }, { keys: "Mod+2" }),
    command(
      "attention",
      "Show what needs attention",
      "right",
      { type: "filter", filter: "attention" },
      { keys: "Mod+3" },
    ),
    command(
      "settings",
      "Settings",
      "settings",
      { type: "settings" },
      { keys: "Mod+,", words: ["preferences", "options"] },
    ),
    ...switches("everything", "", connections, status),
    ...tags.flatMap((tag) =>
      switches(
        `tag ${tag}`,
        ` in ${tag}`,
        connections.filter((connection) => connection.tags.includes(tag)),
        status,
      ),
    ),
    command("sessions", "Sessions: sign out", "key", { type: "settings", section: "sessions" }, { words: ["sign in"] }),
    ...Object.entries(settingWords).map(([name, { label, section }]) =>
      command(`setting ${name}`, label, "gear", { type: "settings", section }, { words: ["settings"] }),
    ),
    command("logs", "Open log folder", "file", { type: "open-log-folder" }),
    command("about", "About Culvert", "info", { type: "settings", section: "about" }, { words: ["version"] }),
    command("quit", "Quit Culvert", "close", { type: "quit" }, { keys: "Mod+Q", words: ["exit"] }),
  ];
}

/** "New connection to pg.example.com:5432" for text that is a destination or a link; null for other text. */
export function newConnectionEntry(text: string, connections: readonly Connection[]): CommandEntry | null {
  const link = readLink(text);
  const given = link ?? destinationOf(text);
  if (given === null) return null;
  // The port of a text without a link may be of either protocol.
  const { destination, protocol } = { protocol: null, ...given };
  const isKnown = (one: Connection): boolean =>
    one.destination === destination && (protocol === null || one.protocol === protocol);
  if (connections.some(isKnown)) return null;
  const what = protocol === "udp" ? "New UDP connection" : "New connection";
  return command(`new ${destination}`, `${what} to ${destination}`, "plus", {
    type: "new",
    draft: given,
  });
}

function destinationOf(text: string): { readonly destination: string } | null {
  const written = text.trim();
  // A host before the port: ":5432" looks for a port.
  if (!/^[^\s:/]+:\d+$|^\[[0-9a-f:.]+\]:\d+$/i.test(written) || /^tag:/i.test(written)) return null;
  try {
    return { destination: authorityOf(parseTarget(written).destination) };
  } catch {
    return null;
  }
}

/** What can be done with all that was found, where it is more than one. */
export function foundEntries(
  text: string,
  found: readonly Connection[],
  status: (id: string) => ConnectionStatus,
): readonly CommandEntry[] {
  if (found.length < 2) return [];
  const off = found.filter(({ id }) => !isOn(status(id))).map(({ id }) => id);
  const show = command(
    "show-found",
    `Show these ${found.length} in the list`,
    "search",
    { type: "search", text },
    { keys: "Mod+F" },
  );
  if (off.length === 0) return [show];
  const words =
    off.length === found.length
      ? `Turn on these ${off.length}`
      : `Turn on the ${off.length} that ${off.length === 1 ? "is" : "are"} off`;
  // Many at once are a decision; a handful is not.
  const action = { type: "set-on", ids: off, on: true, ask: off.length > 10 } as const;
  return [command("turn-on-found", words, "power", action), show];
}

/** The question before many switches move. */
export const switchQuestion = (on: boolean, n: number): string =>
  `Turn ${on ? "on" : "off"} ${count(n, "connection")}?`;

/** The status by id, from a record that leaves out what is off. */
export const statusIn =
  (statuses: Readonly<Record<string, ConnectionStatus>>) =>
  (id: string): ConnectionStatus =>
    statuses[id] ?? offStatus;
