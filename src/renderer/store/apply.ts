import type { Snapshot, Change, Update } from "../../shared/ipc/snapshot.ts";
import { logEntriesKept, type Activity, type LogEntry } from "../../shared/model/activity.ts";

/** What main told: its snapshot, and the activity of the connection that is watched. */
export interface Mirrored {
  readonly snapshot: Snapshot;
  readonly activity: Activity | null;
}

function withoutKeys<T>(record: Readonly<Record<string, T>>, keys: readonly string[]): Readonly<Record<string, T>> {
  if (!keys.some((key) => key in record)) return record;
  const gone = new Set(keys);
  return Object.fromEntries(Object.entries(record).filter(([key]) => !gone.has(key)));
}

/**
 * Adds what is new, by entry number. An answer to `watch` and an update may carry the same entry, in either order.
 * The oldest leave once there are more than are kept.
 */
export function joinLog(log: readonly LogEntry[], entries: readonly LogEntry[]): readonly LogEntry[] {
  const last = log.at(-1)?.id ?? -Infinity;
  const fresh = entries.filter(({ id }) => id > last);
  return fresh.length === 0 ? log : [...log, ...fresh].slice(-logEntriesKept);
}

/** The activity after a change that concerns it; the same object for every other change. */
export function applyToActivity(activity: Activity | null, change: Change): Activity | null {
  if (activity === null) return null;
  switch (change.type) {
    case "activity": {
      const { type: _type, ...told } = change;
      return told.id === activity.id ? { ...told, log: activity.log } : activity;
    }
    case "log": {
      if (change.id !== activity.id) return activity;
      const log = joinLog(activity.log, change.entries);
      return log === activity.log ? activity : { ...activity, log };
    }
    case "connections-removed":
      return change.ids.includes(activity.id) ? null : activity;
    default:
      return activity;
  }
}

function applyToSnapshot(snapshot: Snapshot, change: Change): Snapshot {
  switch (change.type) {
    case "connection": {
      const { connection } = change;
      const known = snapshot.connections.some(({ id }) => id === connection.id);
      const connections = known
        ? snapshot.connections.map((other) => (other.id === connection.id ? connection : other))
        : [...snapshot.connections, connection];
      return { ...snapshot, connections };
    }
    case "connections-removed": {
      const gone = new Set(change.ids);
      return {
        ...snapshot,
        connections: snapshot.connections.filter(({ id }) => !gone.has(id)),
        statuses: withoutKeys(snapshot.statuses, change.ids),
      };
    }
    case "connections":
      return { ...snapshot, connections: keepIdentity(snapshot, change.connections) };
    case "status":
      return { ...snapshot, statuses: { ...snapshot.statuses, [change.id]: change.status } };
    case "sign-ins":
      return { ...snapshot, signIns: change.signIns };
    case "sessions":
      return { ...snapshot, sessions: change.sessions };
    case "settings":
      return { ...snapshot, settings: change.settings };
    case "outside":
      return { ...snapshot, outside: change.outside };
    case "notices":
      return { ...snapshot, notices: change.notices };
    case "rates":
      return { ...snapshot, rates: change.rates };
    case "update":
      return { ...snapshot, update: change.update };
    case "activity":
    case "log":
    case "go-to":
      return snapshot;
  }
}

/** Connections cross the process boundary as copies: those that say the same keep their object, so that no row of theirs is drawn again. */
function keepIdentity(snapshot: Snapshot, connections: Snapshot["connections"]): Snapshot["connections"] {
  const old = new Map(snapshot.connections.map((connection) => [connection.id, connection]));
  return connections.map((connection) => {
    const before = old.get(connection.id);
    return before !== undefined && JSON.stringify(before) === JSON.stringify(connection) ? before : connection;
  });
}

/**
 * What is mirrored after one update. What the update does not touch keeps its identity.
 * The caller sees to it that updates come in the order of their numbers.
 */
export function applyUpdate(state: Mirrored, update: Update): Mirrored {
  let snapshot: Snapshot = { ...state.snapshot, seq: update.seq };
  let { activity } = state;
  for (const change of update.changes) {
    snapshot = applyToSnapshot(snapshot, change);
    activity = applyToActivity(activity, change);
  }
  return { snapshot, activity };
}

/** A whole new snapshot in the place of the old one; connections that say the same keep their identity. */
export function replaceSnapshot(before: Snapshot | null, next: Snapshot): Snapshot {
  return before === null ? next : { ...next, connections: keepIdentity(before, next.connections) };
}
