import { createContext, useContext, type ReactNode } from "react";
import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import type { Bridge } from "../../shared/ipc/contract.ts";
import type { Snapshot } from "../../shared/ipc/snapshot.ts";
import type { Mirror, MirrorState } from "./mirror.ts";

/** What the page stands on: whoever provides the bridge, and what is mirrored through it. */
export interface Host {
  readonly bridge: Bridge;
  readonly mirror: Mirror;
}

const HostContext = createContext<Host | null>(null);

export const HostProvider = ({ host, children }: { readonly host: Host; readonly children: ReactNode }) => (
  <HostContext value={host}>{children}</HostContext>
);

export function useHost(): Host {
  const host = useContext(HostContext);
  if (host === null) throw new Error("This component needs a HostProvider around it");
  return host;
}

export const useBridge = (): Bridge => useHost().bridge;

/** Part of what is mirrored; draws again only when that part changes. */
export const useMirror = <T,>(selector: (state: MirrorState) => T): T => useStore(useHost().mirror.store, selector);

/** Part of the snapshot. Only below the place that waits for the first snapshot. */
export const useSnapshot = <T,>(selector: (snapshot: Snapshot) => T): T =>
  useMirror(({ snapshot }) => {
    if (snapshot === null) throw new Error("There is no snapshot yet");
    return selector(snapshot);
  });

/** The same for a selector that makes a new array or object of parts each time. */
export const useSnapshotParts = <T,>(selector: (snapshot: Snapshot) => T): T => useSnapshot(useShallow(selector));
