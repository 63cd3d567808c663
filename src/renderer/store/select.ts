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

/** The status to show of every connection that is not off: those that main told, with the switches that were moved here. */
export function statusesOn({ snapshot, wishes }: MirrorState): readonly (readonly [string, ConnectionStatus])[] {
  if (snapshot === null) return [];
  const ids = new Set([...Object.keys(snapshot.statuses), ...Object.keys(wishes)]);
  return [...ids]
    .map((id) => [id, wishedStatus(snapshot.statuses[id], wishes[id])] as const)
    .filter(([, { kind }]) => kind !== "off");
}

/** The state of every connection that is not off. */
export const kindsOf = (state: MirrorState): Readonly<Record<string, StatusKind>> =>
  Object.fromEntries(statusesOn(state).map(([id, { kind }]) => [id, kind]));
