import { asAppError } from "../../shared/errors.ts";
import type { Connection } from "../../shared/model/connection.ts";
import { boundAddressOf, clientsOf, isOn } from "../../shared/model/status.ts";
import { addressToUse, commandFor, nameOf, splitDestination } from "../../shared/words/connection.ts";
import { count } from "../../shared/words/format.ts";
import type { Host } from "./host.tsx";
import { nextRow } from "./next-row.ts";
import { connectionOf, statusOf } from "./select.ts";
import { ask, goTo, select, selectSeveral, showCopied, tell, toast, useView } from "./view.ts";

/** How long an address that is not known yet is waited for, to copy it. */
const addressWaitMs = 10_000;

/** Waits for a call; a failure stays on screen until it is dismissed. Resolves to undefined then. */
export async function shown<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (thrown) {
    const error = asAppError(thrown);
    tell([error.message, error.userAction ?? ""].filter((part) => part !== "").join(" "));
    return undefined;
  }
}

/** The address that programs use; null while the connection does not listen. */
export function addressOf({ mirror }: Host, id: string): string | null {
  const bound = boundAddressOf(statusOf(mirror.store.getState(), id));
  return bound === null ? null : addressToUse(bound);
}

/** The address as it is, or as it will be where a port is set; null for any free port. */
function addressToCopy(host: Host, id: string): string | null {
  const known = addressOf(host, id);
  if (known !== null) return known;
  const connection = connectionOf(host.mirror.store.getState().snapshot, id);
  if (connection === null) return null;
  return plannedAddress(connection.listen);
}

/** Where a connection will listen; null where the port is not known before. */
export function plannedAddress(listen: string): string | null {
  const text = listen.trim();
  if (/^\d+$/.test(text)) return Number(text) === 0 ? null : `127.0.0.1:${text}`;
  const { host, port } = splitDestination(text);
  return /^:[1-9]\d*$/.test(port) ? addressToUse(`${host || "0.0.0.0"}${port}`) : null;
}

export type CopyWhat = "address" | "port" | "host" | "command";

/** The text that would be copied; null where there is none, such as the port of a connection that takes any. */
export function textToCopy(host: Host, id: string, what: CopyWhat): string | null {
  const { snapshot } = host.mirror.store.getState();
  const connection = connectionOf(snapshot, id);
  const address = addressToCopy(host, id);
  if (connection === null || snapshot === null || address === null) return null;
  const local = splitDestination(address);
  switch (what) {
    case "address":
      return address;
    case "port":
      return local.port.slice(1);
    case "host":
      return local.host.replace(/^\[(.*)\]$/, "$1");
    case "command":
      return commandFor(
        Number(splitDestination(connection.destination).port.slice(1)),
        address,
        snapshot.host.platform,
        connection.protocol,
      );
  }
}

/** Copies; shows "Copied" where the address stands. */
export function copy(host: Host, id: string, what: CopyWhat = "address"): void {
  const text = textToCopy(host, id, what);
  if (text === null) return;
  showCopied(id);
  void shown(host.bridge.call("copy-text", text));
}

export const turnOn = (host: Host, ids: readonly string[]): void => host.mirror.setOn(ids, true);
export const turnOff = (host: Host, ids: readonly string[]): void => host.mirror.setOn(ids, false);

/** Turns one connection on or off, as its switch does: turning on copies the address where the settings say so. */
export function setOn(host: Host, id: string, on: boolean): void {
  if (on && host.mirror.store.getState().snapshot?.settings.copyOnTurnOn === true) void turnOnAndCopy(host, id);
  else host.mirror.setOn([id], on);
}

/** Moves the switch of one connection to where it is not. */
export const toggle = (host: Host, id: string): void =>
  setOn(host, id, !isOn(statusOf(host.mirror.store.getState(), id)));

/** Turns all of them on; off where all are on already. */
export function toggleAll(host: Host, ids: readonly string[]): void {
  const state = host.mirror.store.getState();
  host.mirror.setOn(ids, !ids.every((id) => isOn(statusOf(state, id))));
}

