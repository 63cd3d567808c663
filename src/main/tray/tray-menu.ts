import type { SignInInfo } from "../../shared/model/activity.ts";
import type { Connection } from "../../shared/model/connection.ts";
import { boundAddressOf, clientsOf, isOn, offStatus, type ConnectionStatus } from "../../shared/model/status.ts";
import { hostOfOrigin, localLabel, nameOf, splitDestination } from "../../shared/words/connection.ts";
import { errorWords } from "../../shared/words/errors.ts";
import { count } from "../../shared/words/format.ts";
import { lowerFirst } from "../../shared/words/status.ts";
import type { Platform } from "../window/window-look.ts";
import { menuLabel, menuName } from "./menu-label.ts";

/** What the tray shows. */
export interface TrayState {
  /** In the order of the list. */
  readonly connections: readonly Connection[];
  readonly statuses: Readonly<Record<string, ConnectionStatus>>;
  readonly signIns: readonly SignInInfo[];
}

/** What a click on an entry asks for. */
export type TrayAction =
  | { readonly do: "open"; readonly select?: string }
  | { readonly do: "open-sign-in-page"; readonly proxy: string }
  | { readonly do: "set-on"; readonly ids: readonly string[]; readonly on: boolean }
  | { readonly do: "ask-turn-all-on" }
  | { readonly do: "new" }
  | { readonly do: "settings" }
  | { readonly do: "quit" };

/** One entry as plain data. Labels are escaped for a menu. */
export type TrayEntry =
  | { readonly kind: "separator" }
  /** Text only. */
  | { readonly kind: "text"; readonly label: string }
  | {
      readonly kind: "action";
      readonly label: string;
      readonly action: TrayAction;
      readonly enabled?: boolean;
      /** Shown only; the keys belong to the window. */
      readonly keys?: string;
    }
  | { readonly kind: "check"; readonly label: string; readonly checked: boolean; readonly action: TrayAction }
  | { readonly kind: "submenu"; readonly label: string; readonly entries: readonly TrayEntry[] };

const most = { attention: 3, pinned: 10, recent: 5, tags: 20, inTag: 40 } as const;

const separator: TrayEntry = { kind: "separator" };
const open: TrayAction = { do: "open" };

const statusOf = (state: TrayState, id: string): ConnectionStatus => state.statuses[id] ?? offStatus;
const alphabet = new Intl.Collator("en", { numeric: true });

interface Counts {
  readonly on: number;
  readonly errors: number;
  readonly signIns: number;
}

function countsOf(state: TrayState): Counts {
  const statuses = state.connections.map(({ id }) => statusOf(state, id));
  return {
    on: statuses.filter(isOn).length,
    errors: statuses.filter(({ kind }) => kind === "error").length,
    signIns: state.signIns.length,
  };
}

/** "6 on, 1 error" */
function summary(state: TrayState): string {
  if (state.connections.length === 0) return "No connections";
  const { on, errors, signIns } = countsOf(state);
  const attention = errors > 0 ? count(errors, "error") : signIns > 0 ? "waiting for sign-in" : null;
  return [on === 0 ? "nothing on" : `${on} on`, ...(attention === null ? [] : [attention])].join(", ");
}

const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export const trayTooltip = (state: TrayState): string => `Culvert: ${lowerFirst(summary(state))}`;

/** Which of the three pictures fits. */
export function trayIconOf(state: TrayState): "off" | "on" | "attention" {
  const { on, errors, signIns } = countsOf(state);
  if (errors > 0 || signIns > 0) return "attention";
  return on > 0 ? "on" : "off";
}

/** The menu of the tray as ui.md, section 16, lays it out. */
export function trayMenu(state: TrayState, platform: Platform): TrayEntry[] {
  const openCulvert: TrayEntry = { kind: "action", label: "Open Culvert", action: open };
  const status: TrayEntry = { kind: "text", label: upperFirst(summary(state)) };
  // Where no click on the icon opens the window, and where the first entry stands for that click, "Open" comes first.
  const head =
    platform === "darwin"
      ? [status, ...attentionEntries(state), openCulvert]
      : [openCulvert, status, ...attentionEntries(state)];
  const sections = [
    head,
    pinnedEntries(state),
    recentEntries(state),
    tagEntries(state),
    allEntries(state),
    windowEntries(platform),
    [quitEntry(platform)],
  ];
  return sections
    .filter((entries) => entries.length > 0)
    .flatMap((entries, at) => (at === 0 ? entries : [separator, ...entries]));
}

function attentionEntries(state: TrayState): TrayEntry[] {
  const signIns = state.signIns.map(({ proxy }): TrayEntry => {
    const label = menuLabel(`Sign in to ${menuName(hostOfOrigin(proxy))}…`);
    return { kind: "action", label, action: { do: "open-sign-in-page", proxy } };
  });
  const errors = state.connections.flatMap((connection): TrayEntry[] => {
    const status = statusOf(state, connection.id);
    if (status.kind !== "error") return [];
    const label = menuLabel(`${menuName(nameOf(connection))}: ${causeOf(connection, status)}…`);
    return [{ kind: "action", label, action: { do: "open", select: connection.id } }];
  });
  return [...signIns, ...errors].slice(0, most.attention);
}

