import { describeCertificate, openPkcs12 } from "../../engine/index.ts";
import { AppError } from "../../shared/errors.ts";
import { connectionLimits, type Connection } from "../../shared/model/connection.ts";
import { isOn } from "../../shared/model/status.ts";
import type { Handlers } from "../ipc/call-gate.ts";
import type { Removed } from "../store/connection-order.ts";
import type { TakenConnectionSecrets } from "../store/secret-store.ts";
import type { CallContext } from "./context.ts";
import { nextPort, withPort } from "./next-port.ts";
import { openInput } from "./opened-input.ts";
import { checkConnection, saveConnection } from "./save-connection.ts";
import { startPoint, type ChosenFiles } from "./start-point.ts";
import { turnOff, turnOn } from "./turn-on.ts";

type Names =
  | "check-connection"
  | "describe-certificate"
  | "save-connection"
  | "delete-connections"
  | "undo-delete"
  | "set-on"
  | "try-again"
  | "next-port"
  | "use-next-port"
  | "disconnect-client"
  | "set-pinned"
  | "order-connections"
  | "add-tag"
  | "rename-tag";

/** What an undo brings back. */
interface Deleted {
  readonly removed: Removed;
  readonly secrets: TakenConnectionSecrets;
  readonly wereOn: readonly string[];
}

/** @param chosen files that a person has chosen. */
export function connectionCalls(context: CallContext, chosen: ChosenFiles): Pick<Handlers, Names> {
  const { connections, secrets, state, tunnels } = context;
  let lastDeleted: Deleted | null = null;

  const existing = (id: string): Connection => {
    const connection = connections.get(id);
    if (!connection) throw new AppError("not-found", "This connection is no longer there.");
    return connection;
  };
  const proposedPort = (connection: Connection): Promise<number> =>
    nextPort(
      connection,
      connections.all().filter(({ id }) => id !== connection.id),
    );
  /** Several at once are told as one list. */
  const change = (changed: readonly Connection[]): void => {
    if (changed.length === 0) return;
    connections.put(...changed);
    const [only, ...more] = changed;
    if (only && more.length === 0) state.connectionChanged(only.id);
    else state.connectionsChanged();
  };

  return {
    "check-connection": async (input) => {
      await context.loaded;
      await context.followed.refresh(input.id);
      const [from, kept] = [connections.get(input.id), secrets.get(input.id)];
      const opened = await openInput(input, from);
      const start = startPoint(input, from, kept, chosen);
      return checkConnection(opened, connections.all(), start, context.outside.policy.rules);
    },
    "describe-certificate": async (asked) => {
      try {
        if (asked.kind === "pem") return describeCertificate(asked.certificate);
        const { cert } = await openPkcs12(Buffer.from(asked.file, "base64"), asked.passphrase, "");
        return describeCertificate(cert);
      } catch {
        return null;
      }
    },
    "save-connection": async (input, options) => {
      await context.loaded;
      return saveConnection(context, input, options, chosen);
    },

    "delete-connections": async (ids) => {
      await context.loaded;
      const wereOn = ids.filter((id) => isOn(tunnels.status(id)));
      const removed = connections.remove(ids);
      const gone = removed.entries.map(({ connection }) => connection.id);
      if (gone.length === 0) throw new AppError("not-found", "This connection is no longer there.");
      const { taken, saved } = secrets.take(gone);
      saved.catch((thrown: unknown) => context.notSaved(thrown));
      lastDeleted = { removed, secrets: taken, wereOn };
      state.connectionsRemoved(gone);
      for (const id of gone) void tunnels.forget(id);
    },

    "undo-delete": () => {
      if (lastDeleted === null) return false;
      const { removed, secrets: taken, wereOn } = lastDeleted;
      // One whose id is in use again does not come back, and its secrets are not for the one that has its id.
      const back = new Set(removed.entries.map(({ connection }) => connection.id).filter((id) => !connections.get(id)));
      connections.restore(removed);
      lastDeleted = null;
      secrets
        .giveBack(new Map([...taken].filter(([id]) => back.has(id))))
        .catch((thrown: unknown) => context.notSaved(thrown));
      state.connectionsChanged();
      turnOn(
        context,
        wereOn.filter((id) => back.has(id)),
      );
      return true;
    },

    "set-on": (ids, on) => (on ? turnOn : turnOff)(context, ids),

    "try-again": (id) => {
      existing(id);
      tunnels.tryAgain(id);
    },

    "next-port": (id) => proposedPort(existing(id)),

    "use-next-port": async (id) => {
      const port = await proposedPort(existing(id));
      // It may have been changed or deleted while ports were tried.
      const now = existing(id);
      connections.put({ ...now, listen: withPort(now.listen, port) });
      state.connectionChanged(id);
      tunnels.noteLog(id, "changed");
      if (isOn(tunnels.status(id))) void tunnels.restart(id);
      else turnOn(context, [id]);
      return port;
    },

    "disconnect-client": (id, peer) => {
      existing(id);
      if (!tunnels.disconnect(id, peer)) throw new AppError("not-found", "This client is gone already.");
    },

    "set-pinned": (id, pinned) => change([{ ...existing(id), pinned }]),

    "order-connections": (ids) => {
      connections.reorder(ids);
      state.connectionsChanged();
    },

    "add-tag": (ids, tag) => {
      const wanted = new Set(ids);
      change(
        connections
          .all()
          .filter(({ id, tags }) => wanted.has(id) && !tags.includes(tag) && tags.length < connectionLimits.tags)
          .map((connection) => ({ ...connection, tags: [...connection.tags, tag] })),
      );
    },

    "rename-tag": (from, to) => {
      change(
        connections
          .all()
          .filter(({ tags }) => tags.includes(from))
          .map((connection) => ({
            ...connection,
            // Where it has the other tag already, the two become one.
            tags: [...new Set(connection.tags.map((tag) => (tag === from ? to : tag)))],
          })),
      );
    },
  };
}