/** Resolves to the address as soon as it listens; null when it fails, is turned off, or takes too long. */
export function whenListening(host: Host, id: string): Promise<string | null> {
  const { store } = host.mirror;
  return new Promise((resolve) => {
    const end = (address: string | null): void => {
      clearTimeout(timer);
      stop();
      resolve(address);
    };
    const look = (): void => {
      const status = statusOf(store.getState(), id);
      if (status.kind === "off" || status.kind === "error") end(null);
      else if (boundAddressOf(status) !== null) end(addressOf(host, id));
    };
    const timer = setTimeout(() => end(null), addressWaitMs);
    const stop = store.subscribe(look);
    look();
  });
}

/** Turns on what is off, and copies the address once it is known. Says what it did. */
export async function turnOnAndCopy(host: Host, id: string): Promise<void> {
  const connection = connectionOf(host.mirror.store.getState().snapshot, id);
  if (connection === null) return;
  if (isOn(statusOf(host.mirror.store.getState(), id))) {
    copy(host, id);
    return;
  }
  host.mirror.setOn([id], true);
  const address = await whenListening(host, id);
  if (address === null) return;
  showCopied(id);
  try {
    await host.bridge.call("copy-text", address);
    toast({ message: `${nameOf(connection)} is on, ${address} copied` });
  } catch (thrown) {
    tell(asAppError(thrown).message);
  }
}

export const edit = (id: string): void => goTo({ name: "editor", id });
/** The editor puts the cursor in the field that its draft names. */
export const editLocalAddress = ({ id, listen }: Connection): void => goTo({ name: "editor", id, draft: { listen } });
export const editCertificate = ({ id, clientCertificate }: Connection): void => {
  if (clientCertificate.kind === "search") return goTo({ name: "editor", id, draft: { clientCertificate } });
  const kept = clientCertificate.kind === "pem" ? ({ kind: "keep" } as const) : ({ kind: "set", value: "" } as const);
  const { certificate, label } = clientCertificate.kind === "pem" ? clientCertificate : { certificate: "", label: "" };
  goTo({
    name: "editor",
    id,
    draft: { clientCertificate: { kind: "pem", certificate, label, key: kept, passphrase: kept } },
  });
};
export const duplicate = (id: string): void => goTo({ name: "editor", id: null, duplicateOf: id });

export function setPinned(host: Host, id: string): void {
  const connection = connectionOf(host.mirror.store.getState().snapshot, id);
  if (connection !== null) void shown(host.bridge.call("set-pinned", id, !connection.pinned));
}

async function deleteNow(host: Host, ids: readonly string[], what: string): Promise<void> {
  const { bridge } = host;
  // Asked before they are gone from the list.
  const next = nextRow(ids);
  try {
    await bridge.call("delete-connections", [...ids]);
  } catch (thrown) {
    tell(asAppError(thrown).message);
    return;
  }
  const { selected, several } = useView.getState();
  if (several.some((id) => ids.includes(id))) selectSeveral([]);
  if (selected === null || ids.includes(selected)) select(next?.id ?? null, next?.group ?? null);
  toast({ message: `Deleted ${what}`, undo: () => void shown(host.bridge.call("undo-delete")) });
}

/**
 * Deletes at once what nobody uses, with an undo; asks first where clients would be cut off or where it is more than one.
 * The row that comes next is selected afterwards.
 */
export function deleteConnections(host: Host, ids: readonly string[]): void {
  const state = host.mirror.store.getState();
  const connections = (state.snapshot?.connections ?? []).filter(({ id }) => ids.includes(id));
  const [first] = connections;
  if (first === undefined) return;
  const clients = connections.reduce((sum, { id }) => sum + clientsOf(statusOf(state, id)), 0);
  const what = connections.length === 1 ? nameOf(first) : count(connections.length, "connection");
  const cut =
    clients === 0 ? "" : `${count(clients, "client")} ${clients === 1 ? "is" : "are"} connected and will be cut off.`;
  const go = (): void =>
    void deleteNow(
      host,
      connections.map(({ id }) => id),
      what,
    );
  if (connections.length === 1 && clients === 0) go();
  else ask({ title: `Delete ${what}?`, text: cut, action: "Delete", danger: true, run: go });
}