function pinnedEntries(state: TrayState): TrayEntry[] {
  const pinned = state.connections.filter((connection) => connection.pinned);
  return pinned.slice(0, most.pinned).map((connection) => checkEntry(state, connection));
}

function recentEntries(state: TrayState): TrayEntry[] {
  const recent = state.connections
    .filter((connection) => !connection.pinned && connection.lastUsedAt !== null)
    .sort((a, b) => (b.lastUsedAt ?? 0) - (a.lastUsedAt ?? 0))
    .slice(0, most.recent);
  if (recent.length === 0) return [];
  return [{ kind: "text", label: "Recent" }, ...recent.map((connection) => checkEntry(state, connection))];
}

function tagEntries(state: TrayState): TrayEntry[] {
  const tags = [...new Set(state.connections.flatMap((connection) => connection.tags))].sort(alphabet.compare);
  const untagged = state.connections.filter((connection) => connection.tags.length === 0);
  return [
    ...tags.slice(0, most.tags).map((tag) =>
      tagEntry(
        state,
        menuName(tag),
        state.connections.filter((connection) => connection.tags.includes(tag)),
      ),
    ),
    ...(untagged.length === 0 ? [] : [tagEntry(state, "Untagged", untagged)]),
    ...(tags.length > most.tags ? [moreEntry] : []),
  ];
}

const moreEntry: TrayEntry = { kind: "action", label: "More in Culvert…", action: open };

function tagEntry(state: TrayState, name: string, members: readonly Connection[]): TrayEntry {
  const ids = members.map(({ id }) => id);
  const on = members.filter(({ id }) => isOn(statusOf(state, id))).length;
  const sorted = [...members].sort((a, b) => alphabet.compare(nameOf(a), nameOf(b)));
  return {
    kind: "submenu",
    label: menuLabel(`${name} (${on} of ${members.length})`),
    entries: [
      { kind: "action", label: "Turn all on", action: { do: "set-on", ids, on: true }, enabled: on < members.length },
      { kind: "action", label: "Turn all off", action: { do: "set-on", ids, on: false }, enabled: on > 0 },
      separator,
      ...sorted.slice(0, most.inTag).map((connection) => checkEntry(state, connection)),
      ...(sorted.length > most.inTag ? [moreEntry] : []),
    ],
  };
}

function allEntries(state: TrayState): TrayEntry[] {
  if (state.connections.length === 0) return [];
  const on = state.connections.filter(({ id }) => isOn(statusOf(state, id)));
  const off: TrayAction = { do: "set-on", ids: on.map(({ id }) => id), on: false };
  return [
    {
      kind: "action",
      label: "Turn all on…",
      action: { do: "ask-turn-all-on" },
      enabled: on.length < state.connections.length,
    },
    {
      kind: "action",
      label: on.length === 0 ? "Turn all off" : `Turn all off (${on.length})`,
      action: off,
      enabled: on.length > 0,
    },
  ];
}

function windowEntries(platform: Platform): TrayEntry[] {
  const keys = (combination: string) => (platform === "darwin" ? { keys: combination } : {});
  return [
    { kind: "action", label: "New connection…", action: { do: "new" }, ...keys("Cmd+N") },
    { kind: "action", label: "Settings…", action: { do: "settings" }, ...keys("Cmd+,") },
  ];
}

function quitEntry(platform: Platform): TrayEntry {
  const label = platform === "win32" ? "Exit" : platform === "darwin" ? "Quit Culvert" : "Quit";
  return { kind: "action", label, action: { do: "quit" }, ...(platform === "darwin" ? { keys: "Cmd+Q" } : {}) };
}

function checkEntry(state: TrayState, connection: Connection): TrayEntry {
  const status = statusOf(state, connection.id);
  const trust = connection.trust.kind === "unverified" ? ["(unverified)"] : [];
  return {
    kind: "check",
    label: menuLabel([menuName(nameOf(connection)), ...detailsOf(connection, status), ...trust].join(" ")),
    checked: isOn(status),
    action: { do: "set-on", ids: [connection.id], on: !isOn(status) },
  };
}

function detailsOf(connection: Connection, status: ConnectionStatus): string[] {
  switch (status.kind) {
    case "off":
      return [];
    case "starting":
      return ["(starting)"];
    case "signing-in":
      return ["(signing in)"];
    case "retrying":
      return ["(retrying)"];
    case "error":
      return [`(${causeOf(connection, status)})`];
    case "listening":
    case "connected": {
      const { port } = splitDestination(boundAddressOf(status) ?? "");
      const clients = clientsOf(status);
      return [port, ...(clients > 0 ? [`(${clients})`] : [])];
    }
  }
}

function causeOf(connection: Connection, status: Extract<ConnectionStatus, { kind: "error" }>): string {
  return lowerFirst(errorWords(status.error, { address: localLabel(connection, status) }).row);
}
