import type { Snapshot } from "../../shared/ipc/snapshot.ts";
import type { Connection } from "../../shared/model/connection.ts";
import { offStatus, type ConnectionStatus, type StatusKind } from "../../shared/model/status.ts";
import type { MirrorState, Wish } from "./mirror.ts";

export const connectionOf = (snapshot: Snapshot | null, id: string | null): Connection | null =>
  snapshot?.connections.find((connection) => connection.id === id) ?? null;

const startingStatus: ConnectionStatus = { kind: "starting" };

/** What is shown of a status while a switch that was moved here is on its way to main. */
export function wishedStatus(status: ConnectionStatus | undefined, wish: Wish | undefined): ConnectionStatus {
  const known = status ?? offStatus;
  if (wish === undefined || wish.on === (known.kind !== "off")) return known;
  return wish.on ? startingStatus : offStatus;
}

/** The status to show of one connection. */
export const statusOf = ({ snapshot, wishes }: MirrorState, id: string): ConnectionStatus =>
  wishedStatus(snapshot?.statuses[id], wishes[id]);

/** What is on, in the two shapes that the page wants it in. */
interface On {
  readonly statuses: readonly (readonly [string, ConnectionStatus])[];
  readonly kinds: Readonly<Record<string, StatusKind>>;
}

const nothingOn: On = { statuses: [], kinds: {} };
// Several parts of the page ask with every drawing and every change of the mirror, most of which move no status.
const known = new WeakMap<Snapshot["statuses"], { readonly wishes: MirrorState["wishes"]; readonly on: On }>();

function onOf({ snapshot, wishes }: MirrorState): On {
  if (snapshot === null) return nothingOn;
  const before = known.get(snapshot.statuses);
  if (before?.wishes === wishes) return before.on;
  const ids = new Set([...Object.keys(snapshot.statuses), ...Object.keys(wishes)]);
  const statuses = [...ids]
    .map((id) => [id, wishedStatus(snapshot.statuses[id], wishes[id])] as const)
    .filter(([, { kind }]) => kind !== "off");
  const on: On = { statuses, kinds: Object.fromEntries(statuses.map(([id, { kind }]) => [id, kind])) };
  known.set(snapshot.statuses, { wishes, on });
  return on;
}

/** The status to show of every connection that is not off: those that main told, with the switches that were moved here. */
export const statusesOn = (state: MirrorState): On["statuses"] => onOf(state).statuses;

/** The state of every connection that is not off. */
export const kindsOf = (state: MirrorState): On["kinds"] => onOf(state).kinds;
