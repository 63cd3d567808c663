import type { AppErrorData } from "../errors.ts";

/**
 * What is true of a connection now (ui.md, States). `wanted` is the switch, the rest is the glyph.
 * Times are milliseconds since 1970, addresses are host:port as really bound.
 */
export type ConnectionStatus =
  | { readonly kind: "off" }
  | { readonly kind: "starting" }
  | { readonly kind: "listening"; readonly address: string; readonly since: number }
  | {
      readonly kind: "signing-in";
      readonly address: string;
      readonly since: number;
      /** Clients that wait for it. */
      readonly waiting: number;
      /** Origin of the proxy that wants the sign-in. */
      readonly proxy: string;
      /** Clients that are connected all the same. */
      readonly clients: number;
    }
  | {
      readonly kind: "connected";
      readonly address: string;
      readonly since: number;
      readonly clients: number;
      /** How long the newest path took to open, milliseconds. */
      readonly openedInMs: number;
    }
  | {
      readonly kind: "retrying";
      readonly address: string;
      readonly since: number;
      /** Attempts that have failed in a row. */
      readonly attempt: number;
      readonly nextAt: number;
      readonly error: AppErrorData;
      readonly clients: number;
    }
  | {
      readonly kind: "error";
      /** null where the local port itself could not be opened. */
      readonly address: string | null;
      readonly since: number;
      readonly error: AppErrorData;
      readonly clients: number;
    };

export type StatusKind = ConnectionStatus["kind"];

export const offStatus: ConnectionStatus = { kind: "off" };

/** The switch is on, whatever the state. */
export const isOn = (status: ConnectionStatus): boolean => status.kind !== "off";

/** Wants a person: an error, or a sign-in. */
export const needsAttention = (status: ConnectionStatus): boolean =>
  status.kind === "error" || status.kind === "signing-in";

/** Clients that are connected through it now. */
export const clientsOf = (status: ConnectionStatus): number => ("clients" in status ? status.clients : 0);

/** Where it listens; null while it does not. */
export const boundAddressOf = (status: ConnectionStatus): string | null =>
  "address" in status ? status.address : null;
